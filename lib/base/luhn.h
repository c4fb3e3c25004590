/* Numbers that may be those of payment cards: what must never be taken, stored or logged. Pure.
 * Owner: lib/base. Thread: any.
 */
#ifndef CARTWRIGHT_BASE_LUHN_H
#define CARTWRIGHT_BASE_LUHN_H

#include <stdbool.h>

#include "base/buf.h"

/** Whether text holds 13 to 19 digits that pass the Luhn check: in a row, or in groups as printed
 * on cards (the first of 4 digits, the others of 3 to 6, one blank or hyphen between them). Not
 * taken for a card number: digits in an identifier of hexadecimal digits such as a UUID, and a text
 * that is, as a whole, a phone number by E.164 with its plus sign. Source: ISO/IEC 7812-1, annex B.
 */
bool luhn_holds_card_number(struct slice text);

/** Whether text, as a whole, is a GTIN of 13 or 14 digits with the right check digit: a product's
 * bar code, one in ten of which passes the Luhn check by chance. Source: GS1 General
 * Specifications, 7.9. */
bool luhn_is_bar_code(struct slice text);

#endif
