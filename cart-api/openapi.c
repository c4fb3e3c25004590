/* GET /openapi.json.
 * Owner: cart-api. Thread: the request's worker.
 */
#include "cart-api/openapi.h"

#include "cart-api/read_routes.h"

void route_openapi(struct http_request *request, void *context)
{
    (void)context;
    http_add_header(request, "cache-control", slice_of("no-cache"));
    http_answer(request, 200, "application/json", slice_of(openapi_json));
}
