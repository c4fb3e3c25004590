/* What a command's outcome answers: the recorded or rendered body, a refusal with its way out, a
 * failure. Owner: cart-api. Thread: the request's worker.
 */
#include <stdio.h>

#include "base/clock.h"
#include "cart-api/answer.h"
#include "cart-api/command_internal.h"
#include "cart-api/fields.h"
#include "cart-api/problems.h"

enum { LINK_MAX = 128 };

/* ---- refusals */

/** Where in the body the refused value is. */
static void refusal_pointer(const struct cart_call *call, char *text, size_t size)
{
    const struct verdict *verdict = &call->verdict;
    bool common = strcmp(verdict->field, "currency") == 0;
    if (call->values.type == CART_ADD_ITEMS && !call->values.single && !common)
        snprintf(text, size, "/items/%zu/%s", verdict->item, verdict->field);
    else
        snprintf(text, size, "/%s", verdict->field);
}

/** What is in the way of the refused command: a member that names it, and a link. */
struct way_out {
    enum refusal refusal;
    const char *member; /* the order, or the target's cart id; NULL: none */
    const char *path;   /* to it, without its id */
    bool fresh;         /* another cart may be opened */
    bool location;      /* the link is what the caller asked for */
};
static const struct way_out ways_out[] = {
    {REFUSED_CHECKED_OUT, "orderId", "/api/orders/", true, false},
    {REFUSED_ALREADY_CHECKED_OUT, "orderId", "/api/orders/", false, true},
    {REFUSED_MERGED, "mergedInto", "/api/cart/view/", false, false},
    {REFUSED_EXPIRED, NULL, NULL, true, false},
};

static const struct way_out *way_out_of(enum refusal refusal)
{
    for (size_t i = 0; i < ARRAY_SIZE(ways_out); i++) {
        if (ways_out[i].refusal == refusal)
            return &ways_out[i];
    }
    return NULL;
}

static void add_link(struct http_request *request, const char *uri, const char *relation)
{
    char link[sizeof("<>; rel=\"related\"") + LINK_MAX];
    snprintf(link, sizeof(link), "<%s>; rel=\"%s\"", uri, relation);
    http_add_header(request, "link", slice_of(link));
}

/** The path to which an item is posted to open a cart that nobody has. */
static void fresh_cart(struct http_request *request, char uri[LINK_MAX])
{
    struct worker *worker = http_worker_local(http_request_worker(request));
    struct uuid id = uuid_v7(&worker->ids, clock_wall_us());
    char text[UUID_TEXT_SIZE];
    uuid_format(&id, text);
    snprintf(uri, LINK_MAX, "/api/cart/%s/items", text);
}

static void answer_way_out(struct http_request *request, const struct verdict *verdict,
                           const struct way_out *way)
{
    struct problem_member members[2];
    size_t count = 0;
    char uri[LINK_MAX], fresh[LINK_MAX];
    if (way->member != NULL) {
        CHECK(verdict->instead[0] != '\0');
        snprintf(uri, sizeof(uri), "%s%s", way->path, verdict->instead);
        members[count++] = (struct problem_member){way->member, slice_of(verdict->instead)};
        add_link(request, uri, "related");
        if (way->location)
            http_add_header(request, "location", slice_of(uri));
    }
    if (way->fresh) {
        fresh_cart(request, fresh);
        members[count++] = (struct problem_member){"freshCart", slice_of(fresh)};
        add_link(request, fresh, "next");
    }
    problem_answer_with(request, problem_of_refusal(verdict->refusal), verdict->because, members,
                        count);
}

static void answer_refusal(struct http_request *request, const struct cart_call *call)
{
    const struct verdict *verdict = &call->verdict;
    const struct problem *problem = problem_of_refusal(verdict->refusal);
    const struct way_out *way = way_out_of(verdict->refusal);
    char pointer[64];
    struct problem_detail detail = {pointer, problem->code, verdict->because};
    if (way != NULL) {
        answer_way_out(request, verdict, way);
        return;
    }
    if (verdict->field == NULL) {
        problem_answer(request, problem, verdict->because, NULL, 0);
        return;
    }
    refusal_pointer(call, pointer, sizeof(pointer));
    problem_answer(request, problem, verdict->because, &detail, 1);
}

/* ---- answers */

static void answer_body(struct http_request *request, struct command *command)
{
    char etag[ETAG_TEXT_SIZE];
    if (command->body_position != SIZE_MAX)
        answer_place_position(&command->body, command->body_position, command->position);
    http_add_header(request, "etag", field_etag(command->version, etag));
    if (command->status == 202) {
        char uri[LINK_MAX];
        struct slice order_id = answer_order_id(buf_slice(&command->body));
        snprintf(uri, sizeof(uri), "/api/orders/%.*s", (int)order_id.len, order_id.data);
        http_add_header(request, "location", slice_of(uri));
    }
    http_answer(request, command->status, "application/json", buf_slice(&command->body));
}

void command_answer_failure(struct http_request *request, enum command_outcome outcome)
{
    static const struct {
        const struct problem *problem;
        const char *detail;
    } failures[] = {
        [COMMAND_KEY_REUSED] = {&problem_idempotency_key_reused,
                                "This Idempotency-Key was used for a request with another method, "
                                "path, If-Match or body."},
        [COMMAND_UNAVAILABLE] = {&problem_store_unavailable, "Nothing was done; try again."},
        [COMMAND_UNKNOWN] = {&problem_outcome_unknown,
                             "The command may or may not have been done; try again with the same "
                             "Idempotency-Key, or read the cart."},
        [COMMAND_CONTENDED] = {&problem_contended, "Nothing was done; try again."},
        [COMMAND_BROKEN] = {&problem_cart_unreadable,
                            "The stored events of this cart cannot be folded; nothing was done."},
    };
    CHECK((size_t)outcome < ARRAY_SIZE(failures) && failures[outcome].problem != NULL);
    problem_answer(request, failures[outcome].problem, failures[outcome].detail, NULL, 0);
}

/** Of a cart that has no other place yet; what is told once, is not for caches. */
static void add_location(struct http_request *request, struct slice cart_id)
{
    char uri[LINK_MAX];
    int length = snprintf(uri, sizeof(uri), "/api/cart/view/%.*s", (int)cart_id.len, cart_id.data);
    http_add_header(request, "location", (struct slice){uri, (size_t)length});
    http_add_header(request, "cache-control", slice_of("no-store"));
}

void command_answer(struct http_request *request, struct cart_call *call)
{
    struct command *command = &call->command;
    if (call->rejected) {
        problem_answer(request, &problem_overloaded, "Too many commands wait; try again.", NULL, 0);
        return;
    }
    switch (command->outcome) {
    case COMMAND_ANSWERED:
        if (command->refused) {
            answer_refusal(request, call);
            return;
        }
        if (call->values.type == CART_OPEN_EMPTY)
            add_location(request, call->values.cart_id);
        answer_body(request, command);
        return;
    case COMMAND_REPLAYED:
        http_add_header(request, "idempotent-replayed", slice_of("true"));
        answer_body(request, command);
        return;
    case COMMAND_KEY_REUSED:
    case COMMAND_UNAVAILABLE:
    case COMMAND_UNKNOWN:
    case COMMAND_CONTENDED:
    case COMMAND_BROKEN:
        command_answer_failure(request, command->outcome);
        return;
    }
    NOT_REACHED();
}
