/* One rule of the file: its keys as a table, and what they mean together.
 * Owner: fraud; private to rules.c and rule_keys.c. Thread: any.
 */
#ifndef CARTWRIGHT_FRAUD_RULES_INTERNAL_H
#define CARTWRIGHT_FRAUD_RULES_INTERNAL_H

#include "fraud/rules.h"

enum { RULE_SCORE_MAX = 1000000 };

struct rule rule_defaults(void);

/** Takes `key = value`; *seen has a bit per key that came already. */
int rule_set(struct rule *rule, struct slice key, struct slice value, unsigned *seen,
             struct error *err) WARN_UNUSED;

/** A key that a rule must have and this one has not, or NULL. */
const char *rule_keys_missing(unsigned seen);

/** Judges what only all keys together show, and names the feed. */
int rule_finish(struct rule *rule, struct error *err) WARN_UNUSED;

/** Whether two different feeds have got the same name. */
bool rule_feeds_collide(const struct rule *a, const struct rule *b);

int rule_number(struct slice text, int64_t min, int64_t max, int64_t *ret_number) WARN_UNUSED;

#endif
