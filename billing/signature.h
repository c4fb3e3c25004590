/* Whether a webhook comes from who knows the secret, and is of now. Pure.
 * Source: https://docs.stripe.com/webhooks, "Verify webhook signatures manually".
 * Owner: billing. Thread: any.
 */
#ifndef CARTWRIGHT_BILLING_SIGNATURE_H
#define CARTWRIGHT_BILLING_SIGNATURE_H

#include <stdint.h>

#include "base/buf.h"

/** header: `t=1492774577,v1=<64 hex digits>,…`: one of the v1 must be the HMAC-SHA256 of `t.body`
 * under the secret, and t within window_s of now_s. NULL when it is good, else a literal sentence.
 */
const char *signature_refusal(struct slice header, struct slice body, struct slice secret,
                              int64_t now_s, int64_t window_s);

#endif
