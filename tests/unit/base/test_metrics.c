/* The Prometheus text of each kind of metric. */
#include "base/metrics.h"

#include "tests/unit/test.h"

static void renders(void **state)
{
    (void)state;
    static const char *const outcomes[] = {"ok", "refused"};
    static const struct metric_spec commands = {.name = "commands_total",
                                                .help = "Commands",
                                                .label = "outcome",
                                                .series = 2,
                                                .label_values = outcomes};
    static const struct metric_spec lag = {
        .name = "lag", .help = "Lag", .type = METRIC_GAUGE, .label = "partition", .series = 2};
    static const struct metric_spec duration = {
        .name = "duration_seconds", .help = "Duration", .type = METRIC_HISTOGRAM};
    struct metrics *metrics = metrics_new();
    struct buf out = {0};
    struct metric *counter = metrics_add(metrics, &commands);
    struct metric *gauge = metrics_add(metrics, &lag);
    struct metric *histogram = metrics_add(metrics, &duration);
    metric_add(counter, 1, 3);
    metric_set(gauge, 1, -5);
    metric_observe_us(histogram, 0, 150);
    metric_observe_us(histogram, 0, 20000000);
    metric_add(NULL, 0, 1); /* not wanted: ignored */
    metrics_render(metrics, &out);
    const char *text = buf_cstr(&out);
    assert_non_null(strstr(text, "# TYPE commands_total counter\ncommands_total{outcome=\"ok\"} 0\n"
                                 "commands_total{outcome=\"refused\"} 3\n"));
    assert_non_null(strstr(text, "lag{partition=\"1\"} -5\n"));
    assert_non_null(strstr(text, "duration_seconds_bucket{le=\"0.0001\"} 0\n"));
    assert_non_null(strstr(text, "duration_seconds_bucket{le=\"0.0002\"} 1\n"));
    assert_non_null(strstr(text, "duration_seconds_bucket{le=\"10\"} 1\n"));
    assert_non_null(strstr(text, "duration_seconds_bucket{le=\"+Inf\"} 2\n"));
    assert_non_null(strstr(text, "duration_seconds_sum 20.000150\nduration_seconds_count 2\n"));
    buf_free(&out);
    metrics_free(metrics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(renders)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
