/* Where the keys of tokens come from, and how they stay fresh: one thread that reads the file or
 * fetches the JWK set again, and hands out the newest set.
 * Owner: lib/http. Thread: as each function says.
 */
#ifndef CARTWRIGHT_HTTP_JWT_SOURCE_H
#define CARTWRIGHT_HTTP_JWT_SOURCE_H

#include "base/metrics.h"
#include "http/jwt_keys.h"

struct jwt_source;

struct jwt_source_options {
    const char *file, *url; /* one of them is not empty; they outlive the source */
    int64_t refresh_s;
    struct metrics *metrics; /* or NULL */
};

/** A file is read now: -1 with err when it does not hold keys, or holds a secret and is others' to
 * read. An URL is fetched by the thread, which this starts. */
int jwt_source_open(const struct jwt_source_options *options, struct error *err,
                    struct jwt_source **ret_source) WARN_UNUSED;
void jwt_source_close(struct jwt_source *source);

/** Any thread: what `keys` is verified with; NULL before the first set is there. *ret_generation
 * changes with each new set. Given back by jwt_source_release. */
struct jwt_keyring;
const struct jwt_keys *jwt_source_take(struct jwt_source *source, struct jwt_keyring **ret_ring);
void jwt_source_release(struct jwt_keyring *ring);
/** Any thread, without a lock: changes with each new set, 0 before the first. */
uint64_t jwt_source_generation(const struct jwt_source *source);
uint64_t jwt_keyring_generation(const struct jwt_keyring *ring);

/** Any thread: a token names a key that is not there. Has the keys read again, but not more often
 * than each few seconds, whatever strangers send. */
void jwt_source_missed(struct jwt_source *source);
/** Any thread: has them read again at once. */
void jwt_source_reload(struct jwt_source *source);

#endif
