/* Observations of one key as the bytes of one row (schema/0002_bundles.sql tells the layout). Pure.
 * Owner: fraud. Thread: any.
 */
#ifndef CARTWRIGHT_FRAUD_BUNDLE_H
#define CARTWRIGHT_FRAUD_BUNDLE_H

#include "base/error.h"
#include "fraud/window.h"

/* From the oldest to the newest of a bundle at most. Whoever looks for what was up to a time has to
 * look at bundles that end this much later. */
#define BUNDLE_SPAN_US INT64_C(100000)
/* With more, PostgreSQL would keep the row in pieces. */
enum { BUNDLE_BYTES_MAX = 1800 };

/** What one more takes. */
size_t bundle_bytes(const struct observation *observation);

/** Appends one; they come in the order of the window. */
void bundle_add(struct buf *out, const struct observation *observation);

/** Cuts the first observation off, whose slices point into the bundle. 1: there was one; 0: none is
 * left; -1: the bundle is cut off. */
int bundle_take(struct slice *bundle, struct error *err,
                struct observation *ret_observation) WARN_UNUSED;

/** Adds to the window those of the bundle that are after after_us and not after upto_us. */
int bundle_open(struct slice bundle, int64_t after_us, int64_t upto_us, struct window *window,
                struct error *err) WARN_UNUSED;

#endif
