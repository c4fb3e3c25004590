/* The calls that change a cart: what each request must look like.
 * Owner: cart-api. Thread: the request's worker.
 */
#include "cart-api/command_routes.h"

#include "base/luhn.h"
#include "cart-api/body.h"
#include "cart-api/caller.h"
#include "cart-api/command_call.h"
#include "cart-api/fields.h"
#include "cart-api/problems.h"
#include "cart-api/refuse.h"
#include "io/digest.h"

static const char *const no_names[] = {NULL};
static const char *const remove_names[] = {"quantity", NULL};

/** Takes If-Match; false: answered. */
static bool take_if_match(struct http_request *request, struct if_match *match)
{
    struct slice text;
    int count = http_header_count(request, "if-match");
    if (count == 0)
        return true;
    if (count > 1 || !http_header(request, "if-match", &text) || field_if_match(text, match) != 0) {
        problem_answer(request, &problem_bad_request,
                       "If-Match must be one header with `*` or strong entity tags such as \"7\".",
                       NULL, 0);
        return false;
    }
    return true;
}

/** Takes Idempotency-Key and, with one, the fingerprint of all that makes the request what it is;
 * false: answered. */
static bool take_key(struct http_request *request, struct slice query, struct command_key *key)
{
    int count = http_header_count(request, "idempotency-key");
    if (count == 0)
        return true;
    if (count > 1 || !http_header(request, "idempotency-key", &key->key) ||
        !field_idempotency_key(key->key)) {
        problem_answer(request, &problem_bad_request,
                       "Idempotency-Key must be one header of 1 to 255 printable ASCII characters.",
                       NULL, 0);
        return false;
    }
    struct slice if_match = {"", 0};
    http_header(request, "if-match", &if_match);
    struct slice parts[] = {http_method(request), http_path(request), query, if_match,
                            http_body(request)};
    digest_sha256(parts, ARRAY_SIZE(parts), key->fingerprint);
    return true;
}

/** Takes X-Device-Id, which goes into the events; false: answered. */
static bool take_device(struct http_request *request, struct slice *device_id)
{
    int count = http_header_count(request, "x-device-id");
    if (count == 0)
        return true;
    if (count > 1 || !http_header(request, "x-device-id", device_id) ||
        !field_device_id(*device_id)) {
        problem_answer(request, &problem_bad_request,
                       "X-Device-Id must be one header of 1 to 128 printable ASCII characters.",
                       NULL, 0);
        return false;
    }
    if (luhn_holds_card_number(*device_id)) {
        problem_answer(request, &problem_card_number_refused,
                       "X-Device-Id must not hold the number of a payment card.", NULL, 0);
        return false;
    }
    return true;
}

/** What all commands have in common: the ids in the path, the device, the preconditions. False:
 * answered. */
static bool take_common(struct http_request *request, bool with_product,
                        struct cart_command *command)
{
    command->cart_id = http_param(request, "cartId");
    if (!field_cart_id(command->cart_id)) {
        refuse_cart_id(request);
        return false;
    }
    if (with_product) {
        command->product_id = http_param(request, "productId");
        if (!field_product_id(command->product_id)) {
            refuse_parameter(request, "productId",
                             "A product id is 1 to 64 of A-Z a-z 0-9 . _ : ~ @ + - and not only "
                             "dots.");
            return false;
        }
    }
    return take_device(request, &command->device_id) && take_if_match(request, &command->if_match);
}

static bool body_is_json(struct http_request *request)
{
    if (http_content_is_json(request))
        return true;
    problem_answer(request, &problem_unsupported_media_type, NULL, NULL, 0);
    return false;
}

/** DELETE says all in its path and query: RFC 9110, 9.3.5 gives a body there no meaning. */
static bool body_is_empty(struct http_request *request)
{
    if (http_body(request).len == 0)
        return true;
    problem_answer(request, &problem_bad_request, "This call takes no body.", NULL, 0);
    return false;
}

void route_add_items(struct http_request *request, void *context)
{
    struct cart_command command = {.type = CART_ADD_ITEMS};
    struct command_key key = {.key = {"", 0}};
    struct add_body body;
    struct body_failure failure;
    if (!query_is_valid(request, no_names) || !take_common(request, false, &command) ||
        !body_is_json(request))
        return;
    bool user_required = auth_of(request)->kind == AUTH_LOCAL;
    if (body_add_parse(http_body(request), user_required, &body, &failure) != 0) {
        refuse_body(request, &failure);
        return;
    }
    command.user_id = body.user_id;
    command.currency = body.currency;
    command.items = body.items;
    command.item_count = body.item_count;
    command.single = body.single;
    if (caller_take(request, &command) && take_key(request, (struct slice){"", 0}, &key))
        command_call_start(context, request, &command, &key);
    body_add_free(&body);
}

