/* How long after its acknowledgement a write is visible in its view. Posts at a constant rate,
 * whatever the answers do (open loop), and asks Redis for the versions of every FOLLOW_EVERY-th
 * cart, of none when that is 0. Prints a JSON object. Owner: load/bench. Thread: single.
 * usage: ack_to_visible API_PORT REDIS_PORT RATE SECONDS CART_PREFIX CARTS PRODUCTS FOLLOW_EVERY
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    CONNECTIONS = 64,
    REDIS_SLOT = CONNECTIONS, /* of poll()'s array, behind the connections */
    POLL_INTERVAL_US = 500,   /* the resolution */
    PENDING_MAX = 4096,
    GRACE_US = 10000000, /* a view that is not there by then counts as never seen */
    INPUT_BYTES = 16384,
    REDIS_INPUT_BYTES = 65536,
    ASK_MAX = 256,
    VERSION_DIGITS_MAX = 10
};

struct connection {
    int fd;
    bool busy;
    uint64_t number; /* of the request */
    int64_t due_us;
    size_t length;
    char input[INPUT_BYTES];
};

struct pending {
    uint64_t cart;
    int64_t version, acknowledged_us;
};

struct samples {
    int64_t *values_us;
    size_t count, capacity;
};

struct client {
    const char *prefix;
    uint64_t carts, products, follow_every;
    int64_t begin_us, end_us, duration_us, interval_ns;
    uint64_t next_number, acknowledged, errors;
    int64_t latest_us; /* how late a request was sent at worst */
    struct connection connections[CONNECTIONS];
    int redis_fd;
    struct pending pending[PENDING_MAX];
    size_t pending_count, asked;
    int64_t asked_us;
    size_t redis_length;
    char redis_input[REDIS_INPUT_BYTES];
    struct samples answers, visible;
};

_Noreturn static void fail(const char *what, const char *why)
{
    fprintf(stderr, "ack_to_visible: %s: %s\n", what, why);
    exit(1);
}

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void add_sample(struct samples *samples, int64_t value_us)
{
    if (samples->count == samples->capacity) {
        samples->capacity = 2 * samples->capacity + 1024;
        samples->values_us =
            realloc(samples->values_us, samples->capacity * sizeof(*samples->values_us));
        if (samples->values_us == NULL)
            fail("memory", "exhausted");
    }
    samples->values_us[samples->count++] = value_us;
}

static int compare(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

/** In ms; the samples must be sorted. Nearest rank. */
static double percentile(const struct samples *samples, double share)
{
    if (samples->count == 0)
        return -1;
    size_t index = (size_t)(share * (double)(samples->count - 1) + 0.5);
    return (double)samples->values_us[index] / 1000;
}

static int connect_to(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) != 0 ||
        fcntl(fd, F_SETFL, O_NONBLOCK) != 0)
        fail("connect", strerror(errno));
    return fd;
}

/** What we write is small and waits for its answer: it always fits into the socket. */
static void send_all(int fd, const char *bytes, size_t length)
{
    if (send(fd, bytes, length, MSG_NOSIGNAL) != (ssize_t)length)
        fail("send", strerror(errno));
}

/** Reads what is there behind the first *length bytes of input, which has room for size. */
static void receive(int fd, char *input, size_t size, size_t *length)
{
    if (*length + 1 >= size)
        fail("receive", "an answer is longer than expected");
    ssize_t got = recv(fd, input + *length, size - 1 - *length, 0);
    if (got == 0)
        fail("receive", "the server closed the connection");
    if (got < 0 && errno != EAGAIN && errno != EINTR)
        fail("receive", strerror(errno));
    if (got > 0)
        *length += (size_t)got;
    input[*length] = '\0';
}

/* ---- commands */

static void post(struct client *client, struct connection *connection, int64_t due_us)
{
    char body[256], request[768];
    uint64_t number = client->next_number++, product = number / client->carts % client->products;
    int body_length =
        snprintf(body, sizeof(body),
                 "{\"userId\":\"bench\",\"productId\":\"product-%" PRIu64 "\","
                 "\"productName\":\"Product %" PRIu64 "\",\"price\":1999,\"quantity\":1}",
                 product, product);
    int length = snprintf(request, sizeof(request),
                          "POST /api/cart/%s%" PRIu64 "/items HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                          "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
                          client->prefix, number % client->carts, body_length, body);
    send_all(connection->fd, request, (size_t)length);
    connection->busy = true;
    connection->number = number;
    connection->due_us = due_us;
    connection->length = 0;
}

