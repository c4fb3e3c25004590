/* The cart's rules: state and command in, events or a refusal out. Pure: no I/O, no clock, no log.
 * Owner: cart-api. Thread: any; called by the committer's lanes.
 */
#ifndef CARTWRIGHT_CART_API_DECIDE_H
#define CARTWRIGHT_CART_API_DECIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "cart/cart.h"
#include "proto/cart_event.h"

enum cart_command_type {
    CART_ADD_ITEMS,
    CART_SET_QUANTITY,
    CART_REMOVE_ITEM,
    CART_CLEAR,
    CART_CHECK_OUT,
    CART_OPEN_EMPTY, /* a cart without items; its id is new */
    CART_MERGE,
};

/** What becomes of a quantity that both carts of a merge have. */
enum merge_strategy { MERGE_ADD, MERGE_MAX, MERGE_REPLACE };

enum { COMMAND_ITEMS_MAX = 100, IF_MATCH_MAX = 16 };

/** The precondition: one of these versions, or any that exists. */
struct if_match {
    bool given, any;
    size_t count;
    int32_t versions[IF_MATCH_MAX]; /* 0 stands for a tag that we never gave out */
};

struct add_item {
    struct slice product_id, product_name;
    int64_t price_minor, quantity;
};

/** What a caller wants; texts are checked, numbers are not. */
struct cart_command {
    enum cart_command_type type;
    struct slice cart_id;
    struct slice user_id;   /* len 0: not given */
    struct slice principal; /* whose carts it may change; len 0: everybody's */
    struct slice actor;     /* for the events */
    bool guest;             /* by a guest, who opens carts by CART_OPEN_EMPTY only */
    struct slice guest_token, guest_token_hash; /* open: of the new cart, empty for a user's */
    struct slice device_id;                     /* len 0: not told; rules do not look at it */
    struct slice currency;        /* add; len 0: the cart's, or the default for a new cart */
    const struct add_item *items; /* add; 1 … COMMAND_ITEMS_MAX */
    size_t item_count;
    bool single;             /* add; the one item is the body itself */
    struct slice product_id; /* set, remove */
    int64_t quantity;        /* set: the new one, 0 removes; remove: how many, 0: the whole line,
                              * as is more than it has */
    struct if_match if_match;
    struct slice from_cart_id;    /* merge: the cart that ends; another than cart_id */
    struct slice from_guest_hash; /* merge: of the token that the caller has of it; len 0: none */
    enum merge_strategy strategy;
    struct slice order_id;      /* check out: of the order, when there will be one */
    struct slice payment_token; /* check out; may be empty */
    struct contact contact;     /* check out: what is empty is as the cart knows it */
};

/** A deployment's limits, within those of proto/cart_event.h. */
struct cart_limits {
    const char *default_currency;
    int32_t quantity_max; /* of one line */
    int32_t lines_max;
};

/** Why a command was refused; each is a row of the problem table. */
enum refusal {
    REFUSED_NOT,
    REFUSED_CART_NOT_FOUND,
    REFUSED_ITEM_NOT_IN_CART,
    REFUSED_CHECKED_OUT,
    REFUSED_MERGED,
    REFUSED_EXPIRED,
    REFUSED_ALREADY_CHECKED_OUT,
    REFUSED_CART_EMPTY,
    REFUSED_VERSION_MISMATCH,
    REFUSED_CURRENCY_MISMATCH,
    REFUSED_QUANTITY_LIMIT,
    REFUSED_LINE_LIMIT,
    REFUSED_AMOUNT_LIMIT,
    REFUSED_INVALID_VALUE,
    REFUSAL_COUNT
};

/** A line that the command touches, and what it was before. */
struct touched_line {
    struct slice product_id;
    int64_t quantity, price_minor; /* as the command leaves it */
    int64_t old_price_minor;       /* the price that the newest one replaces */
    bool added;                    /* was not in the cart */
};

struct verdict {
    enum refusal refusal;
    const char *because;          /* one sentence for people, with a refusal */
    const char *field;            /* the field of the body that it is about, or NULL */
    size_t item;                  /* its index in items */
    size_t event_count;           /* 0: nothing changes */
    bool opens;                   /* the first event opens the cart */
    char currency[4];             /* of the cart, from now on */
    int32_t previous_quantity;    /* set, remove: what the line has */
    int32_t line_count;           /* clear: how many lines there are */
    struct touched_line *touched; /* the caller's, room for one per item and at least one */
    size_t touched_count;
    /* Owned, see verdict_free: */
    struct sold_line *sold; /* check out: the cart's lines; merge: as they are afterwards */
    size_t sold_count;
    struct touched_line *merged; /* merge: a line for each of the cart that ends */
    size_t merged_count;
    char instead[ORDER_ID_MAX + 1]; /* the order of a cart that is checked out, the target of one
                                     * that is merged; empty: neither */
};

void verdict_free(struct verdict *verdict);

/** Judges the command on the state; fills *verdict but for .touched, which the caller has set.
 * from: merge: the cart that ends; else NULL. */
void cart_decide(const struct cart *cart, const struct cart *from,
                 const struct cart_command *command, const struct cart_limits *limits,
                 struct verdict *verdict);

/** Type and body of the verdict's event number index, from 0; the rest of *event is the caller's.
 * Of a merge, event 0 is the target's and event 1 that of the cart that ends.
 * cart is as the events before it have left it; the event's slices point into all three. */
void cart_decided_event(const struct cart *cart, const struct cart_command *command,
                        const struct verdict *verdict, size_t index, struct cart_event *event);

#endif
