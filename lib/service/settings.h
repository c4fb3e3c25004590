/* A service's settings: the rows that all have, then its own.
 * Owner: lib/service. Thread: single.
 */
#ifndef CARTWRIGHT_SERVICE_SETTINGS_H
#define CARTWRIGHT_SERVICE_SETTINGS_H

#include "service/service.h"

/** The merged table, owned by the caller: free(settings_table.settings) through
 * settings_table_free. */
struct setting_table settings_table_new(const struct service *service);
void settings_table_free(struct setting_table *table);

/** Loads and judges; *ret_values (settings_size bytes) is the caller's: settings_free. */
int settings_load(const struct service *service, const struct setting_table *table,
                  const char *file, struct error *err, void **ret_values) WARN_UNUSED;
void settings_free(const struct setting_table *table, void *values);

#endif
