/* fraud: watches carts and payments, gives each checkout a verdict.
 * Owner: fraud. Thread: see service/service.h.
 */
#ifndef CARTWRIGHT_FRAUD_FRAUD_H
#define CARTWRIGHT_FRAUD_FRAUD_H

#include "service/effect.h"
#include "service/service.h"

struct fraud_settings {
    struct service_settings common;
    struct effect_settings effect;
    char *rules_file;
    int64_t lateness_ms, patience_ms;
};

extern const struct service fraud_service;

#endif
