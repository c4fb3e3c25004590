/* The routes, compiled once: a path is split at '/', each segment is decoded once and compared.
 * Owner: lib/http. Thread: a table is read-only after route_table_new, any thread may match.
 */
#ifndef CARTWRIGHT_HTTP_ROUTE_H
#define CARTWRIGHT_HTTP_ROUTE_H

#include "http/http.h"

enum { ROUTE_SEGMENTS_MAX = 8, ROUTE_PARAMS_MAX = 4, ROUTE_ALLOW_SIZE = 64 };

struct route_table;

struct route_table *route_table_new(void);
void route_table_free(struct route_table *table);

/** Adds rows (which outlive the table) with their handlers' context. A malformed or repeated
 * pattern is a bug. Rows are numbered in the order added, over all calls. */
void route_table_add(struct route_table *table, const struct http_route *rows, size_t count,
                     void *context);

size_t route_count(const struct route_table *table);
const char *route_name(const struct route_table *table, unsigned number);

enum route_result {
    ROUTE_FOUND,
    ROUTE_OPTIONS,   /* a known path, method OPTIONS: allow is set */
    ROUTE_NO_METHOD, /* a known path without this method: allow is set */
    ROUTE_NO_PATH,
    ROUTE_BAD_PATH, /* a bad escape, NUL, an encoded slash or backslash, not UTF-8 */
};

struct route_match {
    const struct http_route *route;
    void *context;
    unsigned number;
    const struct slice *param_names;
    size_t param_count;
    struct slice params[ROUTE_PARAMS_MAX]; /* into path or scratch */
    char allow[ROUTE_ALLOW_SIZE];
};

/** Matches the raw path (without query). scratch has path.len bytes; it may be NULL when the path
 * has no '%'. "//" and dot segments, also encoded ones, match nothing. */
enum route_result route_match(const struct route_table *table, struct slice method,
                              struct slice path, char *scratch, struct route_match *ret_match);

#endif
