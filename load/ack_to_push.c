/* How long after its acknowledgement a write is pushed to who listens. Opens many WebSockets, one
 * for each cart, then posts at a constant rate, whatever the answers do (open loop).
 * usage: ack_to_push API_PORT RATE SECONDS SOCKETS CART_PREFIX
 * Prints a JSON object. Owner: load/bench. Thread: single.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    POSTERS = 16, /* connections for commands */
    PRODUCTS = 10,
    SOCKETS_MAX = 20000,
    INPUT_BYTES = 8192,
    EVENTS_MAX = 256,
    GRACE_US = 10000000, /* a push that is not there by then counts as never seen */
    SETUP_US = 60000000,
};

/** A connection to cart-api: the first POSTERS post, each other listens to its cart. */
struct connection {
    int fd;
    size_t length;
    char input[INPUT_BYTES];
    uint64_t cart; /* of the post under way, or the one listened to */
    bool busy;     /* a post is under way; a listener is not subscribed yet */
    /* of a listener's cart */
    int64_t acknowledged, acknowledged_us; /* version not pushed yet, 0: none; and since when */
    int64_t pushed;
};

struct samples {
    int64_t *values_us;
    size_t count, capacity;
};

struct client {
    const char *prefix;
    int port, epoll_fd;
    uint64_t carts, next_number, answered, errors, subscribed;
    int64_t begin_us, duration_us, interval_ns;
    struct connection *connections;
    struct samples pushes;
};

_Noreturn static void fail(const char *what, const char *why)
{
    fprintf(stderr, "ack_to_push: %s: %s\n", what, why);
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

/* ---- connections */

static void open_connection(struct client *client, struct connection *connection)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)client->port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    int one = 1;
    connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection->fd < 0 ||
        connect(connection->fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) != 0 ||
        fcntl(connection->fd, F_SETFL, O_NONBLOCK) != 0 ||
        epoll_ctl(client->epoll_fd, EPOLL_CTL_ADD, connection->fd, &event) != 0)
        fail("connect", strerror(errno));
}

/** What we write is small and waits for its answer: it always fits into the socket. */
static void send_all(const struct connection *connection, const char *bytes, size_t length)
{
    if (send(connection->fd, bytes, length, MSG_NOSIGNAL) != (ssize_t)length)
        fail("send", strerror(errno));
}

static void receive(struct connection *connection)
{
    if (connection->length + 1 >= sizeof(connection->input))
        fail("receive", "an answer is longer than expected");
    ssize_t got = recv(connection->fd, connection->input + connection->length,
                       sizeof(connection->input) - 1 - connection->length, 0);
    if (got == 0)
        fail("receive", "the server closed the connection");
    if (got < 0 && errno != EAGAIN && errno != EINTR)
        fail("receive", strerror(errno));
    if (got > 0)
        connection->length += (size_t)got;
    connection->input[connection->length] = '\0';
}

static void consume(struct connection *connection, size_t length)
{
    connection->length -= length;
    memmove(connection->input, connection->input + length, connection->length + 1);
}

static int64_t version_in(const char *text)
{
    static const char name[] = "\"version\":";
    const char *version = strstr(text, name);
    if (version == NULL)
        fail("no version in", text);
    return strtol(version + sizeof(name) - 1, NULL, 10);
}

/* ---- commands */

static void post(struct client *client, struct connection *poster, uint64_t number)
{
    char body[256], request[768];
    uint64_t product = number / client->carts % PRODUCTS;
    int body_length =
        snprintf(body, sizeof(body),
                 "{\"userId\":\"bench\",\"productId\":\"product-%" PRIu64 "\","
                 "\"productName\":\"Product %" PRIu64 "\",\"price\":1999,\"quantity\":1}",
                 product, product);
    poster->cart = number % client->carts;
    poster->busy = true;
    int length = snprintf(request, sizeof(request),
                          "POST /api/cart/%s%" PRIu64 "/items HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                          "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
                          client->prefix, poster->cart, body_length, body);
    send_all(poster, request, (size_t)length);
}

/** The whole length of the answer in input, or 0 while it is not all there. */
static size_t answer_length(const struct connection *poster)
{
    static const char name[] = "\r\ncontent-length:";
    const char *body = strstr(poster->input, "\r\n\r\n");
    if (body == NULL)
        return 0;
    const char *header = strcasestr(poster->input, name);
    if (header == NULL || header > body)
        fail("answer", "has no Content-Length");
    size_t length =
        (size_t)(body + 4 - poster->input) + (size_t)strtoul(header + sizeof(name) - 1, NULL, 10);
    return poster->length >= length ? length : 0;
}

