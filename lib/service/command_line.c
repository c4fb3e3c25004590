/* What a service was asked to do.
 * Owner: lib/service. Thread: single.
 */
#include "service/command_line.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name, *help;
    enum command command;
} common_verbs[] = {
    {"--help", "this text", COMMAND_HELP},
    {"--version", "prints the version", COMMAND_VERSION},
    {"--check-config", "judges the settings without starting", COMMAND_CHECK_CONFIG},
    {"--migrate", "brings its own tables to this binary's schema", COMMAND_MIGRATE},
};

static bool find_verb(const struct service *service, const char *name, struct command_line *line)
{
    for (size_t i = 0; i < ARRAY_SIZE(common_verbs); i++) {
        if (strcmp(name, common_verbs[i].name) == 0) {
            line->command = common_verbs[i].command;
            return true;
        }
    }
    for (size_t i = 0; i < service->verb_count; i++) {
        if (strcmp(name, service->verbs[i].name) == 0) {
            line->command = COMMAND_VERB;
            line->verb = &service->verbs[i];
            return true;
        }
    }
    return false;
}

int command_line_parse(const struct service *service, int argc, char **argv, struct error *err,
                       struct command_line *ret_line)
{
    static const char prefix[] = "--config=";
    struct command_line line = {.command = COMMAND_RUN};
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], prefix, sizeof(prefix) - 1) == 0) {
            line.config_file = argv[i] + sizeof(prefix) - 1;
        } else if (strcmp(argv[i], "--config") == 0) {
            if (i + 1 == argc)
                return error_set(err, ERROR_PERMANENT, "--config needs a file");
            line.config_file = argv[++i];
        } else if (line.command != COMMAND_RUN || !find_verb(service, argv[i], &line)) {
            return error_set(err, ERROR_PERMANENT, "%s `%.64s`; %s --help lists what there is",
                             line.command != COMMAND_RUN ? "one verb at a time, not also"
                                                         : "unknown argument",
                             argv[i], service->name);
        } else if (line.verb != NULL && line.verb->arguments != NULL) {
            line.argument_count = argc - i - 1;
            line.arguments = argv + i + 1;
            break;
        }
    }
    *ret_line = line;
    return 0;
}

void command_line_print_help(const struct service *service, const struct setting_table *table)
{
    printf("%s %s: %s\n\nusage: %s [--config FILE] [VERB]\n\nVerbs:\n", service->name,
           CARTWRIGHT_VERSION, service->summary, service->name);
    for (size_t i = 0; i < ARRAY_SIZE(common_verbs); i++)
        printf("  %-16s %s\n", common_verbs[i].name, common_verbs[i].help);
    for (size_t i = 0; i < service->verb_count; i++) {
        const struct service_verb *verb = &service->verbs[i];
        if (verb->arguments != NULL)
            printf("  %s %s\n  %-16s %s\n", verb->name, verb->arguments, "", verb->help);
        else
            printf("  %-16s %s\n", verb->name, verb->help);
    }
    printf("\nSignals: SIGTERM and SIGINT drain and end, SIGHUP reads the settings again.\n\n");
    config_print_help(table);
}
