/* One JSON object per line on stderr.
 * Owner: lib/base. Thread: any; a line is one write(2).
 */
#include "base/log.h"

#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json_writer.h"
#include "base/utf8.h"

static const char *service_name = "cartwright";
static _Atomic int least_level = LOG_INFO;
static const char *const level_names[] = {"debug", "info", "warning", "error"};

void log_init(const char *service, enum log_level least)
{
    service_name = service;
    log_set_level(least);
}

void log_set_level(enum log_level least)
{
    atomic_store_explicit(&least_level, (int)least, memory_order_relaxed);
}

int log_level_parse(const char *name, enum log_level *ret_level)
{
    for (size_t i = 0; i < ARRAY_SIZE(level_names); i++) {
        if (strcmp(name, level_names[i]) == 0) {
            *ret_level = (enum log_level)i;
            return 0;
        }
    }
    return -1;
}

/* A log line is read by programs: text of unknown origin must not break its encoding. */
static void put_text(struct buf *line, const char *key, const char *text)
{
    size_t length = strlen(text);
    json_string_member(line, key,
                       utf8_valid(text, length) ? (struct slice){text, length}
                                                : slice_of("(not UTF-8)"));
}

void log_write(enum log_level level, const char *message, size_t field_count,
               const struct log_field *fields)
{
    if ((int)level < atomic_load_explicit(&least_level, memory_order_relaxed))
        return;
    char time[CLOCK_TEXT_SIZE];
    struct buf line = {0};
    clock_format(clock_wall_us(), time);
    buf_char(&line, '{');
    json_string_member(&line, "time", slice_of(time));
    json_string_member(&line, "level", slice_of(level_names[level]));
    json_string_member(&line, "service", slice_of(service_name));
    put_text(&line, "message", message);
    for (size_t i = 0; i < field_count; i++) {
        if (fields[i].text != NULL)
            put_text(&line, fields[i].key, fields[i].text);
        else
            json_int_member(&line, fields[i].key, fields[i].number);
    }
    buf_append(&line, "}\n", 2);
    ssize_t written = write(STDERR_FILENO, line.data, line.len);
    (void)written; /* nowhere left to report it */
    buf_free(&line);
}
