/* The table of cart-api's calls.
 * Owner: cart-api. Thread: any; const.
 */
#include "cart-api/routes.h"

#include "cart-api/command_routes.h"
#include "cart-api/demo.h"
#include "cart-api/live_routes.h"
#include "cart-api/read_routes.h"

const struct http_route api_routes[] = {
    {"POST", "/api/cart", "open", route_open, HTTP_OPTIONAL},
    {"POST", "/api/cart/{cartId}/items", "add_items", route_add_items, HTTP_PRIVATE},
    {"DELETE", "/api/cart/{cartId}/items", "clear", route_clear, HTTP_PRIVATE},
    {"PUT", "/api/cart/{cartId}/items/{productId}", "set_quantity", route_set_quantity,
     HTTP_PRIVATE},
    {"DELETE", "/api/cart/{cartId}/items/{productId}", "remove_item", route_remove_item,
     HTTP_PRIVATE},
    {"POST", "/api/cart/{cartId}/merge", "merge", route_merge, HTTP_PRIVATE},
    {"POST", "/api/cart/{cartId}/checkout", "check_out", route_check_out, HTTP_PRIVATE},
    {"GET", "/api/cart/view/{cartId}", "view", route_view, HTTP_PRIVATE},
    {"GET", "/api/cart/{cartId}/events", "events", route_history, HTTP_PRIVATE},
    {"GET", "/api/cart/{cartId}/state", "state", route_state, HTTP_PRIVATE},
    {"GET", "/api/cart/{cartId}/stream", "stream", route_stream, HTTP_PRIVATE},
    {"GET", "/ws", "ws", route_socket, HTTP_OPTIONAL},
    {"GET", "/demo", "demo", route_demo_page, HTTP_PUBLIC},
    {"GET", "/demo/demo.js", "demo_script", route_demo_script, HTTP_PUBLIC},
    {"GET", "/demo/demo.css", "demo_style", route_demo_style, HTTP_PUBLIC},
    {"GET", "/openapi.json", "openapi", route_openapi, HTTP_PUBLIC},
    {"GET", "/asyncapi.json", "asyncapi", route_asyncapi, HTTP_PUBLIC},
};
const size_t api_route_count = ARRAY_SIZE(api_routes);