/** The whole length of the answer in input, or 0 while it is not all there. */
static size_t answer_length(const struct connection *connection)
{
    static const char name[] = "\r\ncontent-length:";
    const char *body = strstr(connection->input, "\r\n\r\n");
    if (body == NULL)
        return 0;
    const char *header = strcasestr(connection->input, name);
    if (header == NULL || header > body)
        fail("answer", "has no Content-Length");
    size_t length = (size_t)(body + 4 - connection->input) +
                    (size_t)strtoul(header + sizeof(name) - 1, NULL, 10);
    return connection->length >= length ? length : 0;
}

static void follow(struct client *client, const struct connection *connection, int64_t at_us)
{
    static const char name[] = "\"version\":";
    const char *version = strstr(connection->input, name);
    if (version == NULL)
        fail("answer", "has no version");
    if (client->pending_count == PENDING_MAX)
        fail("views", "are too far behind");
    client->pending[client->pending_count++] =
        (struct pending){.cart = connection->number % client->carts,
                         .version = strtol(version + sizeof(name) - 1, NULL, 10),
                         .acknowledged_us = at_us};
}

static void on_answer(struct client *client, struct connection *connection)
{
    receive(connection->fd, connection->input, sizeof(connection->input), &connection->length);
    if (answer_length(connection) == 0)
        return;
    int64_t at_us = now_us();
    connection->busy = false;
    if (strncmp(connection->input, "HTTP/1.1 2", strlen("HTTP/1.1 2")) != 0) {
        client->errors++;
        return;
    }
    client->acknowledged++;
    client->end_us = at_us;
    add_sample(&client->answers, at_us - connection->due_us);
    if (client->follow_every != 0 && connection->number % client->follow_every == 0)
        follow(client, connection, at_us);
}

static struct connection *free_connection(struct client *client)
{
    for (int i = 0; i < CONNECTIONS; i++) {
        if (!client->connections[i].busy)
            return &client->connections[i];
    }
    return NULL;
}

static int64_t next_due_us(const struct client *client)
{
    return client->begin_us + (int64_t)client->next_number * client->interval_ns / 1000;
}

static bool all_sent(const struct client *client)
{
    return next_due_us(client) >= client->begin_us + client->duration_us;
}

static void send_due(struct client *client)
{
    struct connection *connection;
    int64_t at_us = now_us(), due_us;
    while (!all_sent(client) && (due_us = next_due_us(client)) <= at_us &&
           (connection = free_connection(client)) != NULL) {
        if (at_us - due_us > client->latest_us)
            client->latest_us = at_us - due_us;
        post(client, connection, due_us);
    }
}

/* ---- views */

static void ask_views(struct client *client)
{
    static char request[ASK_MAX * 160];
    size_t length = 0, count = client->pending_count < ASK_MAX ? client->pending_count : ASK_MAX;
    for (size_t i = 0; i < count; i++) {
        char key[128];
        int key_length =
            snprintf(key, sizeof(key), "cart:%s%" PRIu64, client->prefix, client->pending[i].cart);
        length +=
            (size_t)snprintf(request + length, sizeof(request) - length,
                             "*3\r\n$4\r\nHGET\r\n$%d\r\n%s\r\n$7\r\nversion\r\n", key_length, key);
    }
    send_all(client->redis_fd, request, length);
    client->asked = count;
    client->asked_us = now_us();
    client->redis_length = 0;
}

/** Takes one reply to HGET: the version, 0 when there is no view yet; false while it is not all
 * there. */
static bool take_reply(const char **input, int64_t *ret_version)
{
    char *end;
    const char *line_end = strstr(*input, "\r\n");
    if (line_end == NULL)
        return false;
    if (**input != '$')
        fail("Redis", *input);
    long length = strtol(*input + 1, NULL, 10);
    *ret_version = 0;
    if (length < 0) {
        *input = line_end + 2;
        return true;
    }
    if (length > VERSION_DIGITS_MAX)
        fail("Redis", "a version is too long");
    if (strnlen(line_end, (size_t)length + 4) < (size_t)length + 4)
        return false;
    *ret_version = strtol(line_end + 2, &end, 10);
    *input = end + 2;
    return true;
}

static void on_views(struct client *client)
{
    int64_t versions[ASK_MAX];
    receive(client->redis_fd, client->redis_input, sizeof(client->redis_input),
            &client->redis_length);
    const char *input = client->redis_input;
    for (size_t i = 0; i < client->asked; i++) {
        if (!take_reply(&input, &versions[i]))
            return;
    }
    int64_t at_us = now_us();
    size_t kept = 0;
    for (size_t i = 0; i < client->pending_count; i++) {
        const struct pending *pending = &client->pending[i];
        if (i < client->asked && versions[i] >= pending->version)
            add_sample(&client->visible, at_us - pending->acknowledged_us);
        else
            client->pending[kept++] = *pending;
    }
    client->pending_count = kept;
    client->asked = 0;
}

