/* A command on its way: from the parsed request over the committer's lane to the answer.
 * Owner: cart-api; a call is one block, made and freed on its worker's thread. Thread: the
 * worker's, but for deciding, which is the lane's.
 */
#ifndef CARTWRIGHT_CART_API_COMMAND_CALL_H
#define CARTWRIGHT_CART_API_COMMAND_CALL_H

#include "cart-api/app.h"
#include "cart-api/decide.h"

/** Submits the command and answers request when its outcome is known, or refuses it at once.
 * Everything that values and key point to is copied. key.len 0: no Idempotency-Key; fingerprint is
 * then not read. */
struct command_key {
    struct slice key;
    uint8_t fingerprint[32];
};
void command_call_start(struct app *app, struct http_request *request,
                        const struct cart_command *values, const struct command_key *key);

/** committer_options.done. */
void command_call_done(void *context, struct command *list);

#endif
