/* The built-in templates as readers of each language get them, and folders that replace them. */
#include "notifier/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/test.h"

static const struct notice_line lines[] = {
    {{"Tea & <Cup>", 11}, 2, 1250, 2500},
    {{"Pot", 3}, 1, 99900, 99900},
};

static struct notice notice_of(enum kind kind, const char *locale)
{
    return (struct notice){
        .kind = kind,
        .locale = slice_of(locale),
        .shop_name = slice_of("Shop"),
        .order_id = slice_of("ord_1"),
        .unsubscribe_url = slice_of("https://s.example/u?a=1&b=2"),
        .local_us = 1772370300000000,
        .amount_minor = 102400,
        .currency = slice_of("EUR"),
        .item_count = 3,
        .lines = lines,
        .line_count = ARRAY_SIZE(lines),
    };
}

static struct template_set *builtin(void)
{
    struct template_set *set;
    struct error err = {.message = ""};
    if (template_set_load("", &err, &set) != 0)
        fail_msg("%s", err.message);
    return set;
}

static void every_kind_in_every_language(void **state)
{
    (void)state;
    static const char *const locales[] = {"en-US", "en-GB", "de-DE", "fr-FR", "", "es"};
    struct template_set *set = builtin();
    struct message message = {0};
    struct error err;
    for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
        for (size_t i = 0; i < ARRAY_SIZE(locales); i++) {
            struct notice notice = notice_of(kind, locales[i]);
            assert_int_equal(message_render(set, &notice, CHANNEL_EMAIL, &err, &message), 0);
            assert_true(message.subject.len > 0 && message.text.len > 0 && message.html.len > 0);
            assert_non_null(strstr(buf_cstr(&message.text), "Shop"));
            if (!kind_row(kind)->marketing) {
                assert_non_null(strstr(buf_cstr(&message.subject), "ord_1"));
                assert_non_null(strstr(buf_cstr(&message.html), "ord_1"));
            }
            if (kind_row(kind)->marketing)
                assert_non_null(
                    strstr(buf_cstr(&message.html), "\"https://s.example/u?a=1&amp;b=2\""));
            if (kind_row(kind)->channels[CHANNEL_SMS])
                assert_int_equal(message_render(set, &notice, CHANNEL_SMS, &err, &message), 0);
        }
    }
    message_free(&message);
    template_set_free(set);
}

static void an_order_in_german(void **state)
{
    (void)state;
    struct template_set *set = builtin();
    struct message message = {0};
    struct error err;
    struct notice notice = notice_of(KIND_ORDER_CONFIRMATION, "de-AT");
    assert_int_equal(message_render(set, &notice, CHANNEL_EMAIL, &err, &message), 0);
    assert_buf(&message.subject, "Ihre Bestellung ord_1");
    assert_non_null(strstr(buf_cstr(&message.text),
                           "1. M\xc3\xa4rz 2026, 13:05 Uhr.\n\nBestellung ord_1\n"
                           "  2 x Tea & <Cup>: 25,00\xc2\xa0\xe2\x82\xac\n"
                           "  1 x Pot: 999,00\xc2\xa0\xe2\x82\xac\n"
                           "  Summe: 1.024,00\xc2\xa0\xe2\x82\xac\n"));
    assert_non_null(strstr(buf_cstr(&message.html), "Tea &amp; &lt;Cup&gt;"));
    assert_null(strstr(message.html.data, "<Cup>"));
    notice.locale = slice_of("es-ES");
    assert_int_equal(message_render(set, &notice, CHANNEL_EMAIL, &err, &message), 0);
    assert_non_null(strstr(buf_cstr(&message.text), "\xe2\x82\xac"
                                                    "1,024.00"));
    message_free(&message);
    template_set_free(set);
}

static void a_header_is_not_written_by_an_order_id(void **state)
{
    (void)state;
    struct template_set *set = builtin();
    struct message message = {0};
    struct error err;
    struct notice notice = notice_of(KIND_REFUND, "en");
    notice.order_id = slice_of("1\r\nBcc: eve@example.com");
    assert_int_equal(message_render(set, &notice, CHANNEL_EMAIL, &err, &message), -1);
    assert_int_equal(err.kind, ERROR_PERMANENT);
    message_free(&message);
    template_set_free(set);
}

