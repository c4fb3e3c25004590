/* The messages of /ws, both ways. Pure.
 * Owner: cart-api. Thread: any.
 */
#ifndef CARTWRIGHT_CART_API_LIVE_MESSAGE_H
#define CARTWRIGHT_CART_API_LIVE_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/check.h"
#include "proto/cart_event.h"

enum live_request_type { LIVE_SUBSCRIBE, LIVE_UNSUBSCRIBE, LIVE_PING, LIVE_REQUEST_TYPES };

struct live_request {
    enum live_request_type type;
    size_t cart_id_length;
    char cart_id[CART_ID_MAX];
    int32_t version; /* of a subscribe: the newest that the client has; 0: none */
};

/** 0, or -1 with one sentence in why about what is wrong with the message. */
enum { LIVE_WHY_SIZE = 448 };
int live_request_parse(struct slice text, struct live_request *ret_request,
                       char why[LIVE_WHY_SIZE]) WARN_UNUSED;

/** {"type":"subscribed"|"unsubscribed"|"pong", ...}; cart_id and version as far as they are there
 * (len 0, 0). */
void live_write_done(struct buf *out, const char *type, struct slice cart_id, int32_t version);
/** {"type":"view","cartId":…,"version":…,"view":…}; view is JSON. */
void live_write_view(struct buf *out, struct slice cart_id, int32_t version, struct slice view);
/** {"type":"error","code":…,"message":…}, with cartId when there is one. */
void live_write_error(struct buf *out, const char *code, const char *message, struct slice cart_id);

#endif
