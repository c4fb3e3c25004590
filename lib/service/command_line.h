/* What a service was asked to do.
 * Owner: lib/service. Thread: single.
 */
#ifndef CARTWRIGHT_SERVICE_COMMAND_LINE_H
#define CARTWRIGHT_SERVICE_COMMAND_LINE_H

#include "service/service.h"

enum command {
    COMMAND_RUN,
    COMMAND_HELP,
    COMMAND_VERSION,
    COMMAND_CHECK_CONFIG,
    COMMAND_MIGRATE,
    COMMAND_VERB
};

struct command_line {
    enum command command;
    const struct service_verb *verb; /* COMMAND_VERB */
    const char *config_file;         /* or NULL */
    int argument_count;              /* of a verb that takes arguments */
    char **arguments;
};

int command_line_parse(const struct service *service, int argc, char **argv, struct error *err,
                       struct command_line *ret_line) WARN_UNUSED;

void command_line_print_help(const struct service *service, const struct setting_table *table);

#endif
