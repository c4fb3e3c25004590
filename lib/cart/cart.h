/* The cart: its state, and what each event does to it. Pure: no I/O, no clock, no log.
 * Owner: lib/cart. Thread: a struct cart belongs to one at a time.
 */
#ifndef CARTWRIGHT_CART_CART_H
#define CARTWRIGHT_CART_CART_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/principal.h"
#include "proto/cart_event.h"

enum cart_status { CART_OPEN, CART_CHECKED_OUT, CART_MERGED, CART_EXPIRED };

struct cart_line {
    char *product_id, *product_name; /* owned, NUL-terminated */
    uint16_t product_id_length, product_name_length;
    int32_t quantity;
    int64_t price_minor;
};

/** Zero-initialised: the cart that does not exist yet (version 0). Owns its lines and texts. */
struct cart {
    int32_t version;
    enum cart_status status;
    char currency[4]; /* empty until an item or the opening event tells it */
    bool abandoned;   /* told by an event; nobody has touched the cart since */
    bool guest;       /* whoever has the token is the owner; there is no user */
    uint8_t guest_token_hash[GUEST_TOKEN_HASH_BYTES];
    char *user_id;          /* NULL: none */
    char *order_id;         /* of a cart that is checked out */
    char *merged_into;      /* the cart id of the target of a cart that is merged */
    struct contact contact; /* the owner's, into contact_texts */
    char *contact_texts;
    struct cart_line *lines; /* in the order first added */
    size_t line_count, line_capacity;
    int32_t total_quantity;
    int64_t total_minor;
    int64_t opened_at_us;  /* of the first event */
    int64_t updated_at_us; /* of the last event */
    int64_t touched_at_us; /* of the last event that a command of somebody made */
};

void cart_free(struct cart *cart);
/** A deep copy into *copy, which must be zeroed. */
void cart_copy(const struct cart *cart, struct cart *copy);
/** Copies the contact's texts into the cart. */
void cart_set_contact(struct cart *cart, const struct contact *contact);

struct cart_line *cart_find(const struct cart *cart, struct slice product_id);
struct slice cart_user(const struct cart *cart);
/** Whose cart it is, as a principal into text; empty when it has no owner. */
struct slice cart_owner(const struct cart *cart, char text[PRINCIPAL_MAX]);
struct slice cart_line_product(const struct cart_line *line);
struct slice cart_line_name(const struct cart_line *line);
int64_t cart_line_total(const struct cart_line *line);

/** Applies the event with version cart->version + 1. An event that does not follow, or that no
 * correct writer makes (e.g. removes a line that is not there), is a permanent error; cart is then
 * unchanged. */
int cart_evolve(struct cart *cart, const struct cart_event *event, struct error *err) WARN_UNUSED;

/** Bytes in memory, for cache bounds. */
size_t cart_memory(const struct cart *cart);

const char *
cart_status_name(enum cart_status status); /* "open", "checked_out", "merged", "expired" */

#endif
