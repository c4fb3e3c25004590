/* A connection to the Redis that keeps the views, with the function library of view.lua at its
 * other end. Owner: lib/views. Thread: one at a time.
 */
#ifndef CARTWRIGHT_VIEWS_VIEW_CONNECTION_H
#define CARTWRIGHT_VIEWS_VIEW_CONNECTION_H

#include "base/error.h"
#include "io/redis.h"

/** How far the projection is; its first word keeps it apart from every cart's key. */
#define PROJECTION_KEY "projection:cart:v1"

enum { VIEW_GENERATION_SIZE = 24 };

/** Zero-initialise but for the first three. */
struct view_connection {
    struct redis_address address;
    int connect_timeout_ms, timeout_ms; /* to connect; for each answer */
    struct redis *redis;                /* connected, and the library is there; or NULL */
    /* The name of the data in Redis since they were last empty, as it was before whatever the
     * caller has read from the event store; "" : to be asked for. */
    char generation[VIEW_GENERATION_SIZE];
    int attempt;
    int64_t not_before_us;
    struct error last;
};

/** A usable connection with the function library loaded and the generation known, else the
 * retriable error of the last try. Cheap to ask while the back-off runs. err may be NULL. */
int view_connection_use(struct view_connection *views, struct error *err) WARN_UNUSED;
void view_connection_close(struct view_connection *views);

/* All below need a successful view_connection_use just before, and close the connection when they
 * fail (always retriable): what was asked may have happened or not. */

/** FCALL of a function of ours, with the number of keys; keys and arguments follow. */
void view_connection_call(struct view_connection *views, const char *function, size_t keys,
                          size_t arguments);

/** The key of a cart's view as the next argument; id has at most CART_ID_MAX bytes. */
void view_connection_key(struct view_connection *views, struct slice id);

/** Takes the next reply; an error reply is an error. */
int view_connection_reply(struct view_connection *views, struct error *err,
                          struct redis_reply **ret_reply) WARN_UNUSED;

/** Closes the connection and lets the back-off run; returns -1. */
int view_connection_fail(struct view_connection *views, const struct error *why, struct error *err);

/** The same after an answer that our functions never give. */
int view_connection_strange(struct view_connection *views, struct error *err);

#endif
