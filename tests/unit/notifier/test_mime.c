/* Mails byte by byte: what mail readers rely on, and what nobody may smuggle in. */
#include "notifier/mime.h"

#include "tests/unit/test.h"

static struct mime_mail mail_of(const char *subject, const char *text)
{
    return (struct mime_mail){
        .from_name = slice_of("The \"Shop\", Ltd."),
        .from_address = slice_of("shop@example.com"),
        .to_address = slice_of("ann@example.com"),
        .subject = slice_of(subject),
        .message_id = slice_of("<order.1@example.com>"),
        .date_us = 1795262400123456,
        .text = slice_of(text),
    };
}

static void written(const struct mime_mail *mail, struct buf *out)
{
    struct error err;
    buf_clear(out);
    assert_int_equal(mime_write(mail, &err, out), 0);
    buf_cstr(out);
}

static void a_whole_mail(void **state)
{
    (void)state;
    struct buf out = {0}, again = {0};
    struct mime_mail mail = mail_of("Your order", "One\nTwo\n");
    mail.html = slice_of("<p>One</p>\n");
    mail.unsubscribe_url = slice_of("https://shop.example.com/u/1");
    written(&mail, &out);
    assert_string_equal(out.data,
                        "From: \"The \\\"Shop\\\", Ltd.\" <shop@example.com>\r\n"
                        "To: <ann@example.com>\r\n"
                        "Subject: Your order\r\n"
                        "Date: Sat, 21 Nov 2026 12:00:00 +0000\r\n"
                        "Message-ID: <order.1@example.com>\r\n"
                        "Auto-Submitted: auto-generated\r\n"
                        "MIME-Version: 1.0\r\n"
                        "List-Unsubscribe: <https://shop.example.com/u/1>\r\n"
                        "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
                        "Content-Type: multipart/alternative; boundary=\"=_308e55ce1fc596b1\"\r\n"
                        "\r\n"
                        "--=_308e55ce1fc596b1\r\n"
                        "Content-Type: text/plain; charset=utf-8\r\n"
                        "Content-Transfer-Encoding: quoted-printable\r\n"
                        "\r\n"
                        "One\r\nTwo\r\n"
                        "--=_308e55ce1fc596b1\r\n"
                        "Content-Type: text/html; charset=utf-8\r\n"
                        "Content-Transfer-Encoding: quoted-printable\r\n"
                        "\r\n"
                        "<p>One</p>\r\n"
                        "--=_308e55ce1fc596b1--\r\n");
    written(&mail, &again);
    assert_string_equal(out.data, again.data);
    buf_free(&out);
    buf_free(&again);
}

static void bodies_are_quoted_printable(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected;
    } rows[] = {
        {"a=b\n", "a=3Db\r\n"},
        {"caf\xc3\xa9\n", "caf=C3=A9\r\n"},
        {"end \nnext\t\n", "end=20\r\nnext=09\r\n"},
        {"in\twords\n", "in\twords\r\n"},
        {"crlf\r\nlf\nbare\rcr", "crlf\r\nlf\r\nbare=0Dcr\r\n"},
        {"", ""},
        {"1234567890123456789012345678901234567890123456789012345678901234567890123456\n",
         "123456789012345678901234567890123456789012345678901234567890123456789012345=\r\n6\r\n"},
        {"12345678901234567890123456789012345678901234567890123456789012345678901234\xc3\xa9\n",
         "12345678901234567890123456789012345678901234567890123456789012345678901234=\r\n"
         "=C3=A9\r\n"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct buf out = {0};
        struct mime_mail mail = mail_of("s", rows[i].text);
        written(&mail, &out);
        const char *body = strstr(out.data, "\r\n\r\n");
        assert_non_null(body);
        assert_string_equal(body + 4, rows[i].expected);
        buf_free(&out);
    }
}

static void subjects_are_encoded(void **state)
{
    (void)state;
    static const struct {
        const char *subject, *field;
    } rows[] = {
        {"Caf\xc3\xa9", "Subject: =?UTF-8?B?Q2Fmw6k=?=\r\n"},
        {"=?UTF-8?B?Q2Fm?=", "Subject: =?UTF-8?B?PT9VVEYtOD9CP1EyRm0/PQ==?=\r\n"},
        /* 42 bytes would cut the character at byte 41 in two. */
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xc3\xa9",
         "Subject: =?UTF-8?B?YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=?=\r\n"
         " =?UTF-8?B?w6k=?=\r\n"},
        {"Words that are so many that the line would become too long for the rule of 78",
         "Subject: Words that are so many that the line would become too long for the\r\n"
         " rule of 78\r\n"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct buf out = {0};
        struct mime_mail mail = mail_of(rows[i].subject, "t\n");
        written(&mail, &out);
        assert_non_null(strstr(out.data, rows[i].field));
        buf_free(&out);
    }
}

static void headers_take_no_lines(void **state)
{
    (void)state;
    static const char evil[] = "x\r\nBcc: eve@example.com";
    struct buf out = {0};
    struct error err;
    for (int i = 0; i < 5; i++) {
        struct mime_mail mail = mail_of("s", "t\n");
        struct slice *places[] = {&mail.subject, &mail.from_name, &mail.from_address,
                                  &mail.to_address, &mail.unsubscribe_url};
        *places[i] = slice_of(evil);
        assert_int_equal(mime_write(&mail, &err, &out), -1);
        assert_int_equal(err.kind, ERROR_PERMANENT);
    }
    assert_int_equal(out.len, 0);
    assert_false(mime_address_safe(slice_of("a@b.c>, <eve@example.com")));
    assert_false(mime_address_safe(slice_of("")));
    assert_true(mime_address_safe(slice_of("ann.o'neil+x@example.com")));
    buf_free(&out);
}

static void ids_are_stable_and_clean(void **state)
{
    (void)state;
    struct buf out = {0};
    mime_message_id(slice_of("refund"), slice_of("pay_ord-1>\r\n"), slice_of("example.com"), &out);
    assert_buf(&out, "<refund.pay_5ford-1_3e_0d_0a@example.com>");
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_mail),
        cmocka_unit_test(bodies_are_quoted_printable),
        cmocka_unit_test(subjects_are_encoded),
        cmocka_unit_test(headers_take_no_lines),
        cmocka_unit_test(ids_are_stable_and_clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
