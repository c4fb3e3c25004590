/* Who may listen, and how many.
 * Owner: cart-api. Thread: the request's worker.
 */
#include "cart-api/app.h"
#include "cart-api/live_routes.h"
#include "cart-api/origin.h"
#include "cart-api/problems.h"

/* A client that reads gets one view at a time, which may be large; one that does not read gets no
 * further one. */
enum { OUTPUT_BYTES_MAX = 2 * 1024 * 1024 };

static bool origin_passes(struct http_request *request, const struct app *app)
{
    struct slice origin, host;
    int count = http_header_count(request, "origin");
    if (count == 0)
        return true; /* not a page's script: browsers always say */
    return count == 1 && http_header(request, "origin", &origin) &&
           http_header(request, "host", &host) &&
           origin_allowed(origin, host, app->settings->allowed_origins);
}

bool live_gate_open(struct http_request *request, struct app *app)
{
    if (!origin_passes(request, app)) {
        metric_add(app->counters.live_refused, 0, 1);
        problem_answer(request, &problem_origin_not_allowed,
                       "The page's origin is not among allowed_origins.", NULL, 0);
        return false;
    }
    switch (live_admit(app->live, slice_of(""))) {
    case LIVE_ADMITTED:
        return true;
    case LIVE_FULL:
        problem_answer(request, &problem_overloaded, "There are too many listeners.", NULL, 0);
        return false;
    case LIVE_TOO_MANY_OF_YOURS:
        problem_answer(request, &problem_too_many_listeners, "Close one of your others first.",
                       NULL, 0);
        return false;
    }
    NOT_REACHED();
}

void live_gate_close(struct app *app, enum http_stream_end how)
{
    metric_add(app->counters.live_ended, how, 1);
    live_dismiss(app->live, slice_of(""));
}

struct http_stream_limits live_limits(const struct app *app)
{
    return (struct http_stream_limits){
        .beat_ms = (int)app->settings->live_beat_ms,
        .stall_ms = (int)app->settings->live_stall_ms,
        .output_max = OUTPUT_BYTES_MAX,
    };
}
