/* Redis: blocking, pipelined commands with deadlines. One of the two doors to hiredis.
 * Owner: lib/io. Thread: a connection belongs to one thread at a time.
 *
 * The process must ignore SIGPIPE. After an error nothing more can be asked of the connection,
 * because replies could no longer be told apart: close and open anew.
 */
#ifndef CARTWRIGHT_IO_REDIS_H
#define CARTWRIGHT_IO_REDIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

struct redis;
struct redis_reply;

enum {
    REDIS_COMMAND_BYTES_MAX = 64 * 1024 * 1024, /* of all commands in one pipeline */
    REDIS_ADDRESS_HOST_MAX = 255,
};

/** "host:port" or "[IPv6]:port" taken apart. */
struct redis_address {
    char host[REDIS_ADDRESS_HOST_MAX + 1];
    int port;
};

/** Parses connection_string; -1 with a permanent error that says how it must look. */
int redis_address_parse(const char *connection_string, struct error *err,
                        struct redis_address *ret_address) WARN_UNUSED;

/** Connects within timeout_ms (resolving the name may take longer). 0, or -1 with a retriable
 * error. */
int redis_open(const struct redis_address *address, int timeout_ms, struct error *err,
               struct redis **ret_redis) WARN_UNUSED;
void redis_close(struct redis *redis);

/** False once an exchange failed. */
bool redis_usable(const struct redis *redis);

/** Writes a command into the pipeline, argument by argument; the bytes are copied. The number of
 * arguments must be exactly the announced one. Nothing is sent before redis_send or redis_receive.
 */
void redis_command(struct redis *redis, size_t argument_count);
void redis_argument(struct redis *redis, struct slice value);
void redis_argument_int(struct redis *redis, int64_t value);

/** Sends what is in the pipeline within timeout_ms. Replies that arrive meanwhile are kept. */
int redis_send(struct redis *redis, int timeout_ms, struct error *err) WARN_UNUSED;

/** Sends what is in the pipeline, then waits for the next reply in the order of the commands, both
 * within timeout_ms. The reply is the caller's. An error reply is a reply (REDIS_ERROR), not an
 * error. -1: unknown, the commands without a reply were executed or not. */
int redis_receive(struct redis *redis, int timeout_ms, struct error *err,
                  struct redis_reply **ret_reply) WARN_UNUSED;

enum redis_type { REDIS_NIL, REDIS_INTEGER, REDIS_TEXT, REDIS_ARRAY, REDIS_ERROR };

enum redis_type redis_type(const struct redis_reply *reply);
int64_t redis_integer(const struct redis_reply *reply);   /* REDIS_INTEGER */
struct slice redis_text(const struct redis_reply *reply); /* REDIS_TEXT, REDIS_ERROR */
size_t redis_count(const struct redis_reply *reply);      /* REDIS_ARRAY */
const struct redis_reply *redis_element(const struct redis_reply *reply, size_t index);
void redis_reply_free(struct redis_reply *reply);

/** The decimal number in a REDIS_TEXT; false when it is anything else. */
bool redis_text_int(const struct redis_reply *reply, int64_t *ret_value) WARN_UNUSED;

#endif
