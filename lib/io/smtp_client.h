/* Sending a mail by SMTP, and knowing afterwards whether it was sent: the door to libcurl for SMTP.
 * Source: RFC 5321. Owner: lib/io. Thread: blocking; any thread, each call is on its own.
 */
#ifndef CARTWRIGHT_IO_SMTP_CLIENT_H
#define CARTWRIGHT_IO_SMTP_CLIENT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/error.h"

enum smtp_tls {
    SMTP_TLS_REQUIRED, /* STARTTLS (or smtps://) with a certificate that is good, or nothing is sent
                        */
    SMTP_TLS_OFF,      /* for a server on this machine */
};

struct smtp_server {
    const char *url; /* smtp://host:port or smtps://host:port */
    enum smtp_tls tls;
    const char *username, *password; /* "" or NULL: no authentication */
    const char *ca_file;             /* certificates to trust instead of the system's, or NULL */
    int connect_timeout_ms, timeout_ms;
};

struct smtp_mail {
    const char *from, *to; /* plain addresses for the envelope: smtp_address_valid */
    struct slice message;  /* header and body, lines end in CRLF */
};

enum { SMTP_REPLY_SIZE = 160 };

/** How it ended. reply is the server's last line, as text for an operator; "" without one. */
enum smtp_outcome {
    SMTP_SENT,       /* the server has taken the message */
    SMTP_MAYBE_SENT, /* the whole message went out and no answer came: it may be sent or not */
    SMTP_REFUSED,    /* not sent, and the server says that it never will (5xx) */
    SMTP_NOT_SENT,   /* not sent; later it may work */
};

/** Sends one mail, or gives up after timeout_ms and at most a second of good-bye. err says why
 * unless the outcome is SMTP_SENT. */
enum smtp_outcome smtp_client_send(const struct smtp_server *server, const struct smtp_mail *mail,
                                   struct error *err);

/** Whether text is an address that can stand in an SMTP command and a header as it is: ASCII,
 * dot-atom@domain, at most 254 bytes. Quoted local parts and SMTPUTF8 are refused. */
bool smtp_address_valid(const char *text);

#endif
