/* Who may listen, how many, and for how long.
 * Owner: cart-api. Thread: the request's worker.
 */
#include "base/clock.h"
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

/** Where everybody is the local operator nobody has a limit of his own. */
static struct slice counted_as(const struct auth_identity *identity)
{
    return identity->kind == AUTH_LOCAL ? slice_of("") : identity->principal;
}

bool live_gate_open(struct http_request *request, struct app *app,
                    const struct auth_identity *identity)
{
    if (!origin_passes(request, app)) {
        metric_add(app->counters.live_refused, 0, 1);
        problem_answer(request, &problem_origin_not_allowed,
                       "The page's origin is not among allowed_origins.", NULL, 0);
        return false;
    }
    switch (live_admit(app->live, counted_as(identity))) {
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

void live_gate_enter(struct live_guest *guest, struct app *app,
                     const struct auth_identity *identity)
{
    *guest = (struct live_guest){.app = app};
    caller_keep(identity, &guest->caller);
}

/* ---- the end of the credential */

static void set_timer(struct live_guest *guest);

static void on_timer(void *arg)
{
    struct live_guest *guest = arg;
    guest->timer = NULL;
    if (clock_wall_us() / 1000000 >= guest->caller.identity.expires_at_s)
        guest->expired(guest->arg);
    else
        set_timer(guest);
}

static void set_timer(struct live_guest *guest)
{
    int64_t left_s = guest->caller.identity.expires_at_s - clock_wall_us() / 1000000;
    int delay_ms = left_s < 1 ? 1 : left_s > 60 ? 60000 : (int)left_s * 1000;
    guest->timer = http_timer_start(guest->worker, delay_ms, on_timer, guest);
}

void live_gate_watch(struct live_guest *guest, struct http_worker *worker,
                     void (*expired)(void *arg), void *arg)
{
    guest->worker = worker;
    guest->expired = expired;
    guest->arg = arg;
    if (guest->caller.identity.expires_at_s != INT64_MAX)
        set_timer(guest);
}

void live_gate_close(struct live_guest *guest, enum http_stream_end how)
{
    if (guest->timer != NULL)
        http_timer_stop(guest->timer);
    metric_add(guest->app->counters.live_ended, how, 1);
    live_dismiss(guest->app->live, counted_as(&guest->caller.identity));
}

struct http_stream_limits live_limits(const struct app *app)
{
    return (struct http_stream_limits){
        .beat_ms = (int)app->settings->live_beat_ms,
        .stall_ms = (int)app->settings->live_stall_ms,
        .output_max = OUTPUT_BYTES_MAX,
    };
}
