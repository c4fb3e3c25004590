/* Strict JSON requests: asking a parsed body for what it must hold.
 * Owner: lib/http. Thread: any.
 */
#include "http/json_body.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

/* A pointer being written; full: what does not fit is left out, whole characters only. */
struct path {
    char *text;
    size_t length, size;
    bool full;
};

static void put(struct path *path, const char *bytes, size_t length)
{
    if (path->full || path->length + length >= path->size) {
        path->full = true;
        return;
    }
    memcpy(path->text + path->length, bytes, length);
    path->length += length;
    path->text[path->length] = '\0';
}

/** One reference token with its slash. Source: RFC 6901, 3. */
static void put_key(struct path *path, const char *key)
{
    put(path, "/", 1);
    while (*key != '\0') {
        size_t length = 1;
        while ((key[length] & 0xC0) == 0x80) /* UTF-8 continuation */
            length++;
        if (*key == '~')
            put(path, "~0", 2);
        else if (*key == '/')
            put(path, "~1", 2);
        else
            put(path, key, length);
        key += length;
    }
}

static void put_place(struct path *path, const struct json_at *at)
{
    if (at->parent == NULL)
        return;
    put_place(path, at->parent); /* at most JSON_DEPTH_MAX deep */
    if (at->key != NULL) {
        put_key(path, at->key);
    } else {
        char index[24];
        snprintf(index, sizeof(index), "%zu", at->index);
        put_key(path, index);
    }
}

int json_refuse(const struct json_at *object, const char *name, const char *code,
                const char *message, struct json_problem *problem)
{
    struct path path = {problem->pointer, 0, sizeof(problem->pointer), false};
    problem->pointer[0] = '\0';
    put_place(&path, object);
    if (name != NULL)
        put_key(&path, name);
    problem->code = code;
    snprintf(problem->message, sizeof(problem->message), "%s", message);
    return -1;
}

struct json_at json_root(struct json *json)
{
    return (struct json_at){.value = json};
}

static json_t *member_of(const struct json_at *object, const char *name)
{
    return json_object_get((json_t *)object->value, name); /* NULL when it is no object */
}

bool json_has(const struct json_at *object, const char *name)
{
    return member_of(object, name) != NULL;
}

int json_only(const struct json_at *object, const char *const *names, struct json_problem *problem)
{
    if (!json_is_object((json_t *)object->value))
        return json_refuse(object, NULL, "type", "must be an object", problem);
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)object->value, key, value)
    {
        size_t i = 0;
        while (names[i] != NULL && strcmp(names[i], key) != 0)
            i++;
        if (names[i] == NULL)
            return json_refuse(object, key, "unknown_field", "is not a field of this object",
                               problem);
    }
    return 0;
}

/** The member called name; refuses a value that is no object and a missing member. */
static int require(const struct json_at *object, const char *name, struct json_problem *problem,
                   json_t **ret_value)
{
    if (!json_is_object((json_t *)object->value))
        return json_refuse(object, NULL, "type", "must be an object", problem);
    json_t *value = member_of(object, name);
    if (value == NULL)
        return json_refuse(object, name, "missing", "is required", problem);
    *ret_value = value;
    return 0;
}

int json_text(const struct json_at *object, const char *name, size_t min, size_t max,
              struct json_problem *problem, struct slice *ret_text)
{
    json_t *value;
    if (require(object, name, problem, &value) != 0)
        return -1;
    if (!json_is_string(value))
        return json_refuse(object, name, "type", "must be a string", problem);
    size_t length = json_string_length(value);
    if (length < min || length > max) {
        char message[80];
        snprintf(message, sizeof(message), "must have %zu to %zu bytes", min, max);
        return json_refuse(object, name, "length", message, problem);
    }
    *ret_text = (struct slice){json_string_value(value), length};
    return 0;
}

int json_int(const struct json_at *object, const char *name, int64_t min, int64_t max,
             struct json_problem *problem, int64_t *ret_value)
{
    json_t *value;
    if (require(object, name, problem, &value) != 0)
        return -1;
    if (!json_is_integer(value)) /* 1.0 and 1e3 are reals to the parser */
        return json_refuse(object, name, "type", "must be an integer without fraction or exponent",
                           problem);
    int64_t number = json_integer_value(value);
    if (number < min || number > max) {
        char message[80];
        snprintf(message, sizeof(message), "must be from %" PRId64 " to %" PRId64, min, max);
        return json_refuse(object, name, "range", message, problem);
    }
    *ret_value = number;
    return 0;
}

int json_flag(const struct json_at *object, const char *name, struct json_problem *problem,
              bool *ret_flag)
{
    json_t *value;
    if (require(object, name, problem, &value) != 0)
        return -1;
    if (!json_is_boolean(value))
        return json_refuse(object, name, "type", "must be true or false", problem);
    *ret_flag = json_is_true(value);
    return 0;
}

int json_list(const struct json_at *object, const char *name, size_t min, size_t max,
              struct json_problem *problem, struct json_at *ret_array, size_t *ret_count)
{
    json_t *value;
    if (require(object, name, problem, &value) != 0)
        return -1;
    if (!json_is_array(value))
        return json_refuse(object, name, "type", "must be an array", problem);
    size_t count = json_array_size(value);
    if (count < min || count > max) {
        char message[80];
        snprintf(message, sizeof(message), "must have %zu to %zu elements", min, max);
        return json_refuse(object, name, "length", message, problem);
    }
    *ret_array = (struct json_at){.value = (struct json *)value, .parent = object, .key = name};
    *ret_count = count;
    return 0;
}

int json_member(const struct json_at *object, const char *name, struct json_problem *problem,
                struct json_at *ret_member)
{
    json_t *value;
    if (require(object, name, problem, &value) != 0)
        return -1;
    *ret_member = (struct json_at){.value = (struct json *)value, .parent = object, .key = name};
    return 0;
}

struct json_at json_element(const struct json_at *array, size_t index)
{
    json_t *value = json_array_get((json_t *)array->value, index);
    CHECK(value != NULL);
    return (struct json_at){.value = (struct json *)value, .parent = array, .index = index};
}

int json_each_text(const struct json_at *at, const struct json_text_rule *rule,
                   struct json_problem *problem)
{
    json_t *value = (json_t *)at->value, *member;
    struct json_at child = {.parent = at};
    if (json_is_string(value)) {
        struct slice text = {json_string_value(value), json_string_length(value)};
        if (rule->refused(at->key, text))
            return json_refuse(at, NULL, rule->code, rule->message, problem);
    }
    for (; child.index < json_array_size(value); child.index++) { /* 0 when it is no array */
        child.value = (struct json *)json_array_get(value, child.index);
        if (json_each_text(&child, rule, problem) != 0)
            return -1;
    }
    json_object_foreach(value, child.key, member)
    {
        child.value = (struct json *)member;
        if (rule->refused(NULL, slice_of(child.key)))
            return json_refuse(at, NULL, rule->code, rule->message, problem);
        if (json_each_text(&child, rule, problem) != 0)
            return -1;
    }
    return 0;
}