void route_set_quantity(struct http_request *request, void *context)
{
    struct cart_command command = {.type = CART_SET_QUANTITY};
    struct command_key key = {.key = {"", 0}};
    struct body_failure failure;
    if (!query_is_valid(request, no_names) || !take_common(request, true, &command) ||
        !body_is_json(request))
        return;
    if (body_quantity_parse(http_body(request), &command.quantity, &failure) != 0) {
        refuse_body(request, &failure);
        return;
    }
    if (caller_take(request, &command) && take_key(request, (struct slice){"", 0}, &key))
        command_call_start(context, request, &command, &key);
}

void route_remove_item(struct http_request *request, void *context)
{
    struct cart_command command = {.type = CART_REMOVE_ITEM};
    struct command_key key = {.key = {"", 0}};
    struct slice quantity = {"", 0};
    if (!query_is_valid(request, remove_names) || !take_common(request, true, &command) ||
        !body_is_empty(request))
        return;
    if (http_query(request, "quantity", &quantity) &&
        field_integer(quantity, 1, CART_QUANTITY_MAX, &command.quantity) != 0) {
        refuse_parameter(request, "?quantity",
                         "quantity must be a whole number from 1 to 1000000.");
        return;
    }
    if (caller_take(request, &command) && take_key(request, quantity, &key))
        command_call_start(context, request, &command, &key);
}

void route_clear(struct http_request *request, void *context)
{
    struct cart_command command = {.type = CART_CLEAR};
    struct command_key key = {.key = {"", 0}};
    if (!query_is_valid(request, no_names) || !take_common(request, false, &command) ||
        !body_is_empty(request))
        return;
    if (caller_take(request, &command) && take_key(request, (struct slice){"", 0}, &key))
        command_call_start(context, request, &command, &key);
}

void route_check_out(struct http_request *request, void *context)
{
    struct cart_command command = {.type = CART_CHECK_OUT};
    struct command_key key = {.key = {"", 0}};
    struct checkout_body body;
    struct body_failure failure;
    if (!query_is_valid(request, no_names) || !take_common(request, false, &command))
        return;
    if (http_header_count(request, "idempotency-key") == 0) {
        problem_answer(request, &problem_idempotency_key_missing,
                       "A checkout is done once for each Idempotency-Key; send one.", NULL, 0);
        return;
    }
    if (http_body(request).len > 0 && !body_is_json(request))
        return;
    if (body_checkout_parse(http_body(request), &body, &failure) != 0) {
        refuse_body(request, &failure);
        return;
    }
    command.user_id = body.user_id;
    command.payment_token = body.payment_token;
    command.contact = body.contact;
    if (caller_take(request, &command) && take_key(request, (struct slice){"", 0}, &key))
        command_call_start(context, request, &command, &key);
    body_checkout_free(&body);
}

/** What of a merge's body only the route can judge; false: answered. */
static bool take_merge(struct http_request *request, const struct merge_body *body,
                       uint8_t guest_hash[DIGEST_SHA256_SIZE], struct cart_command *command)
{
    struct problem_detail detail = {"/from", problem_invalid_value.code,
                                    "must be another cart than the one it is merged into"};
    bool bad_token =
        body->guest_token.len > 0 && guest_token_hash(body->guest_token, guest_hash) != 0;
    if (bad_token)
        detail = (struct problem_detail){"/guestToken", problem_invalid_value.code,
                                         "must be what opening the guest's cart has answered"};
    if (bad_token || slice_equal(body->from, command->cart_id)) {
        problem_answer(request, &problem_invalid_value, detail.message, &detail, 1);
        return false;
    }
    if (body->guest_token.len > 0)
        command->from_guest_hash = (struct slice){(const char *)guest_hash, DIGEST_SHA256_SIZE};
    command->user_id = body->user_id;
    command->from_cart_id = body->from;
    command->strategy = body->strategy;
    return caller_take(request, command);
}

void route_merge(struct http_request *request, void *context)
{
    struct cart_command command = {.type = CART_MERGE};
    struct command_key key = {.key = {"", 0}};
    struct merge_body body;
    struct body_failure failure;
    uint8_t guest_hash[DIGEST_SHA256_SIZE];
    if (!query_is_valid(request, no_names) || !take_common(request, false, &command) ||
        !body_is_json(request))
        return;
    if (body_merge_parse(http_body(request), &body, &failure) != 0) {
        refuse_body(request, &failure);
        return;
    }
    if (take_merge(request, &body, guest_hash, &command) &&
        take_key(request, (struct slice){"", 0}, &key))
        command_call_start(context, request, &command, &key);
    body_merge_free(&body);
}
