/* Refusals of parameters, in one wording for all routes.
 * Owner: cart-api. Thread: the request's worker.
 */
#include "cart-api/refuse.h"

void refuse_parameter(struct http_request *request, const char *name, const char *why)
{
    struct problem_detail detail = {name, problem_invalid_parameter.code, why};
    problem_answer(request, &problem_invalid_parameter, why, &detail, 1);
}

void refuse_cart_id(struct http_request *request)
{
    refuse_parameter(request, "cartId", "A cart id is 1 to 64 of A-Z a-z 0-9 _ -.");
}

bool query_is_valid(struct http_request *request, const char *const *names)
{
    struct slice bad;
    if (http_query_valid(request, names, &bad))
        return true;
    refuse_parameter(request, "?",
                     "The query has a parameter that this call does not know, one that "
                     "is given twice, or a bad escape.");
    return false;
}

void refuse_body(struct http_request *request, const struct body_failure *failure)
{
    struct problem_detail detail = {failure->place.pointer, failure->place.code,
                                    failure->place.message};
    problem_answer(request, failure->problem, failure->place.message, &detail, 1);
}
