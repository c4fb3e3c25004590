/* What cart-api counts.
 * Owner: cart-api. Thread: any.
 */
#include "cart-api/counters.h"

#include "cart-api/decide_idle.h"
#include "http/stream.h"

static const char *const results[RESULT_COUNT] = {
    [RESULT_APPENDED] = "appended",       [RESULT_UNCHANGED] = "unchanged",
    [RESULT_REFUSED] = "refused",         [RESULT_REPLAYED] = "replayed",
    [RESULT_KEY_REUSED] = "key_reused",   [RESULT_OVERLOADED] = "overloaded",
    [RESULT_UNAVAILABLE] = "unavailable", [RESULT_UNKNOWN] = "unknown",
    [RESULT_CONTENDED] = "contended",     [RESULT_BROKEN] = "broken",
};

static const char *const sources[SOURCE_COUNT] = {
    [SOURCE_REDIS] = "redis",
    [SOURCE_POSTGRESQL] = "postgresql",
};

static const struct metric_spec commands = {
    .name = "cartwright_cart_commands_total",
    .help = "Commands by outcome",
    .type = METRIC_COUNTER,
    .label = "outcome",
    .series = RESULT_COUNT,
    .label_values = results,
};

static const struct metric_spec command_duration = {
    .name = "cartwright_cart_command_duration_seconds",
    .help = "From the parsed request to its answer",
    .type = METRIC_HISTOGRAM,
};

static const struct metric_spec view_reads = {
    .name = "cartwright_cart_view_reads_total",
    .help = "Views answered, by where they came from",
    .type = METRIC_COUNTER,
    .label = "source",
    .series = SOURCE_COUNT,
    .label_values = sources,
};

static const char *const offered[OFFERED_COUNT] = {
    [OFFERED_WRITTEN] = "written",
    [OFFERED_KNOWN] = "known",
    [OFFERED_FAILED] = "failed",
};

static const struct metric_spec view_offers = {
    .name = "cartwright_cart_view_offers_total",
    .help = "Views folded from the store and offered to Redis before they were answered, by what "
            "became of them; after a failed one views of its partition are folded until the "
            "projection has caught up",
    .type = METRIC_COUNTER,
    .label = "outcome",
    .series = OFFERED_COUNT,
    .label_values = offered,
};

static const struct metric_spec view_waits = {
    .name = "cartwright_cart_view_waits_total",
    .help = "Times that a view was asked for again because it was behind minVersion",
    .type = METRIC_COUNTER,
};

static const struct metric_spec folds_refused = {
    .name = "cartwright_cart_reads_refused_total",
    .help = "Reads of the store that were refused because too many waited",
    .type = METRIC_COUNTER,
};

static const struct metric_spec answers_swept = {
    .name = "cartwright_cart_answers_swept_total",
    .help = "Recorded answers that were deleted because they were old",
    .type = METRIC_COUNTER,
};

static const struct metric_spec live_listeners = {
    .name = "cartwright_live_listeners",
    .help = "Open live connections, SSE and WebSocket",
    .type = METRIC_GAUGE,
};

static const struct metric_spec live_connected = {
    .name = "cartwright_live_connected",
    .help = "1 while live views are subscribed to in Redis",
    .type = METRIC_GAUGE,
};

static const struct metric_spec live_messages = {
    .name = "cartwright_live_messages_total",
    .help = "Views that Redis published and somebody here listens to",
    .type = METRIC_COUNTER,
};

static const struct metric_spec live_pushed = {
    .name = "cartwright_live_pushed_total",
    .help = "Views sent to listeners",
    .type = METRIC_COUNTER,
};

static const struct metric_spec live_refused = {
    .name = "cartwright_live_refused_total",
    .help = "Live connections that were refused, by their origin or by a limit",
    .type = METRIC_COUNTER,
};

static const char *const ends[HTTP_STREAM_ENDS] = {
    [HTTP_STREAM_LEFT] = "left",
    [HTTP_STREAM_ENDED] = "ended",
    [HTTP_STREAM_SLOW] = "slow",
    [HTTP_STREAM_SILENT] = "silent",
};

static const struct metric_spec live_ended = {
    .name = "cartwright_live_ended_total",
    .help =
        "Live connections that ended: the client left, the server ended it, the client read too "
        "slowly, or it was silent",
    .type = METRIC_COUNTER,
    .label = "how",
    .series = HTTP_STREAM_ENDS,
    .label_values = ends,
};

static const char *const idle_kinds[IDLE_KINDS] = {
    [IDLE_ABANDON] = "abandoned",
    [IDLE_EXPIRE] = "expired",
};

static const struct metric_spec idle_carts = {
    .name = "cartwright_cart_idle_total",
    .help = "Carts that nobody touched and that were told so, by the event they got",
    .type = METRIC_COUNTER,
    .label = "kind",
    .series = IDLE_KINDS,
    .label_values = idle_kinds,
};

void api_counters_add(struct metrics *metrics, struct api_counters *counters)
{
    counters->commands = metrics_add(metrics, &commands);
    counters->command_duration = metrics_add(metrics, &command_duration);
    counters->view_reads = metrics_add(metrics, &view_reads);
    counters->view_offers = metrics_add(metrics, &view_offers);
    counters->view_waits = metrics_add(metrics, &view_waits);
    counters->folds_refused = metrics_add(metrics, &folds_refused);
    counters->answers_swept = metrics_add(metrics, &answers_swept);
    counters->live_listeners = metrics_add(metrics, &live_listeners);
    counters->live_connected = metrics_add(metrics, &live_connected);
    counters->live_messages = metrics_add(metrics, &live_messages);
    counters->live_pushed = metrics_add(metrics, &live_pushed);
    counters->live_refused = metrics_add(metrics, &live_refused);
    counters->live_ended = metrics_add(metrics, &live_ended);
    counters->idle_carts = metrics_add(metrics, &idle_carts);
}
