/* One JSON object per line on stderr. Only the edge logs: daemons, workers, supervisors of threads;
 * libraries return errors.
 * Owner: lib/base. Thread: any; a line is one write(2).
 */
#ifndef CARTWRIGHT_BASE_LOG_H
#define CARTWRIGHT_BASE_LOG_H

#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };

struct log_field {
    const char *key;
    const char *text; /* NULL: number */
    int64_t number;
};

#define LOG_TEXT(name, value) ((struct log_field){.key = (name), .text = (value)})
#define LOG_INT(name, value) ((struct log_field){.key = (name), .number = (value)})

/** Service name for every line and the least level that is written; the text is kept by pointer. */
void log_init(const char *service, enum log_level least);
void log_set_level(enum log_level least);

/** "debug", "info", "warning" or "error" to a level; -1 for another name. */
int log_level_parse(const char *name, enum log_level *ret_level);

void log_write(enum log_level level, const char *message, size_t field_count,
               const struct log_field *fields);

#define LOG_AT(level, message, ...)                                                                \
    log_write((level), (message),                                                                  \
              sizeof((struct log_field[]){{0}, ##__VA_ARGS__}) / sizeof(struct log_field) - 1,     \
              (const struct log_field[]){{0}, ##__VA_ARGS__} + 1)

/** log_info("relay resumed", LOG_INT("partition", 3), LOG_TEXT("from", "topic")); */
#define log_debug(message, ...) LOG_AT(LOG_DEBUG, message, ##__VA_ARGS__)
#define log_info(message, ...) LOG_AT(LOG_INFO, message, ##__VA_ARGS__)
#define log_warning(message, ...) LOG_AT(LOG_WARNING, message, ##__VA_ARGS__)
#define log_error(message, ...) LOG_AT(LOG_ERROR, message, ##__VA_ARGS__)

#endif
