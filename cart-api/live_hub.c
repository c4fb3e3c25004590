/* Live views, the process's side.
 * Owner: cart-api. Thread: see the header.
 */
#include "cart-api/live_hub.h"

#include "base/log.h"
#include "cart-api/app.h"
#include "cart/cart_view.h"
#include "io/redis_subscriber.h"

enum { KEY_PREFIX = sizeof(CART_VIEW_KEY_PREFIX) - 1, SILENCE_MS = 5000, PRINCIPAL_KEY_MAX = 512 };

struct live_topic {
    struct map_entry entry; /* by cart id */
    struct live_place *places;
    bool subscribed; /* Redis has confirmed: whatever is published from then on arrives */
    size_t channel_length;
    char channel[KEY_PREFIX + CART_ID_MAX]; /* the cart id behind the prefix is the key */
};

/** How many listeners somebody has. */
struct live_principal {
    struct map_entry entry;
    int64_t listeners;
    char name[];
};

struct live_hub {
    struct app *app;
    struct redis_subscriber *subscriber;
    pthread_mutex_t lock;
    struct map topics, principals; /* under the lock */
    int64_t listeners;             /* under the lock */
};

/* ---- mail */

static void run_task(struct http_deferred *task)
{
    struct live_mailbox *mailbox = CONTAINER_OF(task, struct live_mailbox, task);
    pthread_mutex_lock(&mailbox->hub->lock);
    mailbox->posted = false;
    pthread_mutex_unlock(&mailbox->hub->lock);
    mailbox->deliver(mailbox);
}

/** Under the lock. */
static void put_mail(struct live_place *place)
{
    struct live_mailbox *mailbox = place->mailbox;
    if (!place->in_mail) {
        place->in_mail = true;
        place->next_in_mail = mailbox->mail;
        mailbox->mail = place;
    }
    if (!mailbox->posted) {
        mailbox->posted = true;
        http_task_init(mailbox->http, &mailbox->task, run_task);
        http_post(&mailbox->task);
    }
}

struct live_place *live_mail_take(struct live_mailbox *mailbox, bool *ret_look,
                                  struct live_view **ret_news)
{
    pthread_mutex_lock(&mailbox->hub->lock);
    struct live_place *place = mailbox->mail;
    if (place != NULL) {
        mailbox->mail = place->next_in_mail;
        place->in_mail = false;
        *ret_look = place->look;
        *ret_news = place->news;
        place->look = false;
        place->news = NULL;
    }
    pthread_mutex_unlock(&mailbox->hub->lock);
    return place;
}

bool live_mail_posted(struct live_mailbox *mailbox)
{
    pthread_mutex_lock(&mailbox->hub->lock);
    bool posted = mailbox->posted;
    pthread_mutex_unlock(&mailbox->hub->lock);
    return posted;
}

/* ---- the subscriber's thread */

static struct live_topic *find_topic(const struct live_hub *hub, struct slice cart_id)
{
    struct map_entry *entry = map_find(&hub->topics, cart_id);
    return entry != NULL ? CONTAINER_OF(entry, struct live_topic, entry) : NULL;
}

static struct live_topic *topic_of_channel(const struct live_hub *hub, struct slice channel)
{
    if (channel.len <= KEY_PREFIX)
        return NULL;
    return find_topic(hub, (struct slice){channel.data + KEY_PREFIX, channel.len - KEY_PREFIX});
}

static void on_subscribed(void *context, struct slice channel)
{
    struct live_hub *hub = context;
    pthread_mutex_lock(&hub->lock);
    struct live_topic *topic = topic_of_channel(hub, channel);
    if (topic != NULL) {
        topic->subscribed = true;
        for (struct live_place *place = topic->places; place != NULL;
             place = place->next_in_topic) {
            place->look = true;
            put_mail(place);
        }
    }
    pthread_mutex_unlock(&hub->lock);
}

static void tell(struct live_place *place, struct live_view *view)
{
    if (view == NULL) { /* removed, or not to be understood: see what a reader would get */
        place->look = true;
    } else if (place->news == NULL || place->news->version < view->version) {
        live_view_release(place->news);
        place->news = live_view_hold(view);
    }
    put_mail(place);
}

static void on_message(void *context, struct slice channel, struct slice text)
{
    struct live_hub *hub = context;
    int32_t version = cart_view_version(text);
    struct live_view *view = version > 0 ? live_view_new(version, text) : NULL;
    pthread_mutex_lock(&hub->lock);
    struct live_topic *topic = topic_of_channel(hub, channel);
    if (topic != NULL) {
        for (struct live_place *place = topic->places; place != NULL; place = place->next_in_topic)
            tell(place, view);
    }
    pthread_mutex_unlock(&hub->lock);
    live_view_release(view);
    metric_add(hub->app->counters.live_messages, 0, 1);
}

static void on_connection(void *context, bool up)
{
    struct live_hub *hub = context;
    metric_set(hub->app->counters.live_connected, 0, up ? 1 : 0);
    if (up) {
        log_info("live views: subscribed to Redis");
        return;
    }
    log_warning("live views: Redis is away, listeners are told when it is back");
    pthread_mutex_lock(&hub->lock);
    for (struct map_entry *entry = hub->topics.oldest; entry != NULL; entry = entry->newer)
        CONTAINER_OF(entry, struct live_topic, entry)->subscribed = false;
    pthread_mutex_unlock(&hub->lock);
}

/* ---- places */

static struct slice channel_of(const struct live_topic *topic)
{
    return (struct slice){topic->channel, topic->channel_length};
}

