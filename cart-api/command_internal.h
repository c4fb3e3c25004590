/* A command on its way, as its files share it. Not for others.
 * Owner: cart-api; command_call. Thread: the worker's, but for deciding, which is the lane's.
 */
#ifndef CARTWRIGHT_CART_API_COMMAND_INTERNAL_H
#define CARTWRIGHT_CART_API_COMMAND_INTERNAL_H

#include "cart-api/app.h"
#include "cart-api/decide.h"

struct cart_call {
    struct http_deferred deferred;
    struct command command;
    struct app *app;
    int64_t started_us;
    bool rejected; /* never submitted: the queue was full */
    struct cart_command values;
    struct verdict verdict;
    char order_id[ORDER_ID_MAX + 1];
    char client_ip[IP_TEXT_SIZE]; /* empty: not known */
    /* then: a touched line and an item for each item, and the texts */
};

/** command_answer.c: answers the request by the command's outcome. */
void command_answer(struct http_request *request, struct cart_call *call);
void command_answer_failure(struct http_request *request, enum command_outcome outcome);

#endif
