/* Money, dates and times as people in a place write them. Source: Unicode CLDR. Pure.
 * Owner: notifier. Thread: any; const.
 */
#ifndef CARTWRIGHT_NOTIFIER_LOCALE_H
#define CARTWRIGHT_NOTIFIER_LOCALE_H

#include "base/buf.h"

struct locale;

enum { LOCALE_TAG_MAX = 35 }; /* bytes of a BCP 47 tag that is looked at */

/** The locale of a BCP 47 tag, upper or lower case: the very one (en-GB), else the first of its
 * language (de-AT: de-DE), else en-US. */
const struct locale *locale_find(struct slice tag);

/** "de-DE"; its language is the first two letters. */
const char *locale_tag(const struct locale *locale);

/** The time zone where most who use it live: "Europe/Berlin". */
const char *locale_time_zone(const struct locale *locale);

/** An amount with its currency; a code that is not ISO 4217's is shown with two digits. */
void locale_money(const struct locale *locale, int64_t minor, struct slice currency,
                  struct buf *out);

/** local_us: microseconds since 1970-01-01T00:00 by the clock on the reader's wall. */
void locale_date(const struct locale *locale, int64_t local_us, struct buf *out);
void locale_time(const struct locale *locale, int64_t local_us, struct buf *out);

#endif
