/* GET /api/cart/{cartId}/events: the cart's history, page by page.
 * Owner: cart-api. Thread: the worker's, but for loading, which is a reader's.
 */
#include "cart-api/read_routes.h"

#include "base/json_writer.h"
#include "cart-api/fields.h"
#include "cart-api/problems.h"
#include "cart-api/reading.h"
#include "cart-api/refuse.h"
#include "cart/cart_view.h"
#include "eventstore/read.h"
#include "proto/cart_codec.h"

enum { LIMIT_DEFAULT = 100, LIMIT_MAX = 1000, UNREADABLE = 1 };

struct history {
    struct reading reading;
    int32_t after; /* 0: from the first, or backwards from the last */
    int limit;
    bool backwards;
    int count;            /* of events in the body */
    bool more;            /* there is at least one after them */
    int32_t last_version; /* of the last event in the body */
    struct cart_decoded decoded;
    struct error *err;
};

static void render_event(const struct event_record *record, const struct cart_event *event,
                         struct buf *out)
{
    char id[UUID_TEXT_SIZE];
    uuid_format(&record->event_id, id);
    json_comma(out);
    buf_char(out, '{');
    json_int_member(out, "version", record->version);
    json_int_member(out, "partition", record->partition);
    json_int_member(out, "position", record->position);
    json_string_member(out, "eventId", slice_of(id));
    cart_event_render(event, out);
    buf_char(out, '}');
}

static int take_event(void *argument, const struct event_record *record)
{
    struct history *history = argument;
    if (history->count == history->limit) {
        history->more = true;
        return 0;
    }
    if (cart_event_decode(record->payload, &history->decoded, history->err) != 0)
        return UNREADABLE;
    render_event(record, &history->decoded.event, &history->reading.body);
    history->last_version = record->version;
    history->count++;
    return 0;
}

static void render_next(const struct history *history, struct buf *out)
{
    struct slice cart_id = reading_cart_id(&history->reading);
    json_name(out, "next");
    if (!history->more) {
        buf_text(out, "null");
        return;
    }
    buf_printf(out, "\"/api/cart/%.*s/events?after=%d", (int)cart_id.len, cart_id.data,
               history->last_version);
    if (history->limit != LIMIT_DEFAULT)
        buf_printf(out, "&limit=%d", history->limit);
    if (history->backwards)
        buf_text(out, "&order=desc");
    buf_char(out, '"');
}

/** Nothing beyond `after` is an empty page of a cart that exists, and 404 of one that does not. */
static int check_exists(struct history *history, struct pg *pg, struct error *err)
{
    int32_t version;
    if (read_version(pg, &category_cart, reading_cart_id(&history->reading),
                     (int)history->reading.app->settings->read_timeout_ms, err, &version) != 0)
        return -1;
    if (version == 0)
        reading_refuse(&history->reading, &problem_cart_not_found, "There is no such cart.");
    return 0;
}

static int load(struct reading *reading, struct pg *pg, struct error *err)
{
    struct history *history = CONTAINER_OF(reading, struct history, reading);
    struct stream_range range = {
        .stream_id = reading_cart_id(reading),
        .after_version = history->after,
        .limit = history->limit + 1,
        .backwards = history->backwards,
    };
    if (reading_find(reading, pg, err) != 0)
        return -1;
    if (reading->problem != NULL)
        return 0;
    history->count = 0;
    history->more = false;
    history->err = err;
    buf_text(&reading->body, "{\"items\":[");
    int rc = read_stream(pg, &category_cart, &range, take_event, history,
                         (int)reading->app->settings->read_timeout_ms, err);
    cart_decoded_free(&history->decoded);
    history->decoded = (struct cart_decoded){0};
    if (rc == UNREADABLE) {
        reading_refuse(reading, &problem_cart_unreadable,
                       "A stored event of this cart cannot be read.");
        return 0;
    }
    if (rc != 0)
        return -1;
    buf_char(&reading->body, ']');
    render_next(history, &reading->body);
    buf_char(&reading->body, '}');
    return history->count == 0 ? check_exists(history, pg, err) : 0;
}

static bool take_number(struct http_request *request, const char *name, int64_t min, int64_t max,
                        const char *why, int64_t *value)
{
    struct slice text;
    if (!http_query(request, name + 1, &text) || field_integer(text, min, max, value) == 0)
        return true;
    refuse_parameter(request, name, why);
    return false;
}

static bool take_order(struct http_request *request, bool *ret_backwards)
{
    struct slice text;
    *ret_backwards = false;
    if (!http_query(request, "order", &text) || slice_equal(text, slice_of("asc")))
        return true;
    *ret_backwards = true;
    if (slice_equal(text, slice_of("desc")))
        return true;
    refuse_parameter(request, "?order", "order must be asc or desc.");
    return false;
}

void route_history(struct http_request *request, void *context)
{
    static const char *const names[] = {"after", "limit", "order", NULL};
    struct slice cart_id = http_param(request, "cartId");
    int64_t after = 0, limit = LIMIT_DEFAULT;
    bool backwards;
    if (!field_cart_id(cart_id)) {
        refuse_cart_id(request);
        return;
    }
    if (!query_is_valid(request, names) ||
        !take_number(request, "?after", 0, INT32_MAX, "after must be a version, 0 or more.",
                     &after) ||
        !take_number(request, "?limit", 1, LIMIT_MAX,
                     "limit must be a whole number from 1 to 1000.", &limit) ||
        !take_order(request, &backwards))
        return;
    struct history *history = reading_new(sizeof(*history), context, request, cart_id, load);
    history->after = (int32_t)after;
    history->limit = (int)limit;
    history->backwards = backwards;
    reading_submit(&history->reading);
}
