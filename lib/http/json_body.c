/* Strict JSON requests: parsing.
 * Owner: lib/http. Thread: any.
 */
#include "http/json_body.h"

#include <jansson.h>
#include <stdio.h>

static const int64_t integer_max = ((int64_t)1 << 53) - 1; /* RFC 8259, 6 */

static int refuse_text(struct json_problem *problem, const char *code, const char *message)
{
    problem->pointer[0] = '\0';
    problem->code = code;
    snprintf(problem->message, sizeof(problem->message), "%s", message);
    return -1;
}

/** The deepest nesting of arrays and objects in text, whether it is JSON or not. */
static size_t depth_of(struct slice text)
{
    size_t depth = 0, deepest = 0;
    bool in_string = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '[' || c == '{') {
            depth++;
            deepest = depth > deepest ? depth : deepest;
        } else if ((c == ']' || c == '}') && depth > 0) {
            depth--;
        }
    }
    return deepest;
}

static int refuse_syntax(struct json_problem *problem, const json_error_t *error)
{
    const char *code = "syntax", *what = "is not JSON";
    enum json_error_code reason = json_error_code(error);
    if (reason == json_error_duplicate_key) {
        code = "duplicate_key";
        what = "has a key twice in one object";
    } else if (reason == json_error_numeric_overflow) {
        code = "range";
        what = "has a number out of range";
    } else if (reason == json_error_invalid_utf8) {
        what = "is not valid UTF-8";
    } else if (reason == json_error_null_character || reason == json_error_null_byte_in_key) {
        what = "has a NUL in a string";
    } else if (reason == json_error_end_of_input_expected) {
        what = "goes on after the JSON value";
    } else if (reason == json_error_premature_end_of_input) {
        what = "ends too early";
    }
    char message[sizeof(problem->message)];
    snprintf(message, sizeof(message), "The body %s (line %d, column %d).", what, error->line,
             error->column);
    return refuse_text(problem, code, message);
}

static int check_integers(const struct json_at *at, struct json_problem *problem)
{
    json_t *value = (json_t *)at->value;
    if (json_is_integer(value)) {
        json_int_t number = json_integer_value(value);
        if (number > integer_max || number < -integer_max)
            return json_refuse(at, NULL, "range", "must be an integer between -(2^53-1) and 2^53-1",
                               problem);
        return 0;
    }
    struct json_at child = {.parent = at};
    if (json_is_array(value)) {
        for (; child.index < json_array_size(value); child.index++) {
            child.value = (struct json *)json_array_get(value, child.index);
            if (check_integers(&child, problem) != 0)
                return -1;
        }
        return 0;
    }
    json_t *member;
    json_object_foreach(value, child.key, member)
    {
        child.value = (struct json *)member;
        if (check_integers(&child, problem) != 0)
            return -1;
    }
    return 0;
}

int json_parse(struct slice text, struct json_problem *problem, struct json **ret_json)
{
    if (text.len == 0)
        return refuse_text(problem, "syntax", "The body is empty.");
    if (text.len >= 3 && memcmp(text.data, "\xEF\xBB\xBF", 3) == 0)
        return refuse_text(problem, "syntax", "The body starts with a byte order mark.");
    if (memchr(text.data, '\0', text.len) !=
        NULL) /* the parser takes one after the value for its end */
        return refuse_text(problem, "syntax", "The body has a NUL byte.");
    if (depth_of(text) > JSON_DEPTH_MAX)
        return refuse_text(problem, "depth", "The body is nested too deeply.");
    json_error_t error;
    json_t *value =
        json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (value == NULL)
        return refuse_syntax(problem, &error);
    struct json_at root = json_root((struct json *)value);
    if (check_integers(&root, problem) != 0) {
        json_decref(value);
        return -1;
    }
    *ret_json = (struct json *)value;
    return 0;
}

void json_free(struct json *json)
{
    json_decref((json_t *)json);
}
