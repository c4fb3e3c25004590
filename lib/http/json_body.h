/* Strict JSON requests: the one door to the JSON parser. Sources: RFC 8259, RFC 6901.
 * Owner: lib/http. Thread: any.
 */
#ifndef CARTWRIGHT_HTTP_JSON_BODY_H
#define CARTWRIGHT_HTTP_JSON_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/check.h"

struct json;

/* The names avoid those of the parser library, e.g. json_integer and json_array. */

enum { JSON_DEPTH_MAX = 32, JSON_PROBLEM_MAX = 16 };

/** What was wrong, where: filled by a failing call. */
struct json_problem {
    char pointer[256]; /* RFC 6901, cut at a character when longer */
    const char
        *code; /* syntax, depth, duplicate_key, range, type, missing, unknown_field, length */
    char message[160]; /* one sentence; without the client's text */
};

/** Parses exactly one JSON text: no duplicate keys, trailing bytes, BOM, NUL in strings, bad UTF-8,
 * lone surrogates, depth over JSON_DEPTH_MAX, integer beyond +-(2^53-1). The caller frees with
 * json_free. */
int json_parse(struct slice text, struct json_problem *problem, struct json **ret_json) WARN_UNUSED;
void json_free(struct json *json);

/** A cursor on a value: the value and the path to it, so that refusals name their place. */
struct json_at {
    struct json *value;           /* borrowed from the parsed text */
    const struct json_at *parent; /* NULL at the root */
    const char *key;              /* member name, or NULL for an array element */
    size_t index;
};

struct json_at json_root(struct json *json);
/** Refuses (code unknown_field) an object with a member that is not in names (NULL-terminated);
 * also a value that is not an object (code type). */
int json_only(const struct json_at *object, const char *const *names,
              struct json_problem *problem) WARN_UNUSED;
/** Whether the object has the member (null counts as present and will be of the wrong type). */
bool json_has(const struct json_at *object, const char *name);
/** A required string member of min to max bytes; the slice lives as long as the json. */
int json_text(const struct json_at *object, const char *name, size_t min, size_t max,
              struct json_problem *problem, struct slice *ret_text) WARN_UNUSED;
/** A required integer member from min to max; 1.0, 1e3 and "1" are refused with code type, a value
 * outside with code range. */
int json_int(const struct json_at *object, const char *name, int64_t min, int64_t max,
             struct json_problem *problem, int64_t *ret_value) WARN_UNUSED;
/** A required member that is true or false. */
int json_flag(const struct json_at *object, const char *name, struct json_problem *problem,
              bool *ret_flag) WARN_UNUSED;
/** A required array member with min to max elements. */
int json_list(const struct json_at *object, const char *name, size_t min, size_t max,
              struct json_problem *problem, struct json_at *ret_array,
              size_t *ret_count) WARN_UNUSED;
/** A required member of any type; json_only and the others refuse what is no object. */
int json_member(const struct json_at *object, const char *name, struct json_problem *problem,
                struct json_at *ret_member) WARN_UNUSED;
struct json_at json_element(const struct json_at *array, size_t index);
/** Asks about every text below at: values, and names of members. key is the name of the member
 * that has the value, NULL: none. When refused() says so, that place with this code and message; a
 * name is told by its object, so that nothing of the text is repeated. */
struct json_text_rule {
    bool (*refused)(const char *key, struct slice text);
    const char *code, *message;
};
int json_each_text(const struct json_at *at, const struct json_text_rule *rule,
                   struct json_problem *problem) WARN_UNUSED;
/** Fills problem for the member (NULL: object itself); returns -1. */
int json_refuse(const struct json_at *object, const char *name, const char *code,
                const char *message, struct json_problem *problem);

#endif
