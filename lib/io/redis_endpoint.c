/* Where Redis is: parse, look up.
 * Owner: lib/io. Thread: any.
 */
#include "io/redis_endpoint.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "base/memory.h"
#include "io/redis_async.h"

int redis_endpoint_new(const char *connection_string, struct error *err,
                       struct redis_endpoint **ret_endpoint)
{
    struct redis_address address;
    if (redis_address_parse(connection_string, err, &address) != 0)
        return -1;
    struct redis_endpoint *endpoint = mem_calloc(1, sizeof(*endpoint));
    CHECK(pthread_mutex_init(&endpoint->lock, NULL) == 0);
    endpoint->name = address;
    *ret_endpoint = endpoint;
    return 0;
}

void redis_endpoint_free(struct redis_endpoint *endpoint)
{
    if (endpoint == NULL)
        return;
    pthread_mutex_destroy(&endpoint->lock);
    free(endpoint);
}

int redis_endpoint_resolve(struct redis_endpoint *endpoint, struct error *err)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *found;
    char address[REDIS_ADDRESS_SIZE];
    int rc = getaddrinfo(endpoint->name.host, NULL, &hints, &found);
    if (rc != 0)
        return error_set(err, ERROR_RETRIABLE, "%.100s: %s", endpoint->name.host, gai_strerror(rc));
    rc = getnameinfo(found->ai_addr, found->ai_addrlen, address, sizeof(address), NULL, 0,
                     NI_NUMERICHOST);
    freeaddrinfo(found);
    if (rc != 0)
        return error_set(err, ERROR_RETRIABLE, "%.100s: %s", endpoint->name.host, gai_strerror(rc));
    pthread_mutex_lock(&endpoint->lock);
    memcpy(endpoint->address, address, sizeof(address));
    pthread_mutex_unlock(&endpoint->lock);
    return 0;
}

bool redis_endpoint_address(struct redis_endpoint *endpoint, char address[REDIS_ADDRESS_SIZE])
{
    pthread_mutex_lock(&endpoint->lock);
    memcpy(address, endpoint->address, REDIS_ADDRESS_SIZE);
    pthread_mutex_unlock(&endpoint->lock);
    return address[0] != '\0';
}
