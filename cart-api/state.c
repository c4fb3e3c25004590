/* GET /api/cart/{cartId}/state: the cart as it was at a version or at a time.
 * Owner: cart-api. Thread: the worker's, but for loading, which is a reader's.
 */
#include "cart-api/read_routes.h"

#include "base/clock.h"
#include "cart-api/fields.h"
#include "cart-api/problems.h"
#include "cart-api/reading.h"
#include "cart-api/refuse.h"
#include "cart/cart_view.h"
#include "eventstore/read.h"

struct state_call {
    struct reading reading;
    int32_t at_version; /* 0: at_us counts */
    int64_t at_us;
};

/** The cart had no such version: is there a cart at all? */
static int refuse_missing(struct state_call *call, struct pg *pg, struct error *err)
{
    struct reading *reading = &call->reading;
    int32_t head;
    if (read_version(pg, &category_cart, reading_cart_id(reading),
                     (int)reading->app->settings->read_timeout_ms, err, &head) != 0)
        return -1;
    if (head == 0)
        reading_refuse(reading, &problem_cart_not_found, "There is no such cart.");
    else
        reading_refuse(reading, &problem_version_not_found,
                       call->at_version > 0 ? "The cart has not reached this version."
                                            : "The cart did not exist at this time.");
    return 0;
}

static int load(struct reading *reading, struct pg *pg, struct error *err)
{
    struct state_call *call = CONTAINER_OF(reading, struct state_call, reading);
    struct cart cart = {0};
    if (reading_find(reading, pg, err) != 0)
        return -1;
    if (reading->problem != NULL)
        return 0;
    int rc = reading_fold(reading, pg, call->at_version, call->at_us, &cart, err);
    if (rc == 0 && reading->problem == NULL) {
        if (cart.version == 0 || cart.version < call->at_version)
            rc = refuse_missing(call, pg, err);
        else
            cart_view_render(reading_cart_id(reading), &cart, &reading->body);
    }
    cart_free(&cart);
    return rc;
}

/** RFC 3339; a blank stands for the plus of an offset that was not percent-encoded. */
static int parse_time(struct slice text, int64_t *ret_us)
{
    char copy[64];
    if (text.len >= sizeof(copy))
        return -1;
    memcpy(copy, text.data, text.len);
    if (text.len > 6 && copy[text.len - 6] == ' ')
        copy[text.len - 6] = '+';
    return clock_parse(copy, text.len, ret_us);
}

static bool take_point(struct http_request *request, int64_t *version, int64_t *as_of_us)
{
    struct slice version_text, time_text;
    bool has_version = http_query(request, "version", &version_text);
    bool has_time = http_query(request, "asOf", &time_text);
    if (has_version == has_time) {
        refuse_parameter(request, "?", "Exactly one of version and asOf must be given.");
        return false;
    }
    if (has_version && field_integer(version_text, 0, INT32_MAX, version) != 0) {
        refuse_parameter(request, "?version", "version must be a whole number from 1.");
        return false;
    }
    if (has_time && parse_time(time_text, as_of_us) != 0) {
        refuse_parameter(request, "?asOf",
                         "asOf must be an RFC 3339 time such as 2026-11-21T12:00:00Z.");
        return false;
    }
    if (has_version && *version == 0) {
        problem_answer(request, &problem_version_not_found, "Versions begin with 1.", NULL, 0);
        return false;
    }
    return true;
}

void route_state(struct http_request *request, void *context)
{
    static const char *const names[] = {"version", "asOf", NULL};
    struct slice cart_id = http_param(request, "cartId");
    int64_t version = 0, as_of_us = 0;
    if (!field_cart_id(cart_id)) {
        refuse_cart_id(request);
        return;
    }
    if (!query_is_valid(request, names) || !take_point(request, &version, &as_of_us))
        return;
    struct state_call *call = reading_new(sizeof(*call), context, request, cart_id, load);
    call->at_version = (int32_t)version;
    call->at_us = as_of_us;
    if (call->at_version == 0 && call->at_us == 0)
        call->at_us = -1; /* the epoch itself: before every event, and not `no bound` */
    reading_submit(&call->reading);
}
