/* Request bodies to command values.
 * Owner: cart-api. Thread: any.
 */
#include "cart-api/body.h"

#include "base/currency.h"
#include "base/luhn.h"
#include "base/utf8.h"
#include "cart-api/fields.h"
#include "cart-api/problems.h"

/* What JSON clients can hold exactly; which of these numbers is sensible is for decide.c to say. */
static const int64_t NUMBER_MAX = 9007199254740991;

static const char *const single_fields[] = {"userId",   "productId", "productName", "price",
                                            "quantity", "currency",  NULL};
static const char *const many_fields[] = {"items", "userId", "currency", NULL};
static const char *const quantity_fields[] = {"quantity", NULL};
static const char *const checkout_fields[] = {"userId", "contact", "paymentToken", NULL};
static const char *const merge_fields[] = {"userId", "from", "strategy", "guestToken", NULL};
static const char *const contact_fields[] = {"email", "phone", "locale", NULL};

/** Understood but against a rule is 422, everything else that is wrong with a field is 400. */
static const struct problem *problem_of(const char *code)
{
    if (strcmp(code, "length") == 0 || strcmp(code, "format") == 0 || strcmp(code, "range") == 0)
        return &problem_invalid_value;
    return &problem_invalid_field;
}

/** Card numbers go to the payment provider, never to us. */
static bool is_card_number(const char *key, struct slice text)
{
    bool product = key != NULL && strcmp(key, "productId") == 0;
    return luhn_holds_card_number(text) && !(product && luhn_is_bar_code(text));
}

static int parse(struct slice text, struct body_failure *failure, struct json **ret_json)
{
    static const struct json_text_rule no_card_numbers = {
        is_card_number, "card_number_refused", "must not hold the number of a payment card"};
    struct json *json;
    failure->problem = &problem_invalid_json;
    if (json_parse(text, &failure->place, &json) != 0)
        return -1;
    struct json_at root = json_root(json);
    if (json_each_text(&root, &no_card_numbers, &failure->place) != 0) {
        failure->problem = &problem_card_number_refused;
        json_free(json);
        return -1;
    }
    *ret_json = json;
    return 0;
}

/** Completes a failure whose place is known; returns -1. */
static int refused(struct body_failure *failure)
{
    failure->problem = problem_of(failure->place.code);
    return -1;
}

static int take_text(const struct json_at *object, const char *name, size_t max,
                     struct json_problem *place, struct slice *ret_text)
{
    if (json_text(object, name, 1, max, place, ret_text) != 0)
        return -1;
    if (!utf8_printable(ret_text->data, ret_text->len))
        return json_refuse(object, name, "format", "must not hold control characters", place);
    return 0;
}

static int take_currency(const struct json_at *object, struct json_problem *place,
                         struct slice *ret_currency)
{
    if (json_text(object, "currency", 0, SIZE_MAX, place, ret_currency) != 0)
        return -1;
    if (!currency_valid(ret_currency->data, ret_currency->len))
        return json_refuse(object, "currency", "format",
                           "must be an ISO 4217 code in capitals, such as USD", place);
    return 0;
}

static int take_item(const struct json_at *object, struct json_problem *place,
                     struct add_item *item)
{
    if (json_text(object, "productId", 1, PRODUCT_ID_MAX, place, &item->product_id) != 0)
        return -1;
    if (!field_product_id(item->product_id))
        return json_refuse(object, "productId", "format",
                           "must be of A-Z a-z 0-9 . _ : ~ @ + - and not only dots", place);
    if (take_text(object, "productName", PRODUCT_NAME_MAX, place, &item->product_name) != 0 ||
        json_int(object, "price", -NUMBER_MAX, NUMBER_MAX, place, &item->price_minor) != 0 ||
        json_int(object, "quantity", -NUMBER_MAX, NUMBER_MAX, place, &item->quantity) != 0)
        return -1;
    return 0;
}

