/* Up to which time everything has been observed, by whichever process: what a verdict waits for.
 *
 * A sample of the heads of all partitions, taken at a time by the store's clock; once the
 * consumer's positions have reached all of them, nothing that was committed before that time is
 * missing. Owner: fraud. Thread: the service's.
 */
#ifndef CARTWRIGHT_FRAUD_WATERMARK_H
#define CARTWRIGHT_FRAUD_WATERMARK_H

#include "base/error.h"
#include "eventstore/category.h"
#include "io/pg.h"

enum { WATERMARK_CATEGORIES_MAX = 4 };

/** Zero-initialise but for consumer and categories (NULL-terminated if fewer). */
struct watermark {
    const char *consumer;
    const struct category *categories[WATERMARK_CATEGORIES_MAX];
    int64_t complete_us; /* the answer; 0: not known */
    int64_t sampled_us;  /* 0: no sample */
    int64_t *heads;      /* of all partitions of all categories */
};

/** Takes a sample if there is none, compares, moves complete_us. 0, or -1 as pg_run. */
int watermark_advance(struct watermark *watermark, struct pg *pg, int timeout_ms,
                      struct error *err) WARN_UNUSED;
void watermark_free(struct watermark *watermark);

#endif
