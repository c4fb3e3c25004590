/* The readers' way to Redis.
 * Owner: cart-api. Thread: any that may block.
 */
#include "cart-api/view_links.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/memory.h"

/* A read waits for it: what takes longer is shown all the same, and doubted (view_trust.h). */
enum { LINK_TIMEOUT_MS = 250 };

struct view_links {
    pthread_mutex_t lock;
    int free_count, count;
    struct view_connection **free; /* the one used last is on top */
    struct view_connection all[];
};

int view_links_new(const char *connection_string, int count, struct error *err,
                   struct view_links **ret_links)
{
    struct redis_address address;
    if (redis_address_parse(connection_string, err, &address) != 0)
        return -1;
    struct view_links *links =
        mem_calloc(1, sizeof(*links) + (size_t)count * sizeof(links->all[0]));
    links->free = mem_calloc((size_t)count, sizeof(struct view_connection *));
    links->count = links->free_count = count;
    CHECK(pthread_mutex_init(&links->lock, NULL) == 0);
    for (int i = 0; i < count; i++) {
        links->all[i] = (struct view_connection){
            .address = address,
            .connect_timeout_ms = LINK_TIMEOUT_MS,
            .timeout_ms = LINK_TIMEOUT_MS,
        };
        links->free[i] = &links->all[i];
    }
    *ret_links = links;
    return 0;
}

void view_links_free(struct view_links *links)
{
    if (links == NULL)
        return;
    CHECK(links->free_count == links->count);
    for (int i = 0; i < links->count; i++)
        view_connection_close(&links->all[i]);
    pthread_mutex_destroy(&links->lock);
    free(links->free);
    free(links);
}

struct view_connection *view_links_take(struct view_links *links)
{
    pthread_mutex_lock(&links->lock);
    CHECK(links->free_count > 0);
    struct view_connection *views = links->free[--links->free_count];
    pthread_mutex_unlock(&links->lock);
    return views;
}

void view_links_give(struct view_links *links, struct view_connection *views)
{
    pthread_mutex_lock(&links->lock);
    CHECK(links->free_count < links->count);
    links->free[links->free_count++] = views;
    pthread_mutex_unlock(&links->lock);
}
