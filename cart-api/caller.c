/* Who a command comes from, and whose a cart is that somebody wants to read.
 * Owner: cart-api. Thread: the request's worker.
 */
#include "cart-api/caller.h"

#include "cart-api/fields.h"
#include "cart-api/problems.h"

const char caller_no_cart[] = "There is no such cart, or it is not yours.";

static struct slice given_or(struct slice given, struct slice told, bool (*valid)(struct slice))
{
    return given.len > 0 || told.len == 0 || !valid(told) ? given : told;
}

/** What the token tells of the user and the body does not. */
static void take_contact(const struct auth_identity *identity, struct contact *contact)
{
    contact->email = given_or(contact->email, identity->email, field_email);
    contact->phone = given_or(contact->phone, identity->phone, field_phone);
    contact->locale = given_or(contact->locale, identity->locale, field_locale);
}

static bool take_user(struct http_request *request, const struct auth_identity *identity,
                      struct cart_command *command)
{
    static const struct problem_detail detail = {"/userId", "user_mismatch",
                                                 "must be the token's subject"};
    if (command->user_id.len > 0 && !slice_equal(command->user_id, identity->subject)) {
        problem_answer(request, &problem_user_mismatch, "The body names another user.", &detail, 1);
        return false;
    }
    command->user_id = command->actor = identity->subject;
    take_contact(identity, &command->contact);
    return true;
}

bool caller_take(struct http_request *request, struct cart_command *command)
{
    const struct auth_identity *identity = auth_of(request);
    switch (identity->kind) {
    case AUTH_LOCAL: /* whoever it says it is */
        command->actor = command->user_id.len > 0 ? command->user_id : slice_of("anonymous");
        return true;
    case AUTH_USER:
        command->principal = identity->principal;
        return take_user(request, identity, command);
    case AUTH_GUEST:
        command->principal = identity->principal;
        /* fall through */
    case AUTH_NONE: /* only where a guest's cart is opened */
        command->guest = true;
        command->actor = slice_of("guest");
        command->user_id = (struct slice){"", 0}; /* a guest is no user, whatever its client says */
        return true;
    }
    NOT_REACHED();
}

bool caller_may_read(const struct auth_identity *identity, struct slice owner)
{
    return auth_owns(identity, owner) || auth_may(identity, AUTH_SUPPORT);
}

void caller_keep(const struct auth_identity *identity, struct caller *caller)
{
    CHECK(identity->principal.len <= sizeof(caller->text));
    memcpy(caller->text, identity->principal.data, identity->principal.len);
    caller->identity = (struct auth_identity){
        .kind = identity->kind,
        .roles = identity->roles,
        .principal = {caller->text, identity->principal.len},
        .expires_at_s = identity->expires_at_s,
    };
}

void caller_refuse_cart(struct http_request *request)
{
    problem_answer(request, &problem_cart_not_found, caller_no_cart, NULL, 0);
}
