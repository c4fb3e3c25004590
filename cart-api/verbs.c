/* What cart-api does instead of serving: prepare a database, prepare a broker.
 * Owner: cart-api. Thread: the main thread's.
 */
#include "cart-api/verbs.h"

#include <stdio.h>

#include "eventstore/category.h"
#include "eventstore/migrate.h"
#include "io/kafka_admin.h"

enum { MIGRATE_TIMEOUT_MS = 600000, TOPICS_TIMEOUT_MS = 30000 };

int verb_migrate(const struct api_settings *settings, struct error *err)
{
    struct pg_options options = {
        .connection_string = settings->postgres_admin_connection_string,
        .application_name = "cart-api migrate",
        .connect_timeout_ms = (int)settings->postgres_connect_timeout_ms,
        .statement_timeout_ms = MIGRATE_TIMEOUT_MS,
    };
    struct pg *pg;
    int applied;
    if (api_settings_require(settings->postgres_admin_connection_string,
                             "postgres_admin_connection_string", "POSTGRES_ADMIN_CONNECTION_STRING",
                             err) != 0 ||
        pg_open(&options, err, &pg) != 0)
        return -1;
    int rc = schema_migrate(pg, err, &applied);
    pg_close(pg);
    if (rc == 0)
        printf("schema %d, %d migrations applied\n", schema_version(), applied);
    return rc;
}

int verb_create_topics(const struct api_settings *settings, struct error *err)
{
    /* Events are the history and do not expire. Poison is kept until somebody has looked at it; it
     * may be larger than any event. */
    static const struct kafka_topic_config event_configs[] = {
        {"cleanup.policy", "delete"},
        {"retention.ms", "-1"},
        {"retention.bytes", "-1"},
        {"compression.type", "producer"},
    };
    static const struct kafka_topic_config poison_configs[] = {
        {"cleanup.policy", "delete"}, {"retention.ms", "2592000000"}, /* 30 days */
    };
    struct kafka_topic topics[2 * CATEGORY_COUNT];
    for (size_t i = 0; i < CATEGORY_COUNT; i++) {
        const struct category *category = categories_all[i];
        int replication = (int)settings->kafka_replication;
        topics[2 * i] = (struct kafka_topic){category->topic, category->partitions, replication,
                                             event_configs, ARRAY_SIZE(event_configs)};
        topics[2 * i + 1] =
            (struct kafka_topic){category->dead_letter_topic, category->partitions, replication,
                                 poison_configs, ARRAY_SIZE(poison_configs)};
    }
    if (kafka_admin_create_topics(settings->kafka_bootstrap_servers, topics, ARRAY_SIZE(topics),
                                  TOPICS_TIMEOUT_MS, err) != 0)
        return -1;
    for (size_t i = 0; i < ARRAY_SIZE(topics); i++)
        printf("topic %s, %d partitions\n", topics[i].name, topics[i].partitions);
    return 0;
}