/** The user id and the currency of an object, where it has them; they must not contradict. */
static int take_common(const struct json_at *object, bool user_required, struct add_body *body,
                       struct body_failure *failure)
{
    struct json_problem *place = &failure->place;
    struct slice user_id, currency;
    if (user_required || json_has(object, "userId")) {
        if (take_text(object, "userId", USER_ID_MAX, place, &user_id) != 0)
            return refused(failure);
        if (body->user_id.len > 0 && !slice_equal(body->user_id, user_id)) {
            json_refuse(object, "userId", "format", "must be the same in all items", place);
            return refused(failure);
        }
        body->user_id = user_id;
    }
    if (json_has(object, "currency")) {
        if (take_currency(object, place, &currency) != 0)
            return refused(failure);
        if (body->currency.len > 0 && !slice_equal(body->currency, currency)) {
            json_refuse(object, "currency", "currency_mismatch", "must be the same in all items",
                        place);
            failure->problem = &problem_currency_mismatch;
            return -1;
        }
        body->currency = currency;
    }
    return 0;
}

static int take_single(const struct json_at *root, bool user_required, struct add_body *body,
                       struct body_failure *failure)
{
    body->single = true;
    body->item_count = 1;
    if (json_only(root, single_fields, &failure->place) != 0)
        return refused(failure);
    if (take_common(root, user_required, body, failure) != 0)
        return -1;
    return take_item(root, &failure->place, &body->items[0]) != 0 ? refused(failure) : 0;
}

static int take_many(const struct json_at *root, bool user_required, struct add_body *body,
                     struct body_failure *failure)
{
    struct json_at array;
    if (json_only(root, many_fields, &failure->place) != 0)
        return refused(failure);
    if (take_common(root, false, body, failure) != 0)
        return -1;
    user_required = user_required && body->user_id.len == 0;
    if (json_list(root, "items", 1, COMMAND_ITEMS_MAX, &failure->place, &array,
                  &body->item_count) != 0)
        return refused(failure);
    for (size_t i = 0; i < body->item_count; i++) {
        struct json_at item = json_element(&array, i);
        if (json_only(&item, single_fields, &failure->place) != 0)
            return refused(failure);
        if (take_common(&item, user_required, body, failure) != 0)
            return -1;
        if (take_item(&item, &failure->place, &body->items[i]) != 0)
            return refused(failure);
    }
    return 0;
}

int body_add_parse(struct slice text, bool user_required, struct add_body *body,
                   struct body_failure *failure)
{
    body->json = NULL;
    body->user_id = body->currency = (struct slice){"", 0};
    body->single = false;
    body->item_count = 0;
    if (parse(text, failure, &body->json) != 0)
        return -1;
    struct json_at root = json_root(body->json);
    int rc = json_has(&root, "items") ? take_many(&root, user_required, body, failure)
                                      : take_single(&root, user_required, body, failure);
    if (rc != 0)
        body_add_free(body);
    return rc;
}

void body_add_free(struct add_body *body)
{
    json_free(body->json);
    body->json = NULL;
}

/* ---- checkout */

/** An optional text of the contact; valid says whether it can be one. */
static int take_contact_text(const struct json_at *contact, const char *name, size_t max,
                             bool (*valid)(struct slice text), const char *wanted,
                             struct json_problem *place, struct slice *ret_text)
{
    if (!json_has(contact, name))
        return 0;
    if (take_text(contact, name, max, place, ret_text) != 0)
        return -1;
    return valid(*ret_text) ? 0 : json_refuse(contact, name, "format", wanted, place);
}

static int take_contact(const struct json_at *root, struct json_problem *place,
                        struct contact *ret_contact)
{
    struct json_at at;
    if (!json_has(root, "contact"))
        return 0;
    if (json_member(root, "contact", place, &at) != 0 || json_only(&at, contact_fields, place) != 0)
        return -1;
    if (take_contact_text(&at, "email", EMAIL_MAX, field_email, "must be a mail address", place,
                          &ret_contact->email) != 0 ||
        take_contact_text(&at, "phone", PHONE_MAX, field_phone,
                          "must be a number as E.164 writes it, such as +4930123456", place,
                          &ret_contact->phone) != 0 ||
        take_contact_text(&at, "locale", LOCALE_MAX, field_locale,
                          "must be a language tag such as de-DE", place, &ret_contact->locale) != 0)
        return -1;
    return 0;
}

static int take_checkout(const struct json_at *root, struct json_problem *place,
                         struct checkout_body *body)
{
    if (json_only(root, checkout_fields, place) != 0 ||
        take_contact(root, place, &body->contact) != 0)
        return -1;
    if (json_has(root, "userId") &&
        take_text(root, "userId", USER_ID_MAX, place, &body->user_id) != 0)
        return -1;
    if (json_has(root, "paymentToken") &&
        take_text(root, "paymentToken", PAYMENT_TOKEN_MAX, place, &body->payment_token) != 0)
        return -1;
    return 0;
}

