/* The messages of /ws. Pure.
 * Owner: cart-api. Thread: any.
 */
#include "cart-api/live_message.h"

#include <stdio.h>

#include "base/json_writer.h"
#include "cart-api/fields.h"
#include "http/json_body.h"

static const struct {
    const char *name;
    const char *members[4];
} types[LIVE_REQUEST_TYPES] = {
    [LIVE_SUBSCRIBE] = {"subscribe", {"type", "cartId", "version", NULL}},
    [LIVE_UNSUBSCRIBE] = {"unsubscribe", {"type", "cartId", NULL}},
    [LIVE_PING] = {"ping", {"type", NULL}},
};

static int parse_type(const struct json_at *root, struct json_problem *problem,
                      enum live_request_type *ret_type)
{
    struct slice text;
    if (json_text(root, "type", 1, 32, problem, &text) != 0)
        return -1;
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        if (slice_equal(text, slice_of(types[i].name))) {
            *ret_type = (enum live_request_type)i;
            return 0;
        }
    }
    return json_refuse(root, "type", "value", "It is subscribe, unsubscribe or ping.", problem);
}

static int parse_members(const struct json_at *root, struct json_problem *problem,
                         struct live_request *request)
{
    struct slice cart_id;
    int64_t version;
    if (json_only(root, types[request->type].members, problem) != 0)
        return -1;
    if (request->type == LIVE_PING)
        return 0;
    if (json_text(root, "cartId", 1, CART_ID_MAX, problem, &cart_id) != 0)
        return -1;
    if (!field_cart_id(cart_id))
        return json_refuse(root, "cartId", "value", "A cart id is 1 to 64 of A-Z a-z 0-9 _ -.",
                           problem);
    request->cart_id_length = cart_id.len;
    memcpy(request->cart_id, cart_id.data, cart_id.len);
    if (request->type == LIVE_SUBSCRIBE && json_has(root, "version")) {
        if (json_int(root, "version", 0, INT32_MAX, problem, &version) != 0)
            return -1;
        request->version = (int32_t)version;
    }
    return 0;
}

int live_request_parse(struct slice text, struct live_request *ret_request, char why[LIVE_WHY_SIZE])
{
    struct live_request request = {0};
    struct json_problem problem;
    struct json *json = NULL;
    int rc = json_parse(text, &problem, &json);
    if (rc == 0) {
        struct json_at root = json_root(json);
        rc = parse_type(&root, &problem, &request.type);
        if (rc == 0)
            rc = parse_members(&root, &problem, &request);
        json_free(json);
    }
    if (rc != 0) {
        snprintf(why, LIVE_WHY_SIZE, "%s%s%s", problem.pointer, problem.pointer[0] ? ": " : "",
                 problem.message);
        return -1;
    }
    *ret_request = request;
    return 0;
}

static void begin(struct buf *out, const char *type, struct slice cart_id)
{
    buf_char(out, '{');
    json_string_member(out, "type", slice_of(type));
    if (cart_id.len > 0)
        json_string_member(out, "cartId", cart_id);
}

void live_write_done(struct buf *out, const char *type, struct slice cart_id, int32_t version)
{
    begin(out, type, cart_id);
    if (version > 0)
        json_int_member(out, "version", version);
    buf_char(out, '}');
}

void live_write_view(struct buf *out, struct slice cart_id, int32_t version, struct slice view)
{
    begin(out, "view", cart_id);
    json_int_member(out, "version", version);
    json_name(out, "view");
    buf_append(out, view.data, view.len);
    buf_char(out, '}');
}

void live_write_error(struct buf *out, const char *code, const char *message, struct slice cart_id)
{
    begin(out, "error", cart_id);
    json_string_member(out, "code", slice_of(code));
    json_string_member(out, "message", slice_of(message));
    buf_char(out, '}');
}