/* ---- the loop */

static bool waits_for_answers(const struct client *client)
{
    for (int i = 0; i < CONNECTIONS; i++) {
        if (client->connections[i].busy)
            return true;
    }
    return false;
}

static void wait_for_input(struct client *client)
{
    struct pollfd fds[CONNECTIONS + 1];
    int64_t until_us = now_us() + 100000;
    for (int i = 0; i < CONNECTIONS; i++)
        fds[i] = (struct pollfd){.fd = client->connections[i].fd, .events = POLLIN};
    fds[REDIS_SLOT] = (struct pollfd){.fd = client->redis_fd, .events = POLLIN};
    if (!all_sent(client) && free_connection(client) != NULL && next_due_us(client) < until_us)
        until_us = next_due_us(client);
    if (client->pending_count > 0 && client->asked == 0 &&
        client->asked_us + POLL_INTERVAL_US < until_us)
        until_us = client->asked_us + POLL_INTERVAL_US;
    int64_t left_us = until_us - now_us();
    struct timespec timeout = {.tv_nsec = left_us > 0 ? left_us * 1000 : 0};
    if (ppoll(fds, CONNECTIONS + 1, &timeout, NULL) < 0 && errno != EINTR)
        fail("poll", strerror(errno));
    for (int i = 0; i < CONNECTIONS; i++) {
        if (fds[i].revents != 0)
            on_answer(client, &client->connections[i]);
    }
    if (fds[REDIS_SLOT].revents != 0)
        on_views(client);
}

static void run(struct client *client)
{
    client->begin_us = now_us();
    int64_t end_us = client->begin_us + client->duration_us + GRACE_US;
    while ((!all_sent(client) || waits_for_answers(client) || client->pending_count > 0) &&
           now_us() < end_us) {
        send_due(client);
        if (client->pending_count > 0 && client->asked == 0 &&
            now_us() >= client->asked_us + POLL_INTERVAL_US)
            ask_views(client);
        wait_for_input(client);
    }
}

static void print_result(struct client *client)
{
    qsort(client->answers.values_us, client->answers.count, sizeof(int64_t), compare);
    qsort(client->visible.values_us, client->visible.count, sizeof(int64_t), compare);
    printf("{\"sent\":%" PRIu64 ",\"acknowledged\":%" PRIu64 ",\"errors\":%" PRIu64
           ",\"never_seen\":%zu,\"followed\":%zu,\"latest_send_ms\":%.3f,\"seconds\":%.6f,"
           "\"answer_p50_ms\":%.3f,\"answer_p90_ms\":%.3f,\"answer_p99_ms\":%.3f,"
           "\"answer_p999_ms\":%.3f,"
           "\"visible_p50_ms\":%.3f,\"visible_p99_ms\":%.3f,\"visible_max_ms\":%.3f}\n",
           client->next_number, client->acknowledged, client->errors, client->pending_count,
           client->visible.count, (double)client->latest_us / 1000,
           (double)(client->end_us - client->begin_us) / 1e6, percentile(&client->answers, 0.5),
           percentile(&client->answers, 0.9), percentile(&client->answers, 0.99),
           percentile(&client->answers, 0.999), percentile(&client->visible, 0.5),
           percentile(&client->visible, 0.99), percentile(&client->visible, 1));
}

static long argument(const char *text, long least, long most)
{
    char *end;
    long value = strtol(text, &end, 10);
    if (*end != '\0' || end == text || value < least || value > most)
        fail("not a number in range", text);
    return value;
}

int main(int argc, char **argv)
{
    static struct client client;
    if (argc != 9 || strlen(argv[5]) > 64)
        fail("usage", "ack_to_visible API_PORT REDIS_PORT RATE SECONDS CART_PREFIX CARTS PRODUCTS "
                      "FOLLOW_EVERY");
    int api_port = (int)argument(argv[1], 1, 65535);
    client.redis_fd = connect_to((int)argument(argv[2], 1, 65535));
    client.interval_ns = 1000000000 / argument(argv[3], 1, 1000000);
    client.duration_us = argument(argv[4], 1, 3600) * INT64_C(1000000);
    client.prefix = argv[5];
    client.carts = (uint64_t)argument(argv[6], 1, 1000000);
    client.products = (uint64_t)argument(argv[7], 1, 100);
    client.follow_every = (uint64_t)argument(argv[8], 0, 1000000);
    for (int i = 0; i < CONNECTIONS; i++)
        client.connections[i].fd = connect_to(api_port);
    run(&client);
    print_result(&client);
    free(client.answers.values_us);
    free(client.visible.values_us);
    return 0;
}
