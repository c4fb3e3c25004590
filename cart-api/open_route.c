/* POST /api/cart: opens a cart with an id of ours; without a user's token it is a guest's, and the
 * answer tells the guest's token, once.
 * Owner: cart-api. Thread: the request's worker.
 */
#include "base/clock.h"
#include "cart-api/body.h"
#include "cart-api/caller.h"
#include "cart-api/command_call.h"
#include "cart-api/command_routes.h"
#include "cart-api/problems.h"
#include "cart-api/refuse.h"

struct opening {
    char cart_id[UUID_TEXT_SIZE];
    char guest_token[GUEST_TOKEN_LENGTH + 1];
    uint8_t guest_token_hash[DIGEST_SHA256_SIZE];
};

/** A cart that is no user's gets a token. */
static void name_guest(struct opening *opening, struct cart_command *command)
{
    guest_token_make(opening->guest_token);
    command->guest_token = slice_of(opening->guest_token);
    CHECK(guest_token_hash(command->guest_token, opening->guest_token_hash) == 0);
    command->guest_token_hash =
        (struct slice){(const char *)opening->guest_token_hash, sizeof(opening->guest_token_hash)};
    /* Another guest's credential does not matter: the new cart has its own. */
    command->principal = (struct slice){"", 0};
}

static void open_cart(struct app *app, struct http_request *request, const struct open_body *body)
{
    struct worker *worker = http_worker_local(http_request_worker(request));
    struct uuid id = uuid_v7(&worker->ids, clock_wall_us());
    struct opening opening;
    struct command_key no_key = {.key = {"", 0}};
    struct cart_command command = {
        .type = CART_OPEN_EMPTY,
        .cart_id = {opening.cart_id, UUID_TEXT_SIZE - 1},
        .user_id = body->user_id,
        .currency = body->currency,
    };
    uuid_format(&id, opening.cart_id);
    if (!caller_take(request, &command))
        return;
    if (command.user_id.len == 0)
        name_guest(&opening, &command);
    command_call_start(app, request, &command, &no_key);
    explicit_bzero(&opening, sizeof(opening));
}

void route_open(struct http_request *request, void *context)
{
    static const char *const no_names[] = {NULL};
    struct open_body body;
    struct body_failure failure;
    if (!query_is_valid(request, no_names))
        return;
    if (http_body(request).len > 0 && !http_content_is_json(request)) {
        problem_answer(request, &problem_unsupported_media_type, NULL, NULL, 0);
        return;
    }
    if (body_open_parse(http_body(request), &body, &failure) != 0) {
        refuse_body(request, &failure);
        return;
    }
    open_cart(context, request, &body);
    body_open_free(&body);
}