static void an_sms_has_a_bound(void **state)
{
    (void)state;
    char name[SMS_BYTES_MAX + 1];
    struct template_set *set = builtin();
    struct message message = {0};
    struct error err;
    struct notice notice = notice_of(KIND_FRAUD_HOLD, "en");
    memset(name, 'x', sizeof(name));
    notice.shop_name = (struct slice){name, sizeof(name)};
    assert_int_equal(message_render(set, &notice, CHANNEL_SMS, &err, &message), -1);
    message_free(&message);
    template_set_free(set);
}

/* ---- folders */

static void put(const char *folder, const char *kind, const char *name, const char *text)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/%s", folder, kind);
    mkdir(path, 0700);
    snprintf(path, sizeof(path), "%s/%s/%s", folder, kind, name);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void drop(const char *folder)
{
    char command[600];
    snprintf(command, sizeof(command), "rm -r '%s'", folder);
    assert_int_equal(system(command), 0);
}

static void a_folder_replaces_single_files(void **state)
{
    (void)state;
    char folder[] = "/tmp/cartwright-templates-XXXXXX";
    struct template_set *set;
    struct message message = {0};
    struct error err = {.message = ""};
    assert_non_null(mkdtemp(folder));
    put(folder, "refund", "de-AT.subject", "Servus {{orderId}}\n");
    put(folder, "refund", "de-AT.txt", "{{amount}}\n");
    put(folder, "refund", "en.subject", "Money for {{orderId}}\n");
    assert_int_equal(template_set_load(folder, &err, &set), 0);
    struct notice notice = notice_of(KIND_REFUND, "de-AT");
    assert_int_equal(message_render(set, &notice, CHANNEL_EMAIL, &err, &message), 0);
    assert_buf(&message.subject, "Servus ord_1");
    assert_int_equal(message.html.len, 0);
    notice.locale = slice_of("de-CH");
    assert_int_equal(message_render(set, &notice, CHANNEL_EMAIL, &err, &message), 0);
    assert_buf(&message.subject, "Erstattung zur Bestellung ord_1");
    notice.locale = slice_of("en-GB");
    assert_int_equal(message_render(set, &notice, CHANNEL_EMAIL, &err, &message), 0);
    assert_buf(&message.subject, "Money for ord_1");
    message_free(&message);
    template_set_free(set);
    drop(folder);
}

static void a_wrong_folder_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *kind, *name, *text, *words;
    } rows[] = {
        {"refund", "en.subject", "{{nothing}}\n", "en.subject: line 1"},
        {"refund", "en.subject", "two\nlines\n", "one line"},
        {"refunds", "en.txt", "x\n", "no kind of message `refunds`"},
        {"refund", "en.text", "x\n", "is not called"},
        {"refund", "english.txt", "x\n", "is not called"},
        {"refund", "README", "x\n", "is not called"},
        {"refund", "es.txt", "x\n", "belong together"},
        {"payment-failed", "es.sms", "x\n", "belong together"},
        {"cart-abandoned", "en.txt", "{{orderId}}", "`orderId`"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char folder[] = "/tmp/cartwright-templates-XXXXXX";
        struct template_set *set;
        struct error err = {.message = ""};
        assert_non_null(mkdtemp(folder));
        put(folder, rows[i].kind, rows[i].name, rows[i].text);
        assert_int_equal(template_set_load(folder, &err, &set), -1);
        print_message("%s\n", err.message);
        assert_non_null(strstr(err.message, rows[i].words));
        drop(folder);
    }
    struct template_set *set;
    struct error err;
    assert_int_equal(template_set_load("/nonexistent", &err, &set), -1);
}

static void english_is_needed(void **state)
{
    (void)state;
    static const struct template_file files[] = {
        {"refund/de.subject", "s\n"}, {"refund/de.txt", "t\n"}, {0}};
    struct template_set *set;
    struct error err;
    assert_int_equal(template_set_of(files, &err, &set), -1);
    assert_non_null(strstr(err.message, "has no en templates"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_in_every_language),
        cmocka_unit_test(an_order_in_german),
        cmocka_unit_test(a_header_is_not_written_by_an_order_id),
        cmocka_unit_test(an_sms_has_a_bound),
        cmocka_unit_test(a_folder_replaces_single_files),
        cmocka_unit_test(a_wrong_folder_is_refused),
        cmocka_unit_test(english_is_needed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
