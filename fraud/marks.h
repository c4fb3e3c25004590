/* How far events may have been observed, whatever became of the consumer's position: who sees an
 * event again looks first whether its observations are there.
 *
 * The mark is written ahead of the position, now and then, in the transaction of what is observed;
 * so it costs next to nothing, and after a restart a few events too many are looked up.
 * Owner: fraud. Thread: the service's.
 */
#ifndef CARTWRIGHT_FRAUD_MARKS_H
#define CARTWRIGHT_FRAUD_MARKS_H

#include "service/service.h"

/** Zero-initialise. */
struct marks {
    struct marks_of {
        const struct category *category;
        struct mark {
            int64_t found;  /* in the store when the partition was taken over */
            int64_t stored; /* there now */
        } * partitions;
    } of[SERVICE_CATEGORIES_MAX];
};

/** When a partition is taken over. */
int marks_load(struct marks *marks, struct pg *pg, const struct category *category, int partition,
               int timeout_ms, struct error *err) WARN_UNUSED;

/** Whether an event of this position may have been observed before the partition was taken over. */
bool marks_passed(const struct marks *marks, const struct category *category, int partition,
                  int64_t position);

/** Inside of a transaction that writes observations of events up to these positions (of one
 * category). */
int marks_write(struct marks *marks, struct pg *pg, const struct service_position *positions,
                size_t count, int timeout_ms, struct error *err) WARN_UNUSED;

/** After its commit. */
void marks_written(struct marks *marks, const struct service_position *positions, size_t count);

void marks_free(struct marks *marks);

#endif
