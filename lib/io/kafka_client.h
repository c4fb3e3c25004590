/* What the kafka_*.c files share; nobody else includes it.
 * Owner: lib/io. Thread: any.
 */
#ifndef CARTWRIGHT_IO_KAFKA_CLIENT_H
#define CARTWRIGHT_IO_KAFKA_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <librdkafka/rdkafka.h>

#include "base/error.h"

/** One setting of the client library; text NULL: the number. */
struct kafka_property {
    const char *name;
    const char *text;
    int64_t number;
};

/** A client of the type with what all ours have in common, then properties. conf may hold callbacks
 * and an opaque; it is taken in any case. Fails only for bad settings: permanent. */
int kafka_client_new(rd_kafka_type_t type, rd_kafka_conf_t *conf, const char *bootstrap_servers,
                     const char *client_id, const struct kafka_property *properties, size_t count,
                     struct error *err, rd_kafka_t **ret_client) WARN_UNUSED;

/** Fills err from a code of the library, "what: reason"; returns -1. */
int kafka_fail(struct error *err, rd_kafka_resp_err_t code, const char *what);

/** The same from an error object, which is destroyed. */
int kafka_fail_object(struct error *err, rd_kafka_error_t *error, const char *what);

/** The fatal error of a client, if it has one, into err. */
bool kafka_client_fatal(rd_kafka_t *client, struct error *err);

/** Runs run(argument) on a thread of its own and waits at most timeout_ms; false: it still runs,
 * and frees what it owns when it ends. For calls of the library that may never return. */
bool kafka_run_bounded(void (*run)(void *argument), void *argument, int timeout_ms);

/** The last thing a client complained about. */
struct kafka_trouble {
    struct error error;
    int64_t at_us; /* monotonic; 0: never */
};

void kafka_trouble_note(struct kafka_trouble *trouble, rd_kafka_resp_err_t code, const char *what);

#endif
