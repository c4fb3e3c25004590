/* Where an SMTP conversation ends decides whether a mail was sent, may have been, or was not. */
#include "io/smtp_client.h"

#include "base/clock.h"

#include "tests/unit/io/script_server.h"

#define GREETING                                                                                   \
    {"", "220 mail.example ESMTP\r\n"},                                                            \
    {                                                                                              \
        "EHLO", "250-mail.example\r\n250 SIZE 1000000\r\n"                                         \
    }
#define UP_TO_DATA                                                                                 \
    GREETING, {"MAIL FROM:<shop@example.com>", "250 ok\r\n"},                                      \
        {"RCPT TO:<ann@example.com>", "250 ok\r\n"},                                               \
    {                                                                                              \
        "DATA", "354 go on\r\n"                                                                    \
    }
#define END_OF_MESSAGE "\r\n.\r\n"

static const char message[] = "Subject: hello\r\n\r\nA line\r\n.dot\r\n";

static enum smtp_outcome send_to(const struct script_step *steps, int timeout_ms, enum smtp_tls tls,
                                 struct error *err, struct script_server *server)
{
    char url[64];
    script_server_start(server, steps);
    snprintf(url, sizeof(url), "smtp://127.0.0.1:%d", server->port);
    struct smtp_server options = {
        .url = url, .tls = tls, .connect_timeout_ms = 5000, .timeout_ms = timeout_ms};
    struct smtp_mail mail = {"shop@example.com", "ann@example.com", slice_of(message)};
    enum smtp_outcome outcome = smtp_client_send(&options, &mail, err);
    script_server_end(server);
    return outcome;
}

static void outcomes(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int timeout_ms;
        enum smtp_outcome outcome;
        const char *words; /* in the error */
        struct script_step steps[8];
    } rows[] = {
        {"taken", 5000, SMTP_SENT, "", {UP_TO_DATA, {END_OF_MESSAGE, "250 queued\r\n"}, {0}}},
        {"taken, no good-bye",
         5000,
         SMTP_SENT,
         "",
         {UP_TO_DATA, {END_OF_MESSAGE, "250 queued\r\n"}, {"QUIT", NULL}}},
        {"refused after the message",
         5000,
         SMTP_REFUSED,
         "554",
         {UP_TO_DATA, {END_OF_MESSAGE, "554 spam\r\n"}, {0}}},
        {"not now, after the message",
         5000,
         SMTP_NOT_SENT,
         "451",
         {UP_TO_DATA, {END_OF_MESSAGE, "451 disk full\r\n"}, {"QUIT", "221 bye\r\n"}, {0}}},
        {"lost after the message", 5000, SMTP_MAYBE_SENT, "", {UP_TO_DATA, {END_OF_MESSAGE, NULL}}},
        {"silent after the message", 300, SMTP_MAYBE_SENT, "", {UP_TO_DATA, {0}}},
        {"lost before DATA",
         5000,
         SMTP_NOT_SENT,
         "",
         {GREETING, {"MAIL FROM", "250 ok\r\n"}, {"RCPT TO", NULL}}},
        {"DATA refused for now",
         5000,
         SMTP_NOT_SENT,
         "451",
         {GREETING,
          {"MAIL", "250 ok\r\n"},
          {"RCPT", "250 ok\r\n"},
          {"DATA", "451 later\r\n"},
          {0}}},
        {"unknown recipient",
         5000,
         SMTP_REFUSED,
         "550",
         {GREETING, {"MAIL", "250 ok\r\n"}, {"RCPT", "550 nobody\r\n"}, {0}}},
        {"greylisted",
         5000,
         SMTP_NOT_SENT,
         "450",
         {GREETING, {"MAIL", "250 ok\r\n"}, {"RCPT", "450 come again\r\n"}, {0}}},
        {"busy at the door", 5000, SMTP_NOT_SENT, "421", {{"", "421 too many\r\n"}, {0}}},
        {"closed at the door", 5000, SMTP_NOT_SENT, "554", {{"", "554 not you\r\n"}, {0}}},
        {"silent at the door", 300, SMTP_NOT_SENT, "", {{0}}},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {.message = ""};
        struct script_server server;
        print_message("%s\n", rows[i].name);
        int64_t begin_us = clock_monotonic_us();
        assert_int_equal(send_to(rows[i].steps, rows[i].timeout_ms, SMTP_TLS_OFF, &err, &server),
                         rows[i].outcome);
        assert_non_null(strstr(err.message, rows[i].words));
        /* The server that hangs is left alone, libcurl's good-bye included. */
        assert_true(clock_monotonic_us() - begin_us < 8 * 1000000);
    }
}

static void dots_are_stuffed_and_lines_kept(void **state)
{
    (void)state;
    static const struct script_step steps[] = {UP_TO_DATA, {END_OF_MESSAGE, "250 queued\r\n"}, {0}};
    struct error err;
    struct script_server server;
    assert_int_equal(send_to(steps, 5000, SMTP_TLS_OFF, &err, &server), SMTP_SENT);
    assert_non_null(strstr(server.received, "Subject: hello\r\n\r\nA line\r\n..dot\r\n.\r\n"));
}

static void nothing_goes_out_without_tls_where_it_is_required(void **state)
{
    (void)state;
    static const struct script_step steps[] = {GREETING, {0}};
    struct error err;
    struct script_server server;
    assert_int_equal(send_to(steps, 5000, SMTP_TLS_REQUIRED, &err, &server), SMTP_NOT_SENT);
    assert_null(strstr(server.received, "MAIL"));
}

static void addresses(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool valid;
    } rows[] = {
        {"ann@example.com", true},
        {"ann.o'neil+carts@mail.example.co.uk", true},
        {"a@localhost", true},
        {"", false},
        {"ann", false},
        {"@example.com", false},
        {"ann@", false},
        {"ann@example.com>\r\nRCPT TO:<eve@example.com", false},
        {"ann@example.com\n", false},
        {"ann smith@example.com", false},
        {"ann@exa mple.com", false},
        {"ann@example..com", false},
        {"ann@-example.com", false},
        {"ann@example-.com", false},
        {"ann@example.com-", false},
        {"ann@example.com.", false},
        {".ann@example.com", false},
        {"ann.@example.com", false},
        {"a..n@example.com", false},
        {"\"ann\"@example.com", false},
        {"<ann@example.com>", false},
        {"ann@a,b@example.com", false},
        {"\xc3\xa4nn@example.com", false},
    };
    char label[300];
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        assert_int_equal(smtp_address_valid(rows[i].text), rows[i].valid);
    memset(label, 'a', sizeof(label));
    strcpy(label + 65, "@example.com");
    assert_false(smtp_address_valid(label));
    assert_true(smtp_address_valid(label + 1));
    memset(label, 'a', sizeof(label));
    label[1] = '@';
    label[254] = '\0';
    assert_true(smtp_address_valid(label));
    label[254] = 'a';
    label[255] = '\0';
    assert_false(smtp_address_valid(label));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outcomes),
        cmocka_unit_test(dots_are_stuffed_and_lines_kept),
        cmocka_unit_test(nothing_goes_out_without_tls_where_it_is_required),
        cmocka_unit_test(addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
