/* Sending a mail by SMTP, and knowing afterwards whether it was sent.
 * Owner: lib/io. Thread: any; blocking.
 */
#include "io/smtp_client.h"

#include <ctype.h>
#include <curl/curl.h>
#include <string.h>

#include "base/clock.h"
#include "io/curl_internal.h"

enum { ADDRESS_BYTES_MAX = 254, LOCAL_PART_BYTES_MAX = 64 };

struct sending {
    struct slice rest;
    int64_t deadline_us;
    bool ended;      /* libcurl was told that the message is over: the final dot may be out */
    int final_reply; /* the code of the first reply that came after that; 0: none */
    char reply[SMTP_REPLY_SIZE];
};

static size_t give_message(char *to, size_t size, size_t count, void *argument)
{
    struct sending *sending = argument;
    size_t length = size * count < sending->rest.len ? size * count : sending->rest.len;
    if (length == 0) {
        sending->ended = true;
        return 0;
    }
    memcpy(to, sending->rest.data, length);
    sending->rest.data += length;
    sending->rest.len -= length;
    return length;
}

static void keep_reply(struct sending *sending, const char *line, size_t length)
{
    size_t kept = 0;
    for (size_t i = 0; i < length && kept < sizeof(sending->reply) - 1; i++) {
        if (isprint((unsigned char)line[i]))
            sending->reply[kept++] = line[i];
    }
    sending->reply[kept] = '\0';
}

/* Each line that the server says comes by here, also its good-bye, which is no answer to a message.
 */
static size_t take_reply(char *line, size_t size, size_t count, void *argument)
{
    struct sending *sending = argument;
    size_t length = size * count;
    if (sending->final_reply != 0)
        return length;
    keep_reply(sending, line, length);
    if (sending->ended && length >= 3 && isdigit((unsigned char)line[0]) &&
        isdigit((unsigned char)line[1]) && isdigit((unsigned char)line[2]))
        sending->final_reply = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
    return length;
}

/* libcurl's own time-out does not count while it says good-bye to a server that is silent. */
static int watch_deadline(void *argument, curl_off_t down_total, curl_off_t down,
                          curl_off_t up_total, curl_off_t up)
{
    const struct sending *sending = argument;
    (void)down_total;
    (void)down;
    (void)up_total;
    (void)up;
    return clock_monotonic_us() > sending->deadline_us;
}

static void set_options(CURL *curl, const struct smtp_server *server, struct sending *sending)
{
    long tls = server->tls == SMTP_TLS_REQUIRED ? (long)CURLUSESSL_ALL : (long)CURLUSESSL_NONE;
    curl_set_long(curl, CURLOPT_USE_SSL, tls);
    curl_set_long(curl, CURLOPT_CONNECTTIMEOUT_MS, server->connect_timeout_ms);
    curl_set_long(curl, CURLOPT_TIMEOUT_MS, server->timeout_ms);
    if (server->username != NULL && server->username[0] != '\0') {
        curl_set_text(curl, CURLOPT_USERNAME, server->username);
        curl_set_text(curl, CURLOPT_PASSWORD, server->password != NULL ? server->password : "");
    }
    if (server->ca_file != NULL && server->ca_file[0] != '\0')
        curl_set_text(curl, CURLOPT_CAINFO, server->ca_file);
    curl_set_long(curl, CURLOPT_UPLOAD, 1);
    CHECK(curl_easy_setopt(curl, CURLOPT_READFUNCTION, give_message) == CURLE_OK);
    CHECK(curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_reply) == CURLE_OK);
    CHECK(curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, watch_deadline) == CURLE_OK);
    curl_set_long(curl, CURLOPT_NOPROGRESS, 0);
    curl_set_text(curl, CURLOPT_XFERINFODATA, sending);
    curl_set_text(curl, CURLOPT_READDATA, sending);
    curl_set_text(curl, CURLOPT_HEADERDATA, sending);
}

/* A 5xx to MAIL, RCPT, DATA or the message is about this mail. One to the greeting, EHLO, STARTTLS
 * or AUTH is about us and can be put right: the mail waits. */
static enum smtp_outcome judge(CURLcode code, long reply, const struct sending *sending)
{
    if (code == CURLE_OK)
        return SMTP_SENT;
    if (sending->ended) {
        int final = sending->final_reply;
        if (final >= 200 && final < 300)
            return SMTP_SENT;
        return final >= 500 ? SMTP_REFUSED : final >= 400 ? SMTP_NOT_SENT : SMTP_MAYBE_SENT;
    }
    return code == CURLE_SEND_ERROR && reply >= 500 ? SMTP_REFUSED : SMTP_NOT_SENT;
}

static enum error_kind error_kind_of(enum smtp_outcome outcome)
{
    return outcome == SMTP_REFUSED      ? ERROR_PERMANENT
           : outcome == SMTP_MAYBE_SENT ? ERROR_UNKNOWN
                                        : ERROR_RETRIABLE;
}

enum smtp_outcome smtp_client_send(const struct smtp_server *server, const struct smtp_mail *mail,
                                   struct error *err)
{
    char text[CURL_ERROR_SIZE];
    struct sending sending = {
        .rest = mail->message,
        .deadline_us = clock_monotonic_us() + server->timeout_ms * INT64_C(1000),
    };
    CHECK(smtp_address_valid(mail->from) && smtp_address_valid(mail->to));
    CURL *curl = curl_begin(server->url, "smtp,smtps", text);
    struct curl_slist *recipients = curl_slist_append(NULL, mail->to);
    CHECK(recipients != NULL);
    set_options(curl, server, &sending);
    curl_set_text(curl, CURLOPT_MAIL_FROM, mail->from);
    curl_set_text(curl, CURLOPT_MAIL_RCPT, recipients);
    CURLcode code = curl_easy_perform(curl);
    long reply = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &reply);
    curl_slist_free_all(recipients);
    curl_easy_cleanup(curl);
    enum smtp_outcome outcome = judge(code, reply, &sending);
    if (outcome != SMTP_SENT) {
        const char *why = text[0] != '\0' ? text : curl_easy_strerror(code);
        error_set(err, error_kind_of(outcome), "%s%s%.100s", why,
                  sending.reply[0] != '\0' ? "; the server's last words: " : "", sending.reply);
    }
    return outcome;
}

/* Source: RFC 5322, 3.2.3. */
static bool is_atom_character(char c)
{
    return isalnum((unsigned char)c) || (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

static bool local_part_valid(const char *text, size_t length)
{
    if (length == 0 || length > LOCAL_PART_BYTES_MAX || text[0] == '.' || text[length - 1] == '.')
        return false;
    for (size_t i = 0; i < length; i++) {
        if (!is_atom_character(text[i]) && (text[i] != '.' || text[i - 1] == '.'))
            return false;
    }
    return true;
}

static bool domain_valid(const char *text)
{
    size_t length = strlen(text), label = 0;
    for (size_t i = 0; i < length; i++) {
        bool is_end = text[i] == '.';
        if (!is_end && !isalnum((unsigned char)text[i]) && (text[i] != '-' || label == 0))
            return false;
        if (is_end && (label == 0 || text[i - 1] == '-'))
            return false;
        label = is_end ? 0 : label + 1;
    }
    return label > 0 && text[length - 1] != '-';
}

bool smtp_address_valid(const char *text)
{
    const char *at = strchr(text, '@');
    return at != NULL && strlen(text) <= ADDRESS_BYTES_MAX &&
           local_part_valid(text, (size_t)(at - text)) && domain_valid(at + 1);
}
