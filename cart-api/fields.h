/* What single fields of a request may hold: ids, numbers in text, entity tags. Pure.
 * Owner: cart-api. Thread: any.
 */
#ifndef CARTWRIGHT_CART_API_FIELDS_H
#define CARTWRIGHT_CART_API_FIELDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "cart-api/decide.h"

/** 1 to 64 characters of [A-Za-z0-9_-]. */
bool field_cart_id(struct slice text);

/** 1 to 64 characters of [A-Za-z0-9._:~@+-], not only dots: it is a path segment. */
bool field_product_id(struct slice text);

/** 1 to 255 printable ASCII characters. */
bool field_idempotency_key(struct slice text);

/** One @ between a local part and a domain, no blanks; whether mail gets there is for mail to say.
 */
bool field_email(struct slice text);
/** A plus sign and 7 to 15 digits, the first not 0. Source: ITU-T E.164. */
bool field_phone(struct slice text);
/** A language tag such as de or de-DE: subtags of letters and digits. Source: RFC 5646, 2.1. */
bool field_locale(struct slice text);

/** 1 to DEVICE_ID_MAX printable ASCII characters. */
bool field_device_id(struct slice text);

/** Decimal digits, no sign, no leading zero, from min to max; 0 or -1. */
int field_integer(struct slice text, int64_t min, int64_t max, int64_t *ret_value) WARN_UNUSED;

/** Parses If-Match: `*` or strong tags separated by commas; 0, or -1 for anything else, also for
 * weak tags, which never match here, and for more than IF_MATCH_MAX. Source: RFC 9110, 13.1.1. */
int field_if_match(struct slice text, struct if_match *ret_match) WARN_UNUSED;

/** Whether If-None-Match names this version, weakly compared. Text that is no list of tags names
 * nothing. Source: RFC 9110, 13.1.2. */
bool field_if_none_match(struct slice text, int32_t version);

enum { ETAG_TEXT_SIZE = 16 };
/** The strong tag of a version, `"7"`, into text. */
struct slice field_etag(int32_t version, char text[ETAG_TEXT_SIZE]);

#endif
