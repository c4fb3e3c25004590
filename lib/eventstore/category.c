/* The categories and their statements.
 * Owner: lib/eventstore. Thread: any; const.
 */
#include "eventstore/category.h"

/* append_put_columns puts partition, then these. */
#define COLUMNS_AFTER_PLACE                                                                        \
    "stream_id, version, event_id, type, payload, actor, correlation_id, causation_id, "           \
    "trace_flags, recorded_at"
#define EVENT_COLUMNS "partition, position, " COLUMNS_AFTER_PLACE

/* append_direct: all locks are taken before the first row; its snapshot is older than they are, but
 * a unique index judges by what is there now. */
#define DIRECT_LOCKS                                                                               \
    "WITH locked AS MATERIALIZED (SELECT pg_advisory_xact_lock(1, p) FROM unnest($1::smallint[]) " \
    "AS p)"
#define DIRECT_CONDITION                                                                           \
    "WHERE (SELECT count(*) FROM locked) > 0 AND pg_postmaster_start_time() = $2::timestamptz"
#define DIRECT_EVENTS(c)                                                                           \
    " INSERT INTO " c "_events (position, partition, " COLUMNS_AFTER_PLACE ") "                    \
    "SELECT n.* FROM unnest($3::bigint[], $4::smallint[], $5::text[], $6::integer[], "             \
    "$7::uuid[], $8::text[], $9::bytea[], $10::text[], $11::uuid[], $12::uuid[], "                 \
    "$13::smallint[], $14::timestamptz[]) AS n " DIRECT_CONDITION

/* Optional bounds are parameters that do not bound: 0 or 'infinity'. The orders match an index.
 * lease_claim locks its rows in one order: two who claim at once do not wait for each other. */
