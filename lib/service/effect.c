/* An effect in PostgreSQL: rows, facts and positions in one transaction.
 * Owner: lib/service. Thread: the service's.
 */
#include "service/effect.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "service/store.h"

enum { WHY_SIZE = 256 };

struct effect_partition {
    int64_t position; /* what we believe to be in the store; -1: not asked */
    int64_t reaches_after_us;
};

struct effect_feed {
    const struct category *category;
    struct effect_partition *partitions;
};

struct effect {
    struct effect_options options;
    struct effect_feed feeds[SERVICE_CATEGORIES_MAX];
    struct facts facts;
    struct relay *relay;
    struct pg_params params;
};

static const struct pg_statement make_statement = {
    "consumer_positions_make",
    "INSERT INTO consumer_positions (consumer, category, partition) "
    "SELECT $1, $2, p FROM generate_series(0, $3::integer - 1) AS p ON CONFLICT DO NOTHING",
};

static const struct pg_statement load_statement = {
    "consumer_position_load",
    "SELECT position, topic_offset, effects_after FROM consumer_positions "
    "WHERE consumer = $1 AND category = $2 AND partition = $3",
};

static const struct pg_statement move_statement = {
    "consumer_positions_move",
    "WITH moved AS (UPDATE consumer_positions c "
    "SET position = n.position, topic_offset = n.topic_offset "
    "FROM unnest($3::smallint[], $4::bigint[], $5::bigint[], $6::bigint[]) "
    "AS n(partition, believed, position, topic_offset) "
    "WHERE c.consumer = $1 AND c.category = $2 AND c.partition = n.partition "
    "AND c.position = n.believed RETURNING 1) SELECT count(*)::integer FROM moved",
};

int effect_settings_check(const struct effect_settings *settings, struct error *err)
{
    int64_t ignored;
    const char *text = settings->effects_after;
    if (text[0] != '\0' && clock_parse(text, strlen(text), &ignored) != 0)
        return error_set(err, ERROR_PERMANENT,
                         "effects_after must be a time such as 2026-11-21T12:00:00Z, not `%.64s`",
                         text);
    return 0;
}

static int start_relay(struct effect *effect, struct error *err)
{
    const struct effect_options *options = &effect->options;
    const struct service_settings *common = service_settings(options->runtime);
    struct relay_options relay = {
        .category = options->category,
        .inspect = options->inspect,
        .pg = service_pg_options(options->runtime),
        .kafka_bootstrap_servers = common->kafka_bootstrap_servers,
        .lease_ttl_ms = (int)options->settings->relay_lease_ttl_ms,
        .poll_ms = (int)options->settings->relay_poll_ms,
        .metrics = service_metrics(options->runtime),
    };
    return relay_start(&relay, err, &effect->relay);
}

int effect_new(const struct effect_options *options, struct error *err, struct effect **ret_effect)
{
    struct effect *effect = mem_calloc(1, sizeof(*effect));
    effect->options = *options;
    effect->facts.category = options->category;
    if (options->category != NULL && start_relay(effect, err) != 0) {
        effect_free(effect);
        return -1;
    }
    *ret_effect = effect;
    return 0;
}

void effect_free(struct effect *effect)
{
    if (effect == NULL)
        return;
    if (effect->relay != NULL)
        relay_stop(effect->relay);
    for (size_t i = 0; i < SERVICE_CATEGORIES_MAX; i++)
        free(effect->feeds[i].partitions);
    facts_free(&effect->facts);
    pg_params_free(&effect->params);
    free(effect);
}

struct facts *effect_facts(struct effect *effect)
{
    CHECK(effect->options.category != NULL);
    return &effect->facts;
}

struct relay *effect_relay(struct effect *effect)
{
    return effect->relay;
}

/* ---- positions */

static struct effect_partition *partition_at(const struct effect *effect,
                                             const struct category *category, int partition)
{
    for (size_t i = 0; i < SERVICE_CATEGORIES_MAX; i++) {
        if (effect->feeds[i].category == category)
            return &effect->feeds[i].partitions[partition];
    }
    return NULL;
}

static struct effect_partition *partition_of(struct effect *effect, const struct category *category,
                                             int partition)
{
    struct effect_feed *feed = effect->feeds, *end = feed + SERVICE_CATEGORIES_MAX;
    CHECK(category != NULL);
    struct effect_partition *known = partition_at(effect, category, partition);
    if (known != NULL)
        return known;
    while (feed < end && feed->category != NULL)
        feed++;
    CHECK(feed < end);
    feed->category = category;
    feed->partitions = mem_alloc((size_t)category->partitions * sizeof(feed->partitions[0]));
    for (int i = 0; i < category->partitions; i++)
        feed->partitions[i] = (struct effect_partition){.position = -1};
    return &feed->partitions[partition];
}

static struct pg_params *key_params(struct effect *effect, const struct category *category)
{
    pg_params_clear(&effect->params);
    pg_param_bytes(&effect->params, slice_of(effect->options.consumer));
    pg_param_bytes(&effect->params, slice_of(category->name));
    return &effect->params;
}

static int make_rows(struct effect *effect, struct pg *pg, const struct category *category,
                     struct error *err)
{
    struct pg_params *params = key_params(effect, category);
    struct pg_result *result;
    pg_param_int32(params, category->partitions);
    if (pg_run(pg, &make_statement, params, STORE_TIMEOUT_MS, err, &result) != 0)
        return -1;
    pg_result_free(result);
    return 0;
}