static void on_answer(struct client *client, struct connection *poster)
{
    size_t length = answer_length(poster);
    if (length == 0)
        return;
    int64_t at_us = now_us();
    struct connection *listener = &client->connections[POSTERS + poster->cart];
    poster->busy = false;
    client->answered++;
    if (strncmp(poster->input, "HTTP/1.1 2", strlen("HTTP/1.1 2")) != 0) {
        client->errors++;
    } else if (client->begin_us > 0) {
        int64_t version = version_in(poster->input);
        if (listener->pushed >= version) {
            add_sample(&client->pushes, 0); /* the push was faster than the answer */
        } else {
            listener->acknowledged = version;
            listener->acknowledged_us = at_us;
        }
    }
    consume(poster, length);
}

/* ---- listening */

static void start_listening(struct client *client, struct connection *listener, uint64_t cart)
{
    char message[256], request[512];
    listener->cart = cart;
    listener->busy = true;
    open_connection(client, listener);
    int length = snprintf(message, sizeof(message),
                          "{\"type\":\"subscribe\",\"cartId\":\"%s%" PRIu64 "\",\"version\":1}",
                          client->prefix, cart);
    if (length > 125)
        fail("cart prefix", "is too long");
    int head = snprintf(request, sizeof(request),
                        "GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
                        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n");
    char *frame = request + head; /* a text in one frame, masked by zeroes */
    frame[0] = (char)0x81;
    frame[1] = (char)(0x80 | length);
    memset(frame + 2, 0, 4);
    memcpy(frame + 6, message, (size_t)length);
    send_all(listener, request, (size_t)(head + 6 + length));
}

static void on_message(struct client *client, struct connection *listener, const char *text)
{
    if (strstr(text, "\"type\":\"subscribed\"") != NULL) {
        listener->busy = false;
        client->subscribed++;
        return;
    }
    if (strstr(text, "\"type\":\"view\"") == NULL)
        fail("pushed", text);
    listener->pushed = version_in(text);
    if (listener->acknowledged == 0 || listener->pushed < listener->acknowledged)
        return;
    add_sample(&client->pushes, now_us() - listener->acknowledged_us);
    listener->acknowledged = 0;
}

/** Takes the next frame off the input; false while it is not all there. */
static bool take_frame(struct client *client, struct connection *listener)
{
    const uint8_t *bytes = (const uint8_t *)listener->input;
    size_t head = 2, length;
    if (listener->length < 4)
        return false;
    length = bytes[1];
    if (length == 126) {
        length = (size_t)bytes[2] << 8 | bytes[3];
        head = 4;
    } else if (length > 126) {
        fail("frame", "longer than expected");
    }
    if (listener->length < head + length)
        return false;
    if (bytes[0] == 0x81) {
        char kept = listener->input[head + length];
        listener->input[head + length] = '\0';
        on_message(client, listener, listener->input + head);
        listener->input[head + length] = kept;
    }
    consume(listener, head + length);
    return true;
}

static void on_push(struct client *client, struct connection *listener)
{
    if (strncmp(listener->input, "HTTP/1.1 ", 9) == 0) {
        const char *end = strstr(listener->input, "\r\n\r\n");
        if (end == NULL)
            return;
        if (strncmp(listener->input, "HTTP/1.1 101", 12) != 0)
            fail("opening", listener->input);
        consume(listener, (size_t)(end + 4 - listener->input));
    }
    while (take_frame(client, listener))
        ;
}

/* ---- the loop */

static void turn(struct client *client, int64_t until_us)
{
    struct epoll_event events[EVENTS_MAX];
    int64_t left_us = until_us - now_us();
    struct timespec timeout = {.tv_nsec = left_us > 0 ? left_us * 1000 : 0};
    int count = epoll_pwait2(client->epoll_fd, events, EVENTS_MAX, &timeout, NULL);
    if (count < 0 && errno != EINTR)
        fail("epoll", strerror(errno));
    for (int i = 0; i < count; i++) {
        struct connection *connection = events[i].data.ptr;
        receive(connection);
        if (connection < client->connections + POSTERS)
            on_answer(client, connection);
        else
            on_push(client, connection);
    }
}

static struct connection *free_poster(struct client *client)
{
    for (int i = 0; i < POSTERS; i++) {
        if (!client->connections[i].busy)
            return &client->connections[i];
    }
    return NULL;
}

/** Makes the carts, then opens the sockets, a few at a time. */
static void set_up(struct client *client)
{
    int64_t give_up_us = now_us() + SETUP_US;
    struct connection *poster;
    while (client->answered < client->carts && now_us() < give_up_us) {
        while (client->next_number < client->carts && (poster = free_poster(client)) != NULL)
            post(client, poster, client->next_number++);
        turn(client, now_us() + 100000);
    }
    for (uint64_t opened = 0; client->subscribed < client->carts && now_us() < give_up_us;) {
        for (; opened < client->carts && opened < client->subscribed + EVENTS_MAX; opened++)
            start_listening(client, &client->connections[POSTERS + opened], opened);
        turn(client, now_us() + 100000);
    }
    if (client->subscribed < client->carts || client->errors > 0)
        fail("set-up", "not all carts have a listener");
}

static bool waits(const struct client *client)
{
    for (uint64_t i = 0; i < POSTERS + client->carts; i++) {
        const struct connection *connection = &client->connections[i];
        if (i < POSTERS ? connection->busy : connection->acknowledged != 0)
            return true;
    }
    return false;
}

static void run(struct client *client)
{
    uint64_t first = client->next_number;
    client->begin_us = now_us();
    int64_t stop_us = client->begin_us + client->duration_us;
    struct connection *poster;
    for (;;) {
        int64_t at_us = now_us(), due_us;
        while ((due_us = client->begin_us + (int64_t)(client->next_number - first) *
                                                client->interval_ns / 1000) <= at_us &&
               due_us < stop_us && (poster = free_poster(client)) != NULL)
            post(client, poster, client->next_number++);
        if (due_us >= stop_us && (!waits(client) || at_us > stop_us + GRACE_US))
            return;
        turn(client, due_us < stop_us && due_us > at_us ? due_us : at_us + 10000);
    }
}

static void print_result(struct client *client)
{
    uint64_t missing = 0;
    for (uint64_t i = 0; i < client->carts; i++)
        missing += client->connections[POSTERS + i].acknowledged != 0;
    qsort(client->pushes.values_us, client->pushes.count, sizeof(int64_t), compare);
    printf("{\"sockets\":%" PRIu64 ",\"acknowledged\":%" PRIu64 ",\"errors\":%" PRIu64
           ",\"never_pushed\":%" PRIu64 ",\"pushed\":%zu,\"push_p50_ms\":%.3f,"
           "\"push_p99_ms\":%.3f,\"push_max_ms\":%.3f}\n",
           client->carts, client->answered - client->carts, client->errors, missing,
           client->pushes.count, percentile(&client->pushes, 0.5),
           percentile(&client->pushes, 0.99), percentile(&client->pushes, 1));
}

static int64_t argument(const char *text, int64_t most)
{
    char *end;
    long value = strtol(text, &end, 10);
    if (*end != '\0' || value < 1 || value > most)
        fail("not a number in range", text);
    return value;
}

int main(int argc, char **argv)
{
    struct client client = {0};
    if (argc != 6 || strlen(argv[5]) > 48)
        fail("usage", "ack_to_push API_PORT RATE SECONDS SOCKETS CART_PREFIX");
    client.port = (int)argument(argv[1], 65535);
    client.interval_ns = 1000000000 / argument(argv[2], 1000000);
    client.duration_us = argument(argv[3], 3600) * INT64_C(1000000);
    client.carts = (uint64_t)argument(argv[4], SOCKETS_MAX);
    client.prefix = argv[5];
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        fail("open files", strerror(errno));
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < client.carts + 100)
        fail("open files", "the limit is too low");
    client.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    client.connections = calloc(POSTERS + client.carts, sizeof(*client.connections));
    if (client.epoll_fd < 0 || client.connections == NULL)
        fail("start", strerror(errno));
    for (int i = 0; i < POSTERS; i++)
        open_connection(&client, &client.connections[i]);
    set_up(&client);
    run(&client);
    print_result(&client);
    free(client.pushes.values_us);
    free(client.connections);
    return 0;
}
