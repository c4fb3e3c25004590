/* How much one caller may ask for.
 * Owner: lib/http. Thread: the request's or the connection's worker; what they share has locks.
 */
#include "http/limits.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/map.h"
#include "base/memory.h"
#include "http/internal.h"
#include "http/rate_table.h"

enum { BUCKETS = 65536 }; /* 24 bytes each, per limit */

enum limited { LIMITED_PRINCIPAL, LIMITED_ADDRESS, LIMITED_CONNECTION, LIMITED };

struct http_limits {
    struct rate_limit principal, address;
    struct rate_table *principals, *addresses; /* NULL: no limit */
    struct metric *refused;
    int64_t connections_max; /* of an address; 0: no limit */
    pthread_mutex_t lock;
    struct map connections; /* of struct peer; under lock */
};

struct peer {
    struct map_entry entry;
    struct ip ip;
    int64_t count;
};

struct http_limits *http_limits_new(const struct http_options *options)
{
    static const char *const names[LIMITED] = {"principal", "address", "connections"};
    static const struct metric_spec refused = {
        .name = "cartwright_http_limited_total",
        .help = "Requests answered with 429 and connections closed, by the limit they met",
        .type = METRIC_COUNTER,
        .label = "limit",
        .series = LIMITED,
        .label_values = names,
    };
    const struct limit_settings *settings = options->limits;
    if (settings == NULL)
        return NULL;
    struct http_limits *limits = mem_calloc(1, sizeof(*limits));
    limits->principal =
        (struct rate_limit){settings->principal_per_minute, settings->principal_burst};
    limits->address = (struct rate_limit){settings->address_per_minute, settings->address_burst};
    if (limits->principal.per_minute > 0)
        limits->principals = rate_table_new(&limits->principal, BUCKETS);
    if (limits->address.per_minute > 0)
        limits->addresses = rate_table_new(&limits->address, BUCKETS);
    limits->connections_max = settings->connections_per_address;
    CHECK(pthread_mutex_init(&limits->lock, NULL) == 0);
    if (options->metrics != NULL)
        limits->refused = metrics_add(options->metrics, &refused);
    return limits;
}

void http_limits_free(struct http_limits *limits)
{
    if (limits == NULL)
        return;
    while (limits->connections.oldest != NULL) { /* of connections that outlive the server */
        struct map_entry *entry = limits->connections.oldest;
        map_remove(&limits->connections, entry);
        free(CONTAINER_OF(entry, struct peer, entry));
    }
    map_free(&limits->connections);
    pthread_mutex_destroy(&limits->lock);
    rate_table_free(limits->principals);
    rate_table_free(limits->addresses);
    free(limits);
}

/* ---- requests */

/** One site of IPv6 addresses is one caller: it has 2^64 of them. */
static struct slice address_key(struct ip *ip)
{
    static const uint8_t ipv4[12] = {[10] = 0xFF, [11] = 0xFF};
    if (memcmp(ip->bytes, ipv4, sizeof(ipv4)) == 0)
        return (struct slice){(const char *)ip->bytes, sizeof(ip->bytes)};
    return (struct slice){(const char *)ip->bytes, sizeof(ip->bytes) / 2};
}

static void add_headers(struct http_request *request, const char *name,
                        const struct rate_limit *limit, const struct rate_state *state)
{
    char text[96];
    snprintf(text, sizeof(text), "\"%s\";q=%ld;w=%ld", name, limit->burst, rate_window_s(limit));
    http_add_header(request, "ratelimit-policy", slice_of(text));
    snprintf(text, sizeof(text), "\"%s\";r=%ld;t=%ld", name, state->remaining, state->whole_in_s);
    http_add_header(request, "ratelimit", slice_of(text));
}

/** False: answered with 429. */
static bool take(struct http_request *request, struct rate_table *table,
                 const struct rate_limit *limit, struct slice key, enum limited which)
{
    static const char *const names[] = {"principal", "address"};
    struct rate_state state = rate_take(table, key, clock_monotonic_us());
    add_headers(request, names[which], limit, &state);
    if (state.allowed)
        return true;
    char seconds[24];
    snprintf(seconds, sizeof(seconds), "%ld", state.retry_in_s);
    metric_add(request->worker->server->limits->refused, which, 1);
    http_add_header(request, "retry-after", slice_of(seconds));
    problem_answer(request, &problem_too_many_requests,
                   which == LIMITED_PRINCIPAL ? "You ask too often."
                                              : "Too many requests come from your address.",
                   NULL, 0);
    return false;
}

bool http_limit_address(struct http_request *request)
{
    struct http_limits *limits = request->worker->server->limits;
    struct ip ip;
    if (limits == NULL || limits->addresses == NULL || !http_client_address(request, &ip))
        return true;
    return take(request, limits->addresses, &limits->address, address_key(&ip), LIMITED_ADDRESS);
}

bool http_limit_principal(struct http_request *request)
{
    struct http_limits *limits = request->worker->server->limits;
    const struct auth_identity *identity = request->identity;
    if (limits == NULL || limits->principals == NULL ||
        (identity->kind != AUTH_USER && identity->kind != AUTH_GUEST))
        return true; /* nobody in particular: the address is limited */
    return take(request, limits->principals, &limits->principal, identity->principal,
                LIMITED_PRINCIPAL);
}

/* ---- connections */

static bool is_counted(const struct http_server *server, const struct ip *ip)
{
    const struct ip_ranges *trusted = server->options.trusted_proxies;
    return server->limits != NULL && server->limits->connections_max > 0 &&
           (trusted == NULL || !ip_ranges_hold(trusted, ip));
}

bool http_limit_connect(struct http_server *server, const struct ip *ip)
{
    struct http_limits *limits = server->limits;
    if (!is_counted(server, ip))
        return true;
    struct slice key = {(const char *)ip->bytes, sizeof(ip->bytes)};
    pthread_mutex_lock(&limits->lock);
    struct map_entry *entry = map_find(&limits->connections, key);
    struct peer *peer = entry != NULL ? CONTAINER_OF(entry, struct peer, entry) : NULL;
    if (peer == NULL) {
        peer = mem_calloc(1, sizeof(*peer));
        peer->ip = *ip;
        peer->entry.key = (struct slice){(const char *)peer->ip.bytes, sizeof(peer->ip.bytes)};
        map_insert(&limits->connections, &peer->entry);
    }
    bool allowed = peer->count < limits->connections_max;
    if (allowed)
        peer->count++;
    pthread_mutex_unlock(&limits->lock);
    if (!allowed)
        metric_add(limits->refused, LIMITED_CONNECTION, 1);
    return allowed;
}

void http_limit_disconnect(struct http_server *server, const struct ip *ip)
{
    struct http_limits *limits = server->limits;
    if (!is_counted(server, ip))
        return;
    struct slice key = {(const char *)ip->bytes, sizeof(ip->bytes)};
    pthread_mutex_lock(&limits->lock);
    struct map_entry *entry = map_find(&limits->connections, key);
    CHECK(entry != NULL);
    struct peer *peer = CONTAINER_OF(entry, struct peer, entry);
    if (--peer->count == 0) {
        map_remove(&limits->connections, entry);
        free(peer);
    }
    pthread_mutex_unlock(&limits->lock);
}