static int load_row(struct effect *effect, struct pg *pg, const struct category *category,
                    int partition, struct error *err, struct pg_result **ret_result)
{
    struct pg_params *params = key_params(effect, category);
    pg_param_int16(params, (int16_t)partition);
    return pg_run(pg, &load_statement, params, STORE_TIMEOUT_MS, err, ret_result);
}

static int load_or_make(struct effect *effect, struct pg *pg, const struct category *category,
                        int partition, struct error *err, struct pg_result **ret_result)
{
    if (load_row(effect, pg, category, partition, err, ret_result) != 0)
        return -1;
    if (pg_rows(*ret_result) == 1)
        return 0;
    pg_result_free(*ret_result);
    if (make_rows(effect, pg, category, err) != 0 ||
        load_row(effect, pg, category, partition, err, ret_result) != 0)
        return -1;
    if (pg_rows(*ret_result) == 1)
        return 0;
    pg_result_free(*ret_result);
    return error_set(err, ERROR_RETRIABLE, "the consumer's position is being removed");
}

enum service_outcome effect_load_position(struct effect *effect, const struct category *category,
                                          int partition, struct error *err,
                                          struct service_position *ret_position)
{
    const char *after = effect->options.settings->effects_after;
    struct effect_partition *believed = partition_of(effect, category, partition);
    struct pg *pg;
    struct pg_result *result;
    if (service_store(effect->options.runtime, err, &pg) != 0 ||
        load_or_make(effect, pg, category, partition, err, &result) != 0)
        return SERVICE_RETRY;
    believed->position = pg_get_int64(result, 0, 0);
    believed->reaches_after_us = pg_get_time(result, 0, 2);
    ret_position->position = believed->position;
    ret_position->offset = pg_get_int64(result, 0, 1);
    pg_result_free(result);
    if (after[0] != '\0')
        CHECK(clock_parse(after, strlen(after), &believed->reaches_after_us) == 0);
    return SERVICE_HANDLED;
}

bool effect_reaches_out(const struct effect *effect, const struct category *category, int partition,
                        int64_t recorded_at_us)
{
    const struct effect_partition *known = partition_at(effect, category, partition);
    CHECK(known != NULL && known->position >= 0);
    return recorded_at_us >= known->reaches_after_us;
}

/* ---- flush */

struct flush {
    struct effect *effect;
    const struct service_position *positions;
    size_t count;
};

static int move_positions(const struct flush *flush, struct pg *pg, int timeout_ms,
                          struct error *err)
{
    struct effect *effect = flush->effect;
    const struct service_position *to = flush->positions;
    struct pg_params *params = key_params(effect, to[0].category);
    struct pg_result *result;
    PG_PARAM_ARRAY(params, PG_INT2, flush->count, true,
                   pg_array_int16(params, (int16_t)to[i].partition));
    PG_PARAM_ARRAY(
        params, PG_INT8, flush->count, true,
        pg_array_int64(params, partition_of(effect, to[i].category, to[i].partition)->position));
    PG_PARAM_ARRAY(params, PG_INT8, flush->count, true, pg_array_int64(params, to[i].position));
    PG_PARAM_ARRAY(params, PG_INT8, flush->count, true, pg_array_int64(params, to[i].offset));
    if (pg_run(pg, &move_statement, params, timeout_ms, err, &result) != 0)
        return -1;
    int32_t moved = pg_get_int32(result, 0, 0);
    pg_result_free(result);
    return moved == (int32_t)flush->count ? 0 : EFFECT_STALE;
}

static int flush_body(void *argument, struct pg *pg, int timeout_ms, struct error *err)
{
    const struct flush *flush = argument;
    const struct effect_options *options = &flush->effect->options;
    int rc = move_positions(flush, pg, timeout_ms, err);
    if (rc == 0 && options->write != NULL)
        rc = options->write(options->state, pg, timeout_ms, err);
    if (rc == 0 && options->category != NULL)
        rc = facts_append(&flush->effect->facts, pg, timeout_ms, err);
    return rc;
}

enum service_outcome effect_flush(struct effect *effect, const struct service_position *positions,
                                  size_t count, struct error *err)
{
    struct flush flush = {effect, positions, count};
    struct pg *pg;
    CHECK(count > 0);
    if (service_store(effect->options.runtime, err, &pg) != 0)
        return SERVICE_RETRY;
    int rc = pg_transaction(pg, flush_body, &flush, STORE_TIMEOUT_MS, err);
    if (rc == EFFECT_STALE) {
        error_set(err, ERROR_RETRIABLE, "the store has moved on under another process");
        return SERVICE_RELOAD;
    }
    if (rc != 0)
        return err->kind == ERROR_UNKNOWN ? SERVICE_RELOAD : SERVICE_RETRY;
    for (size_t i = 0; i < count; i++)
        partition_of(effect, positions[i].category, positions[i].partition)->position =
            positions[i].position;
    if (effect->options.category != NULL)
        facts_offer(&effect->facts, effect->relay);
    return SERVICE_HANDLED;
}

void effect_discard(struct effect *effect)
{
    if (effect->options.category != NULL)
        facts_clear(&effect->facts);
}

void effect_tick(struct effect *effect)
{
    char why[WHY_SIZE] = "";
    if (effect->relay == NULL)
        return;
    bool ok = relay_healthy(effect->relay, why, sizeof(why));
    service_condition(effect->options.runtime, effect->options.relay_condition, ok, why);
}
