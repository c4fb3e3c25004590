/* The rules from where the settings say: a file, or those that are built in.
 * Owner: fraud. Thread: any.
 */
#ifndef CARTWRIGHT_FRAUD_RULES_FILE_H
#define CARTWRIGHT_FRAUD_RULES_FILE_H

#include "fraud/rules.h"

/** The text of rules.ini, built in. */
extern const char fraud_rules_ini[];

/** path "": the built-in ones. */
int rules_load(const char *path, struct error *err, struct rules *ret_rules) WARN_UNUSED;

#endif
