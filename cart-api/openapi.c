/* GET /openapi.json and /asyncapi.json.
 * Owner: cart-api. Thread: the request's worker.
 */
#include "cart-api/openapi.h"

#include "cart-api/read_routes.h"

static void answer_document(struct http_request *request, const char *document)
{
    http_add_header(request, "cache-control", slice_of("no-cache"));
    http_answer(request, 200, "application/json", slice_of(document));
}

void route_openapi(struct http_request *request, void *context)
{
    (void)context;
    answer_document(request, openapi_json);
}

void route_asyncapi(struct http_request *request, void *context)
{
    (void)context;
    answer_document(request, asyncapi_json);
}
