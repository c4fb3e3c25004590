/* A client for the server's tests: raw bytes out, one parsed answer in.
 * Owner: lib/http. Thread: a connection belongs to one.
 */
#ifndef CARTWRIGHT_TESTS_HTTP_RAW_CLIENT_H
#define CARTWRIGHT_TESTS_HTTP_RAW_CLIENT_H

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/buf.h"

struct client {
    int fd;
    struct buf in; /* received, not yet taken as an answer */
};

struct answer {
    int status; /* 0: the connection ended without another answer */
    char head[4096];
    char body[16384];
    size_t body_length;
};

static inline void client_open(struct client *client, int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct timeval limit = {.tv_sec = 10};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    *client = (struct client){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    CHECK(client->fd >= 0);
    CHECK(setsockopt(client->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) == 0);
    CHECK(connect(client->fd, (struct sockaddr *)&address, sizeof(address)) == 0);
}

static inline void client_close(struct client *client)
{
    close(client->fd);
    buf_free(&client->in);
}

static inline bool client_send_bytes(struct client *client, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t n = send(client->fd, bytes, length, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        bytes += n;
        length -= (size_t)n;
    }
    return true;
}

static inline bool client_send(struct client *client, const char *text)
{
    return client_send_bytes(client, text, strlen(text));
}

/** Receives more; false at the end of file, after a reset and after 10 s. */
static inline bool client_fill(struct client *client)
{
    buf_reserve(&client->in, 4096);
    ssize_t n = recv(client->fd, client->in.data + client->in.len, 4096, 0);
    CHECK(n >= 0 || errno == ECONNRESET || errno == EAGAIN);
    if (n > 0)
        client->in.len += (size_t)n;
    return n > 0;
}

/** The value of a header in an answer's head, or NULL; name as the server writes it. */
static inline const char *answer_header(const struct answer *answer, const char *name)
{
    static __thread char value[512];
    size_t length = strlen(name);
    for (const char *line = strstr(answer->head, "\r\n"); line != NULL && line[2] != '\0';
         line = strstr(line + 2, "\r\n")) {
        if (strncasecmp(line + 2, name, length) == 0 && line[2 + length] == ':') {
            const char *start = line + 2 + length + 2;
            snprintf(value, sizeof(value), "%.*s", (int)strcspn(start, "\r"), start);
            return value;
        }
    }
    return NULL;
}

/** The next answer; no_body for HEAD. */
static inline void client_receive_head(struct client *client, struct answer *answer, bool no_body)
{
    *answer = (struct answer){0};
    const char *end;
    while ((end = client->in.len > 0 ? memmem(client->in.data, client->in.len, "\r\n\r\n", 4)
                                     : NULL) == NULL) {
        if (!client_fill(client)) {
            CHECK(client->in.len == 0); /* no half answer */
            return;
        }
    }
    size_t head = (size_t)(end - client->in.data) + 4;
    CHECK(head < sizeof(answer->head));
    memcpy(answer->head, client->in.data, head);
    CHECK(sscanf(answer->head, "HTTP/1.1 %d ", &answer->status) == 1);
    const char *length = answer_header(answer, "content-length");
    answer->body_length = length != NULL && !no_body ? strtoul(length, NULL, 10) : 0;
    CHECK(answer->body_length < sizeof(answer->body));
    while (client->in.len < head + answer->body_length)
        CHECK(client_fill(client));
    memcpy(answer->body, client->in.data + head, answer->body_length);
    size_t taken = head + answer->body_length;
    memmove(client->in.data, client->in.data + taken, client->in.len - taken);
    client->in.len -= taken;
}

static inline void client_receive(struct client *client, struct answer *answer)
{
    client_receive_head(client, answer, false);
}

/** Whether the server ends the connection, without sending anything more. */
static inline bool client_at_end(struct client *client)
{
    return client->in.len == 0 && !client_fill(client) && errno != EAGAIN;
}

/** Whether the answer is this problem, complete as application/problem+json. */
static inline bool answer_is_problem(const struct answer *answer, int status, const char *code)
{
    char member[64];
    const char *type = answer_header(answer, "content-type");
    snprintf(member, sizeof(member), "\"code\":\"%s\"", code);
    bool is =
        answer->status == status && type != NULL && strcmp(type, "application/problem+json") == 0 &&
        strstr(answer->body, member) != NULL && strstr(answer->body, "\"traceId\":\"") != NULL;
    if (!is)
        fprintf(stderr, "not %d %s: %s%s\n", status, code, answer->head, answer->body);
    return is;
}

/** One request on a connection of its own. */
static inline void client_ask(int port, const char *request, struct answer *answer)
{
    struct client client;
    client_open(&client, port);
    CHECK(client_send(&client, request));
    client_receive_head(&client, answer, strncmp(request, "HEAD", 4) == 0);
    client_close(&client);
}

#define HOST_LINE "Host: localhost\r\n"
#define GET(path) "GET " path " HTTP/1.1\r\n" HOST_LINE "\r\n"

#endif
