/* The verbs of every service, its own ones, and every way to get them wrong. */
#include "service/command_line.h"

#include "tests/unit/test.h"

static int run_verb(const void *settings)
{
    (void)settings;
    return 7;
}

static int run_with(const void *settings, int argc, char **argv)
{
    (void)settings;
    return argc * 10 + (argc > 0 ? argv[0][0] - '0' : 0);
}

static const struct service_verb verbs[] = {
    {.name = "--rebuild", .help = "help", .run = run_verb},
    {.name = "--try", .help = "help", .arguments = "FILE [--since TIME]", .run_with = run_with},
};
static const struct service service = {.name = "unit", .verbs = verbs, .verb_count = 2};

static int parse(const char *a, const char *b, const char *c, struct command_line *line,
                 struct error *err)
{
    static char *argv[5]; /* the line points into it */
    int argc = 1;
    argv[0] = (char *)"unit";
    argv[1] = (char *)a;
    argv[2] = (char *)b;
    argv[3] = (char *)c;
    while (argv[argc] != NULL)
        argc++;
    return command_line_parse(&service, argc, argv, err, line);
}

static void reads_what_is_asked(void **state)
{
    (void)state;
    struct command_line line;
    struct error err;
    assert_int_equal(parse(NULL, NULL, NULL, &line, &err), 0);
    assert_int_equal(line.command, COMMAND_RUN);
    assert_null(line.config_file);
    assert_int_equal(parse("--config", "a.conf", NULL, &line, &err), 0);
    assert_int_equal(line.command, COMMAND_RUN);
    assert_string_equal(line.config_file, "a.conf");
    assert_int_equal(parse("--check-config", "--config=b.conf", NULL, &line, &err), 0);
    assert_int_equal(line.command, COMMAND_CHECK_CONFIG);
    assert_string_equal(line.config_file, "b.conf");
    assert_int_equal(parse("--help", NULL, NULL, &line, &err), 0);
    assert_int_equal(line.command, COMMAND_HELP);
    assert_int_equal(parse("--version", NULL, NULL, &line, &err), 0);
    assert_int_equal(line.command, COMMAND_VERSION);
    assert_int_equal(parse("--rebuild", NULL, NULL, &line, &err), 0);
    assert_int_equal(line.command, COMMAND_VERB);
    assert_int_equal(line.verb->run(NULL), 7);
}

/* All that follows such a verb is the verb's, also what is a verb by itself. */
static void hands_arguments_over(void **state)
{
    (void)state;
    struct command_line line;
    struct error err;
    assert_int_equal(parse("--config=c.conf", "--try", "5", &line, &err), 0);
    assert_string_equal(line.config_file, "c.conf");
    assert_int_equal(line.command, COMMAND_VERB);
    assert_int_equal(line.verb->run_with(NULL, line.argument_count, line.arguments), 15);
    assert_int_equal(parse("--try", "7", "--help", &line, &err), 0);
    assert_int_equal(line.verb->run_with(NULL, line.argument_count, line.arguments), 27);
    assert_int_equal(parse("--try", NULL, NULL, &line, &err), 0);
    assert_int_equal(line.argument_count, 0);
    assert_int_equal(parse("--help", "--try", NULL, &line, &err), -1);
}

static void refuses_what_it_does_not_know(void **state)
{
    (void)state;
    struct command_line line;
    struct error err;
    assert_int_equal(parse("--rebuidl", NULL, NULL, &line, &err), -1);
    assert_non_null(strstr(err.message, "--rebuidl"));
    assert_non_null(strstr(err.message, "--help"));
    assert_int_equal(parse("rebuild", NULL, NULL, &line, &err), -1);
    assert_int_equal(parse("--config", NULL, NULL, &line, &err), -1);
    assert_int_equal(parse("--help", "--rebuild", NULL, &line, &err), -1);
    assert_int_equal(parse("", NULL, NULL, &line, &err), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_is_asked),
        cmocka_unit_test(hands_arguments_over),
        cmocka_unit_test(refuses_what_it_does_not_know),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
