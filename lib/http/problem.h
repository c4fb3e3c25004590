/* Refusals and failures as application/problem+json. Source: RFC 9457.
 * Owner: lib/http. Thread: the request's worker.
 */
#ifndef CARTWRIGHT_HTTP_PROBLEM_H
#define CARTWRIGHT_HTTP_PROBLEM_H

#include "http/http.h"

/** One row per problem; docs/problems.md is generated from these tables. The skeleton's own table
 * is in problem.c; a daemon has its own. */
struct problem {
    const char *code; /* stable snake_case; type is /problems/ with dashes */
    int status;
    const char *title;
    int retry_after_s; /* > 0: Retry-After */
};

struct problem_detail {  /* an entry of errors[] */
    const char *pointer; /* RFC 6901, or "" for the whole body; "?name" for a query parameter */
    const char *code;
    const char *message;
};

extern const struct problem problem_bad_request, problem_not_found, problem_method_not_allowed,
    problem_body_too_large, problem_unsupported_media_type, problem_invalid_json,
    problem_invalid_field, problem_deadline_exceeded, problem_overloaded, problem_internal,
    problem_invalid_parameter, problem_uri_too_long, problem_headers_too_large,
    problem_expectation_failed, problem_card_number_refused, problem_idempotency_key_missing,
    problem_idempotency_key_reused, problem_not_ready, problem_unauthenticated,
    problem_invalid_token, problem_keys_unavailable, problem_too_many_requests;

/** All of the above, for the documentation. */
extern const struct problem *const problem_skeleton[];
extern const size_t problem_skeleton_count;

extern const char problem_content_type[]; /* application/problem+json */

/** Answers with problem; detail is one sentence for people or NULL, details may be NULL. */
void problem_answer(struct http_request *request, const struct problem *problem, const char *detail,
                    const struct problem_detail *details, size_t detail_count);

/** As problem_answer, with members of the problem's own beside the common ones, such as the id of
 * what is in the way. */
struct problem_member {
    const char *name;
    struct slice value;
};
void problem_answer_with(struct http_request *request, const struct problem *problem,
                         const char *detail, const struct problem_member *members,
                         size_t member_count);

/** The same document written to out, for what must be answered without a struct http_request. */
struct problem_place {
    struct slice instance;
    const uint8_t *trace_id; /* 16 bytes */
};
void problem_write(struct buf *out, const struct problem *problem, const char *detail,
                   const struct problem_detail *details, size_t detail_count,
                   const struct problem_place *place);

#endif
