/* GET /demo: a page where a person sees a cart change live in two windows.
 * Owner: cart-api. Thread: the request's worker.
 */
#include "cart-api/demo.h"

extern const char demo_html[], demo_js[], demo_css[]; /* from demo/, NUL-terminated */

static void answer(struct http_request *request, const char *type, const char *text)
{
    /* Nothing but our own two files runs or is shown, and nobody may frame the page. */
    static const char policy[] = "default-src 'none'; script-src 'self'; style-src 'self'; "
                                 "connect-src 'self'; base-uri 'none'; form-action 'none'; "
                                 "frame-ancestors 'none'";
    http_add_header(request, "content-security-policy", slice_of(policy));
    http_add_header(request, "x-content-type-options", slice_of("nosniff"));
    http_add_header(request, "referrer-policy", slice_of("no-referrer"));
    http_add_header(request, "cache-control", slice_of("no-cache"));
    http_answer(request, 200, type, slice_of(text));
}

void route_demo_page(struct http_request *request, void *context)
{
    (void)context;
    answer(request, "text/html; charset=utf-8", demo_html);
}

void route_demo_script(struct http_request *request, void *context)
{
    (void)context;
    answer(request, "text/javascript; charset=utf-8", demo_js);
}

void route_demo_style(struct http_request *request, void *context)
{
    (void)context;
    answer(request, "text/css; charset=utf-8", demo_css);
}
