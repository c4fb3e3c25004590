/* Refusals and failures as application/problem+json.
 * Owner: lib/http. Thread: the request's worker.
 */
#include "http/problem.h"

#include <stdio.h>

#include "base/json_writer.h"
#include "http/internal.h"
#include "http/trace.h"

const char problem_content_type[] = "application/problem+json";

const struct problem problem_bad_request = {"bad_request", 400, "The request is malformed", 0};
const struct problem problem_invalid_json = {"invalid_json", 400, "The body is not the JSON wanted",
                                             0};
const struct problem problem_invalid_field = {"invalid_field", 400, "A field is not acceptable", 0};
const struct problem problem_invalid_parameter = {"invalid_parameter", 400,
                                                  "A query parameter is not acceptable", 0};
const struct problem problem_unauthenticated = {"unauthenticated", 401, "A credential is needed",
                                                0};
const struct problem problem_invalid_token = {"invalid_token", 401, "The credential is not valid",
                                              0};
const struct problem problem_not_found = {"not_found", 404, "Not found", 0};
const struct problem problem_method_not_allowed = {"method_not_allowed", 405,
                                                   "The path does not have this method", 0};
const struct problem problem_body_too_large = {"body_too_large", 413, "The body is too large", 0};
const struct problem problem_uri_too_long = {"uri_too_long", 414, "The URI is too long", 0};
const struct problem problem_unsupported_media_type = {
    "unsupported_media_type", 415, "The body must be application/json in UTF-8", 0};
const struct problem problem_expectation_failed = {"expectation_failed", 417,
                                                   "The expectation cannot be met", 0};
const struct problem problem_headers_too_large = {"headers_too_large", 431,
                                                  "The headers are too large", 0};
const struct problem problem_card_number_refused = {"card_number_refused", 400,
                                                    "Card numbers are not taken", 0};
const struct problem problem_idempotency_key_missing = {"idempotency_key_missing", 400,
                                                        "The call wants an idempotency key", 0};
const struct problem problem_idempotency_key_reused = {
    "idempotency_key_reused", 422, "The idempotency key belongs to another request", 0};
const struct problem problem_internal = {"internal", 500, "Internal error", 0};
const struct problem problem_deadline_exceeded = {"deadline_exceeded", 503, "Not answered in time",
                                                  1};
const struct problem problem_overloaded = {"overloaded", 503, "Overloaded", 1};
const struct problem problem_not_ready = {"not_ready", 503, "Not ready", 1};

/* Its Retry-After is the bucket's. */
const struct problem problem_too_many_requests = {"too_many_requests", 429, "Too many requests", 0};
const struct problem problem_keys_unavailable = {"keys_unavailable", 503,
                                                 "The keys of tokens cannot be reached", 1};

const struct problem *const problem_skeleton[] = {
    &problem_card_number_refused,
    &problem_idempotency_key_missing,
    &problem_idempotency_key_reused,
    &problem_bad_request,
    &problem_invalid_json,
    &problem_invalid_field,
    &problem_invalid_parameter,
    &problem_not_found,
    &problem_method_not_allowed,
    &problem_body_too_large,
    &problem_uri_too_long,
    &problem_unsupported_media_type,
    &problem_expectation_failed,
    &problem_headers_too_large,
    &problem_internal,
    &problem_deadline_exceeded,
    &problem_overloaded,
    &problem_not_ready,
    &problem_unauthenticated,
    &problem_invalid_token,
    &problem_keys_unavailable,
    &problem_too_many_requests,
};
const size_t problem_skeleton_count = ARRAY_SIZE(problem_skeleton);

static void write_type(struct buf *out, const char *code)
{
    json_name(out, "type");
    buf_text(out, "\"/problems/");
    for (; *code != '\0'; code++)
        buf_append(out, *code == '_' ? "-" : code, 1);
    buf_char(out, '"');
}

static void write_details(struct buf *out, const struct problem_detail *details, size_t count)
{
    json_name(out, "errors");
    buf_char(out, '[');
    for (size_t i = 0; i < count; i++) {
        json_comma(out);
        buf_char(out, '{');
        json_string_member(out, "pointer", slice_of(details[i].pointer));
        json_string_member(out, "code", slice_of(details[i].code));
        json_string_member(out, "message", slice_of(details[i].message));
        buf_char(out, '}');
    }
    buf_char(out, ']');
}

/* The document without its closing brace. */
static void write_open(struct buf *out, const struct problem *problem, const char *detail,
                       const struct problem_place *place)
{
    char trace_id[33];
    trace_hex(place->trace_id, 16, trace_id);
    buf_char(out, '{');
    write_type(out, problem->code);
    json_string_member(out, "title", slice_of(problem->title));
    json_int_member(out, "status", problem->status);
    if (detail != NULL)
        json_string_member(out, "detail", slice_of(detail));
    if (place->instance.len > 0)
        json_string_member(out, "instance", place->instance);
    json_string_member(out, "code", slice_of(problem->code));
    json_string_member(out, "traceId", (struct slice){trace_id, 32});
}

void problem_write(struct buf *out, const struct problem *problem, const char *detail,
                   const struct problem_detail *details, size_t detail_count,
                   const struct problem_place *place)
{
    write_open(out, problem, detail, place);
    if (details != NULL)
        write_details(out, details, detail_count);
    buf_char(out, '}');
}

static void send_document(struct http_request *request, const struct problem *problem,
                          const struct buf *document)
{
    if (problem->retry_after_s > 0) {
        char seconds[16];
        snprintf(seconds, sizeof(seconds), "%d", problem->retry_after_s);
        http_add_header(request, "retry-after", slice_of(seconds));
    }
    http_answer(request, problem->status, problem_content_type, buf_slice(document));
}

void problem_answer(struct http_request *request, const struct problem *problem, const char *detail,
                    const struct problem_detail *details, size_t detail_count)
{
    struct buf *out = &request->worker->scratch;
    struct problem_place place = {http_path(request), http_trace_of(request)->trace_id};
    buf_clear(out);
    problem_write(out, problem, detail, details, detail_count, &place);
    send_document(request, problem, out);
}

void problem_answer_with(struct http_request *request, const struct problem *problem,
                         const char *detail, const struct problem_member *members,
                         size_t member_count)
{
    struct buf *out = &request->worker->scratch;
    struct problem_place place = {http_path(request), http_trace_of(request)->trace_id};
    buf_clear(out);
    write_open(out, problem, detail, &place);
    for (size_t i = 0; i < member_count; i++)
        json_string_member(out, members[i].name, members[i].value);
    buf_char(out, '}');
    send_document(request, problem, out);
}