static struct live_topic *add_topic(struct live_hub *hub, struct slice cart_id)
{
    struct live_topic *topic = mem_calloc(1, sizeof(*topic));
    CHECK(cart_id.len <= CART_ID_MAX);
    memcpy(topic->channel, CART_VIEW_KEY_PREFIX, KEY_PREFIX);
    memcpy(topic->channel + KEY_PREFIX, cart_id.data, cart_id.len);
    topic->channel_length = KEY_PREFIX + cart_id.len;
    topic->entry.key = (struct slice){topic->channel + KEY_PREFIX, cart_id.len};
    map_insert(&hub->topics, &topic->entry);
    redis_subscriber_subscribe(hub->subscriber, channel_of(topic));
    return topic;
}

bool live_place_take(struct live_mailbox *mailbox, struct slice cart_id, struct live_place *place)
{
    struct live_hub *hub = mailbox->hub;
    pthread_mutex_lock(&hub->lock);
    struct live_topic *topic = find_topic(hub, cart_id);
    if (topic == NULL)
        topic = add_topic(hub, cart_id);
    *place =
        (struct live_place){.topic = topic, .mailbox = mailbox, .next_in_topic = topic->places};
    topic->places = place;
    bool waits = !topic->subscribed;
    pthread_mutex_unlock(&hub->lock);
    return waits;
}

static void unlink_mail(struct live_place *place)
{
    struct live_place **at = &place->mailbox->mail;
    while (*at != place)
        at = &(*at)->next_in_mail;
    *at = place->next_in_mail;
}

void live_place_leave(struct live_place *place)
{
    struct live_hub *hub = place->mailbox->hub;
    struct live_topic *topic = place->topic;
    pthread_mutex_lock(&hub->lock);
    struct live_place **at = &topic->places;
    while (*at != place)
        at = &(*at)->next_in_topic;
    *at = place->next_in_topic;
    if (place->in_mail)
        unlink_mail(place);
    live_view_release(place->news);
    if (topic->places == NULL) {
        redis_subscriber_unsubscribe(hub->subscriber, channel_of(topic));
        map_remove(&hub->topics, &topic->entry);
        free(topic);
    }
    pthread_mutex_unlock(&hub->lock);
}

/* ---- admission */

/** Under the lock. */
static struct live_principal *find_principal(struct live_hub *hub, struct slice name)
{
    struct map_entry *entry = map_find(&hub->principals, name);
    if (entry != NULL)
        return CONTAINER_OF(entry, struct live_principal, entry);
    struct live_principal *principal = mem_calloc(1, sizeof(*principal) + name.len);
    memcpy(principal->name, name.data, name.len);
    principal->entry.key = (struct slice){principal->name, name.len};
    map_insert(&hub->principals, &principal->entry);
    return principal;
}

/** Under the lock. */
static void add_to_principal(struct live_hub *hub, struct slice name, int delta)
{
    if (name.len == 0)
        return;
    struct live_principal *principal = find_principal(hub, name);
    principal->listeners += delta;
    if (principal->listeners > 0)
        return;
    map_remove(&hub->principals, &principal->entry);
    free(principal);
}

enum live_admission live_admit(struct live_hub *hub, struct slice principal)
{
    const struct api_settings *settings = hub->app->settings;
    enum live_admission admission = LIVE_ADMITTED;
    pthread_mutex_lock(&hub->lock);
    struct map_entry *entry = map_find(&hub->principals, principal);
    if (hub->listeners >= settings->live_listeners_max)
        admission = LIVE_FULL;
    else if (entry != NULL && CONTAINER_OF(entry, struct live_principal, entry)->listeners >=
                                  settings->live_listeners_per_principal_max)
        admission = LIVE_TOO_MANY_OF_YOURS;
    if (admission == LIVE_ADMITTED) {
        hub->listeners++;
        add_to_principal(hub, principal, 1);
    }
    metric_set(hub->app->counters.live_listeners, 0, hub->listeners);
    pthread_mutex_unlock(&hub->lock);
    if (admission != LIVE_ADMITTED)
        metric_add(hub->app->counters.live_refused, 0, 1);
    return admission;
}

void live_dismiss(struct live_hub *hub, struct slice principal)
{
    pthread_mutex_lock(&hub->lock);
    hub->listeners--;
    add_to_principal(hub, principal, -1);
    metric_set(hub->app->counters.live_listeners, 0, hub->listeners);
    pthread_mutex_unlock(&hub->lock);
}

/* ---- its life */

struct live_hub *live_hub_start(struct app *app)
{
    struct live_hub *hub = mem_calloc(1, sizeof(*hub));
    hub->app = app;
    CHECK(pthread_mutex_init(&hub->lock, NULL) == 0);
    struct redis_subscriber_options options = {
        .endpoint = app->redis,
        .connect_timeout_ms = (int)app->settings->redis_connect_timeout_ms,
        .silence_ms = SILENCE_MS,
        .subscribed = on_subscribed,
        .message = on_message,
        .connection = on_connection,
        .context = hub,
    };
    hub->subscriber = redis_subscriber_start(&options);
    return hub;
}

void live_hub_stop(struct live_hub *hub)
{
    if (hub == NULL)
        return;
    redis_subscriber_stop(hub->subscriber);
    CHECK(hub->topics.count == 0 && hub->principals.count == 0 && hub->listeners == 0);
    map_free(&hub->topics);
    map_free(&hub->principals);
    pthread_mutex_destroy(&hub->lock);
    free(hub);
}
