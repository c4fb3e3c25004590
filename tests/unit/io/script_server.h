/* A server on loopback that plays a script: for clients whose verdict depends on where a talk ends.
 * Owner: tests. Thread: the server's own; join it with script_server_end.
 */
#ifndef CARTWRIGHT_TESTS_SCRIPT_SERVER_H
#define CARTWRIGHT_TESTS_SCRIPT_SERVER_H

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/test.h"

/** One exchange: wait until what was received since the last step holds `expect`, then say `say`.
 * say NULL: close the connection; expect NULL ends the script: keep silent until the peer goes or
 * says QUIT. */
struct script_step {
    const char *expect, *say;
};

struct script_server {
    int listener, port;
    pthread_t thread;
    const struct script_step *steps;
    char received[65536];
    size_t length;
};

enum { SCRIPT_PATIENCE_MS = 10000 };

static inline bool script_hear(struct script_server *server, int fd)
{
    struct pollfd descriptor = {.fd = fd, .events = POLLIN};
    if (poll(&descriptor, 1, SCRIPT_PATIENCE_MS) <= 0)
        return false;
    ssize_t got =
        read(fd, server->received + server->length, sizeof(server->received) - 1 - server->length);
    if (got <= 0)
        return false;
    server->length += (size_t)got;
    server->received[server->length] = '\0';
    return true;
}

static inline void *script_run(void *argument)
{
    struct script_server *server = argument;
    size_t seen = 0;
    int fd = accept(server->listener, NULL, NULL);
    if (fd < 0)
        return NULL;
    for (const struct script_step *step = server->steps; step->expect != NULL; step++) {
        while (strstr(server->received + seen, step->expect) == NULL) {
            if (!script_hear(server, fd))
                goto end;
        }
        seen = server->length;
        if (step->say == NULL)
            goto end;
        if (write(fd, step->say, strlen(step->say)) < 0)
            goto end;
    }
    while (strstr(server->received + seen, "QUIT") == NULL && script_hear(server, fd))
        continue;
end:
    close(fd);
    return NULL;
}

static inline void script_server_start(struct script_server *server,
                                       const struct script_step *steps)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    *server = (struct script_server){.steps = steps};
    server->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(server->listener >= 0);
    assert_int_equal(bind(server->listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(server->listener, 1), 0);
    assert_int_equal(getsockname(server->listener, (struct sockaddr *)&address, &size), 0);
    server->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&server->thread, NULL, script_run, server), 0);
}

static inline void script_server_end(struct script_server *server)
{
    shutdown(server->listener, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    close(server->listener);
}

#endif
