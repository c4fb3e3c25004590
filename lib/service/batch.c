/* What one turn works on.
 * Owner: lib/service. Thread: the service's.
 */
#include "service/batch.h"

#include <stdlib.h>

#include "base/memory.h"

struct item *batch_add(struct batch *batch, struct partition *partition)
{
    if (batch->count == batch->capacity) {
        batch->capacity = batch->capacity > 0 ? batch->capacity * 2 : 64;
        batch->items = mem_realloc(batch->items, batch->capacity * sizeof(batch->items[0]));
        batch->events = mem_realloc(batch->events, batch->capacity * sizeof(struct event_record *));
    }
    struct item *item = &batch->items[batch->count++];
    *item = (struct item){.partition = partition, .epoch = partition->epoch};
    return item;
}

static struct slice move_to(char **place, struct slice from)
{
    struct slice copy = {*place, from.len};
    if (from.len > 0)
        memcpy(*place, from.data, from.len);
    *place += from.len;
    return copy;
}

void batch_add_stored(struct batch *batch, struct partition *partition,
                      const struct event_record *event)
{
    struct item *item = batch_add(batch, partition);
    size_t size = event->stream_id.len + event->type.len + event->payload.len + event->actor.len;
    char *place = item->owned = mem_alloc(size);
    item->kind = ITEM_EVENT;
    item->from_store = item->has_event = true;
    item->event = *event;
    item->event.stream_id = move_to(&place, event->stream_id);
    item->event.type = move_to(&place, event->type);
    item->event.payload = move_to(&place, event->payload);
    item->event.actor = move_to(&place, event->actor);
    batch->bytes += size;
}

void batch_clear(struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        kafka_message_free(&batch->items[i].message);
        free(batch->items[i].owned);
    }
    batch->count = batch->bytes = 0;
}

void batch_free(struct batch *batch)
{
    batch_clear(batch);
    free(batch->items);
    free(batch->events);
    *batch = (struct batch){0};
}