int body_checkout_parse(struct slice text, struct checkout_body *body, struct body_failure *failure)
{
    static const struct slice none = {"", 0};
    *body = (struct checkout_body){
        .user_id = none, .payment_token = none, .contact = {none, none, none}};
    if (text.len == 0)
        return 0;
    if (parse(text, failure, &body->json) != 0)
        return -1;
    struct json_at root = json_root(body->json);
    if (take_checkout(&root, &failure->place, body) == 0)
        return 0;
    body_checkout_free(body);
    return refused(failure);
}

void body_checkout_free(struct checkout_body *body)
{
    if (body->json != NULL)
        json_free(body->json);
    body->json = NULL;
}

static int take_open(const struct json_at *root, struct json_problem *place, struct open_body *body)
{
    static const char *const fields[] = {"userId", "currency", NULL};
    if (json_only(root, fields, place) != 0)
        return -1;
    if (json_has(root, "userId") &&
        take_text(root, "userId", USER_ID_MAX, place, &body->user_id) != 0)
        return -1;
    return json_has(root, "currency") ? take_currency(root, place, &body->currency) : 0;
}

int body_open_parse(struct slice text, struct open_body *body, struct body_failure *failure)
{
    *body = (struct open_body){.user_id = {"", 0}, .currency = {"", 0}};
    if (text.len == 0)
        return 0;
    if (parse(text, failure, &body->json) != 0)
        return -1;
    struct json_at root = json_root(body->json);
    if (take_open(&root, &failure->place, body) == 0)
        return 0;
    body_open_free(body);
    return refused(failure);
}

void body_open_free(struct open_body *body)
{
    if (body->json != NULL)
        json_free(body->json);
    body->json = NULL;
}

/* ---- merge */

static int take_strategy(const struct json_at *root, struct json_problem *place,
                         enum merge_strategy *ret_strategy)
{
    static const char *const names[] = {
        [MERGE_ADD] = "add",
        [MERGE_MAX] = "max",
        [MERGE_REPLACE] = "replace",
    };
    struct slice name;
    if (!json_has(root, "strategy"))
        return 0;
    if (json_text(root, "strategy", 0, SIZE_MAX, place, &name) != 0)
        return -1;
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (!slice_equal(name, slice_of(names[i])))
            continue;
        *ret_strategy = (enum merge_strategy)i;
        return 0;
    }
    return json_refuse(root, "strategy", "format", "must be add, max or replace", place);
}

static int take_merge(const struct json_at *root, struct json_problem *place,
                      struct merge_body *body)
{
    if (json_only(root, merge_fields, place) != 0 ||
        json_text(root, "from", 1, CART_ID_MAX, place, &body->from) != 0)
        return -1;
    if (!field_cart_id(body->from))
        return json_refuse(root, "from", "format", "must be of A-Z a-z 0-9 _ -", place);
    if (json_has(root, "userId") &&
        take_text(root, "userId", USER_ID_MAX, place, &body->user_id) != 0)
        return -1;
    if (json_has(root, "guestToken") &&
        json_text(root, "guestToken", 1, SIZE_MAX, place, &body->guest_token) != 0)
        return -1;
    return take_strategy(root, place, &body->strategy);
}

int body_merge_parse(struct slice text, struct merge_body *body, struct body_failure *failure)
{
    *body = (struct merge_body){.user_id = {"", 0}, .guest_token = {"", 0}, .strategy = MERGE_ADD};
    if (parse(text, failure, &body->json) != 0)
        return -1;
    struct json_at root = json_root(body->json);
    if (take_merge(&root, &failure->place, body) == 0)
        return 0;
    body_merge_free(body);
    return refused(failure);
}

void body_merge_free(struct merge_body *body)
{
    json_free(body->json);
    body->json = NULL;
}

int body_quantity_parse(struct slice text, int64_t *ret_quantity, struct body_failure *failure)
{
    struct json *json;
    if (parse(text, failure, &json) != 0)
        return -1;
    struct json_at root = json_root(json);
    int rc = 0;
    if (json_only(&root, quantity_fields, &failure->place) != 0 ||
        json_int(&root, "quantity", -NUMBER_MAX, NUMBER_MAX, &failure->place, ret_quantity))
        rc = refused(failure);
    json_free(json);
    return rc;
}
