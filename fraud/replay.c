/* The rules over a history that is held in memory.
 * Owner: fraud. Thread: one at a time.
 */
#include "fraud/replay.h"

#include <stdlib.h>

#include "base/memory.h"

struct replay_window {
    struct map_entry entry; /* key: the feed's id in 4 bytes, then the key; follows the struct */
    struct window window;
};

static struct slice window_key(struct replay *replay, uint32_t feed, struct slice key)
{
    buf_clear(&replay->key);
    buf_be32(&replay->key, feed);
    buf_append(&replay->key, key.data, key.len);
    return buf_slice(&replay->key);
}

static struct replay_window *find(struct replay *replay, uint32_t feed, struct slice key)
{
    struct map_entry *entry = map_find(&replay->windows, window_key(replay, feed, key));
    return entry != NULL ? CONTAINER_OF(entry, struct replay_window, entry) : NULL;
}

static struct replay_window *make(struct replay *replay, const struct feed *feed, struct slice key)
{
    struct slice name = window_key(replay, feed->id, key);
    struct replay_window *made = mem_calloc(1, sizeof(*made) + name.len);
    memcpy(made + 1, name.data, name.len);
    made->entry.key = (struct slice){(char *)(made + 1), name.len};
    made->window.keep = (size_t)feed->keep;
    map_insert(&replay->windows, &made->entry);
    return made;
}

static void drop(struct replay *replay, struct replay_window *window)
{
    replay->observations -= window_count(&window->window);
    map_remove(&replay->windows, &window->entry);
    window_free(&window->window);
    free(window);
}

static void make_room(struct replay *replay, const struct replay_window *not_this)
{
    while (replay->observations > replay->observations_max) {
        struct replay_window *oldest =
            CONTAINER_OF(replay->windows.oldest, struct replay_window, entry);
        if (oldest == not_this)
            return;
        replay->evicted += window_count(&oldest->window);
        drop(replay, oldest);
    }
}

static void observe(struct replay *replay, const struct feed *feed, const struct sighting *sighting)
{
    struct buf key = {0};
    struct observation observation = {
        .at_us = sighting->at_us,
        .event_id = sighting->event_id,
        .part = sighting->part,
        .cart_id = sighting->texts[FIELD_CART],
    };
    if (rule_observes(feed->rule, sighting, &key, &observation.number, &observation.item)) {
        struct replay_window *window = find(replay, feed->id, buf_slice(&key));
        if (window == NULL)
            window = make(replay, feed, buf_slice(&key));
        map_touch(&replay->windows, &window->entry);
        replay->observations -= window_count(&window->window);
        window_add(&window->window, &observation);
        /* A checkout may come a little later than something after it: two horizons are kept. */
        window_forget(&window->window, sighting->at_us - 2 * feed->horizon_us);
        replay->observations += window_count(&window->window);
        make_room(replay, window);
    }
    buf_free(&key);
}

void replay_observe(struct replay *replay, const struct sightings *sightings)
{
    for (size_t i = 0; i < replay->rules->feed_count; i++) {
        const struct feed *feed = &replay->rules->feeds[i];
        for (size_t j = 0; j < sightings->count; j++) {
            if (feed->of_own_cart || !replay->own_carts_only)
                observe(replay, feed, &sightings->items[j]);
        }
    }
}

const struct window *replay_window(struct replay *replay, uint32_t feed, struct slice key)
{
    struct replay_window *found = find(replay, feed, key);
    return found != NULL ? &found->window : NULL;
}

enum fraud_event_type replay_judge(struct replay *replay, const struct sightings *sightings,
                                   struct fraud_verdict *ret_verdict)
{
    struct judge *judge = &replay->judge;
    judge_begin(judge, replay->rules, sightings);
    for (size_t i = 0; i < judge->question_count; i++) {
        const struct question *question = &judge->questions[i];
        const struct window *window = replay_window(replay, question->rule->feed, question->key);
        if (window != NULL)
            judge_answer(judge, question, window);
    }
    return judge_verdict(judge, ret_verdict);
}

void replay_clear(struct replay *replay)
{
    while (replay->windows.oldest != NULL)
        drop(replay, CONTAINER_OF(replay->windows.oldest, struct replay_window, entry));
}

void replay_free(struct replay *replay)
{
    replay_clear(replay);
    map_free(&replay->windows);
    judge_free(&replay->judge);
    buf_free(&replay->key);
    *replay = (struct replay){0};
}