#define CATEGORY_STATEMENTS(c)                                                                     \
    {                                                                                              \
        .append = {c "_append",                                                                    \
                   "SELECT heads, stale_stream, stale_version, done_unit, done_event, "            \
                   "done_position, found_key, found_fingerprint, found_status, found_version, "    \
                   "found_body FROM " c "_append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, "   \
                   "$12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, "   \
                   "$27, $28)"},                                                                   \
        .append_direct = {c "_append_direct", DIRECT_LOCKS DIRECT_EVENTS(c)},                      \
        .append_direct_keyed =                                                                     \
            {c "_append_direct_keyed",                                                             \
             DIRECT_LOCKS ", answers AS (INSERT INTO " c "_answers "                               \
                          "(stream_id, principal, key, fingerprint, status, version, body, "       \
                          "recorded_at) SELECT a.*, $22::timestamptz FROM "                        \
                          "unnest($15::text[], $16::text[], $17::text[], $18::bytea[], "           \
                          "$19::smallint[], $20::integer[], $21::bytea[]) AS a " DIRECT_CONDITION  \
                          ") " DIRECT_EVENTS(c)},                                                  \
        .server_start = {"server_start", "SELECT pg_postmaster_start_time()"},                     \
        .heads = {c "_heads",                                                                      \
                  "SELECT p::smallint, coalesce((SELECT max(position) FROM " c "_events "          \
                  "WHERE partition = p), 0) FROM generate_series(0, $1::integer - 1) AS p"},       \
        .stream_forwards = {c "_stream_forwards",                                                  \
                            "SELECT " EVENT_COLUMNS " FROM " c "_events "                          \
                            "WHERE stream_id = $1 AND version > $2 AND version <= $3 "             \
                            "AND recorded_at <= $4 ORDER BY version LIMIT $5"},                    \
        .stream_backwards = {c "_stream_backwards",                                                \
                             "SELECT " EVENT_COLUMNS " FROM " c "_events "                         \
                             "WHERE stream_id = $1 AND version > $2 AND version <= $3 "            \
                             "AND recorded_at <= $4 ORDER BY version DESC LIMIT $5"},              \
        .stream_version = {c "_stream_version",                                                    \
                           "SELECT coalesce(max(version), 0) FROM " c "_events "                   \
                           "WHERE stream_id = $1"},                                                \
        .partition = {c "_partition",                                                              \
                      "SELECT " EVENT_COLUMNS " FROM " c "_events "                                \
                      "WHERE partition = $1 AND position > $2 ORDER BY position LIMIT $3"},        \
        .stream_ids = {c "_stream_ids",                                                            \
                       "SELECT stream_id FROM " c "_events WHERE stream_id > $1 AND version = 1 "  \
                       "ORDER BY stream_id LIMIT $2"},                                             \
        .snapshot = {c "_snapshot", "SELECT version, position, payload FROM " c "_snapshots "      \
                                    "WHERE stream_id = $1 AND version <= $2"},                     \
        .snapshots = {c "_snapshots", "SELECT i::integer, version, position, payload "             \
                                      "FROM unnest($1::text[]) WITH ORDINALITY AS s(id, i) "       \
                                      "JOIN " c "_snapshots ON stream_id = id"},                   \
        .fold_events = {c "_fold_events",                                                          \
                        "SELECT e.*, i::integer "                                                  \
                        "FROM unnest($1::text[], $2::integer[]) WITH ORDINALITY "                  \
                        "AS s(id, after, i) CROSS JOIN LATERAL (SELECT " EVENT_COLUMNS " FROM " c  \
                        "_events WHERE stream_id = id AND version > after "                        \
                        "ORDER BY version) AS e ORDER BY i, e.version"},                           \
        .snapshot_save = {c "_snapshot_save",                                                      \
                          "INSERT INTO " c "_snapshots AS s (stream_id, version, position, "       \
                          "payload) VALUES ($1, $2, $3, $4) ON CONFLICT (stream_id) DO UPDATE "    \
                          "SET version = excluded.version, position = excluded.position, "         \
                          "payload = excluded.payload WHERE s.version < excluded.version"},        \
        .answers_sweep = {c "_answers_sweep",                                                      \
                          "WITH gone AS (DELETE FROM " c "_answers WHERE ctid = ANY (ARRAY("       \
                          "SELECT ctid FROM " c "_answers WHERE recorded_at < $1 LIMIT $2)) "      \
                          "RETURNING 1) SELECT count(*)::bigint FROM gone"},                       \
        .lease_claim = {c "_lease_claim",                                                          \
                        "WITH mine AS (SELECT partition FROM " c "_relay_leases "                  \
                        "WHERE partition < $3::integer AND (owner = $1 OR owner IS NULL "          \
                        "OR expires_at < clock_timestamp()) ORDER BY partition FOR UPDATE) "       \
                        "UPDATE " c "_relay_leases l SET owner = $1, "                             \
                        "epoch = epoch + CASE WHEN owner = $1 THEN 0 ELSE 1 END, "                 \
                        "expires_at = clock_timestamp() + $2::integer * interval '1 ms' "          \
                        "FROM mine WHERE l.partition = mine.partition "                            \
                        "RETURNING l.partition, l.epoch, l.position"},                             \
        .lease_advance = {c "_lease_advance",                                                      \
                          "UPDATE " c "_relay_leases l SET position = n.position "                 \
                          "FROM unnest($2::smallint[], $3::bigint[], $4::bigint[]) "               \
                          "AS n(partition, epoch, position) WHERE l.partition = n.partition "      \
                          "AND l.owner = $1 AND l.epoch = n.epoch"},                               \
        .lease_release = {c "_lease_release", "UPDATE " c "_relay_leases SET owner = NULL, "       \
                                              "expires_at = '-infinity' WHERE owner = $1"},        \
    }

static const struct category_statements cart_statements = CATEGORY_STATEMENTS("cart");
static const struct category_statements payment_statements = CATEGORY_STATEMENTS("payment");
static const struct category_statements fraud_statements = CATEGORY_STATEMENTS("fraud");

/* The schema makes the leases of 16 partitions for each category. */
#define CATEGORY(c)                                                                                \
    {                                                                                              \
        .name = #c, .topic = #c ".events", .dead_letter_topic = #c ".events.dlq",                  \
        .package = "cartwright." #c ".v1", .source = "/cartwright/" #c, .partitions = 16,          \
        .statements = &c##_statements,                                                             \
    }

const struct category category_cart = CATEGORY(cart);
const struct category category_payment = CATEGORY(payment);
const struct category category_fraud = CATEGORY(fraud);

const struct category *const categories_all[CATEGORY_COUNT] = {&category_cart, &category_payment,
                                                               &category_fraud};
