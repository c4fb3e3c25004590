-- The cart's event store: facts, recorded answers, snapshots, the relay's leases.
-- Applied by the owner; the daemons' group roles are made by infra/postgres/roles.sql.

CREATE TABLE cart_events (
    version        integer     NOT NULL CHECK (version > 0),
    partition      smallint    NOT NULL CHECK (partition >= 0),
    trace_flags    smallint    NOT NULL,
    position       bigint      NOT NULL CHECK (position > 0),
    recorded_at    timestamptz NOT NULL,
    event_id       uuid        NOT NULL,
    correlation_id uuid        NOT NULL,
    causation_id   uuid        NOT NULL,
    stream_id      text        COLLATE "C" NOT NULL,
    type           text        COLLATE "C" NOT NULL,
    actor          text        COLLATE "C" NOT NULL,
    payload        bytea       NOT NULL,
    -- The relay and rebuilds read a partition in order; the append takes its last position from here.
    PRIMARY KEY (partition, position),
    -- Reading a stream, its last version, and the last guard against two writers of one version.
    UNIQUE (stream_id, version)
);
COMMENT ON TABLE cart_events IS 'Facts: inserted by cart_append, never changed.';
COMMENT ON COLUMN cart_events.position IS '1, 2, 3 ... within the partition, without gaps, in commit order';
COMMENT ON COLUMN cart_events.recorded_at IS 'the time in the event; never falls within a stream';
COMMENT ON COLUMN cart_events.correlation_id IS 'W3C trace id';
COMMENT ON COLUMN cart_events.causation_id IS 'id of the command';
-- Payloads are a few hundred bytes: kept inline, and compressing them costs more than it saves.
ALTER TABLE cart_events ALTER COLUMN payload SET STORAGE EXTERNAL;

CREATE TABLE cart_answers (
    stream_id   text        COLLATE "C" NOT NULL,
    principal   text        COLLATE "C" NOT NULL,
    key         text        COLLATE "C" NOT NULL,
    fingerprint bytea       NOT NULL,
    status      smallint    NOT NULL,
    version     integer     NOT NULL,
    body        bytea       NOT NULL,
    recorded_at timestamptz NOT NULL,
    -- The append looks a key up here, in the same transaction as its events.
    PRIMARY KEY (stream_id, principal, key)
);
COMMENT ON TABLE cart_answers IS 'What was answered to a command with an Idempotency-Key.';
-- The sweep of old answers; rows arrive in time order, so a block range index is enough.
CREATE INDEX cart_answers_recorded_at ON cart_answers USING brin (recorded_at);

CREATE TABLE cart_snapshots (
    stream_id text    COLLATE "C" PRIMARY KEY,
    version   integer NOT NULL,
    position  bigint  NOT NULL, -- of the event with that version
    payload   bytea   NOT NULL
);
COMMENT ON TABLE cart_snapshots IS 'State of long streams at a version; may be dropped at any time.';

CREATE TABLE cart_relay_leases (
    partition  smallint    PRIMARY KEY,
    owner      uuid,
    epoch      bigint      NOT NULL DEFAULT 0,
    expires_at timestamptz NOT NULL DEFAULT '-infinity',
    position   bigint      NOT NULL DEFAULT 0
) WITH (fillfactor = 50); -- few rows, renewed all the time: room for HOT updates
COMMENT ON TABLE cart_relay_leases IS 'Who publishes a partition; epoch fences a leader that lost it; position is known to be in the topic.';
INSERT INTO cart_relay_leases (partition) SELECT generate_series(0, 15);

CREATE FUNCTION cart_append(
    -- distinct partitions of the events, ascending, and a position that each is known to have reached
    lock_partitions smallint[], known_positions bigint[],
    -- streams the batch was decided on; a unit is a set of streams that stands or falls together
    s_stream_id text[], s_expected integer[], s_unit integer[], s_first_event uuid[],
    -- events in the order decided: positions are given in this order within each partition
    e_unit integer[], e_partition smallint[], e_stream_id text[], e_version integer[], e_id uuid[],
    e_type text[], e_payload bytea[], e_actor text[], e_correlation_id uuid[],
    e_causation_id uuid[], e_trace_flags smallint[], e_recorded_at timestamptz[],
    -- keys to look up; those with a status are recorded when new
    a_unit integer[], a_stream_id text[], a_principal text[], a_key text[], a_fingerprint bytea[],
    a_status smallint[], a_version integer[], a_head bytea[], a_tail bytea[],
    a_recorded_at timestamptz[],
    -- last position per partition before this batch, as lock_partitions
    OUT heads bigint[],
    -- units that were not appended because a stream had another version, with stream (1-based) and its version
    OUT stale_stream integer[], OUT stale_version integer[],
    -- units whose events were found: an earlier try of this batch was committed after all
    OUT done_unit integer[], OUT done_event integer[], OUT done_position bigint[],
    -- units that were not appended because of a recorded key, with the key (1-based) and its answer
    OUT found_key integer[], OUT found_fingerprint bytea[], OUT found_status smallint[],
    OUT found_version integer[], OUT found_body bytea[]
)
LANGUAGE plpgsql
-- No SET clauses here: they cost a quarter of a small batch's time. Lanes set theirs once, at connect.
AS $$
DECLARE
    refused integer[] := '{}';
BEGIN
    -- One writer per partition at a time, ascending so that no two wait for each other. The lock is
    -- released after the commit is visible: whoever gets it next sees what was written under it.
    PERFORM pg_advisory_xact_lock(1, p) FROM unnest(lock_partitions) AS p;

    -- Each statement below takes its snapshot after the locks (READ COMMITTED).
    -- The lower bounds here and below keep the index scan at the end of its range: without them it
    -- judges every entry of the leaf page it lands on.
    SELECT array_agg(coalesce((SELECT max(e.position) FROM cart_events e
                                WHERE e.partition = p AND e.position >= known),
                              (SELECT max(e.position) FROM cart_events e WHERE e.partition = p), 0)
                     ORDER BY i)
      INTO heads
      FROM unnest(lock_partitions, known_positions) WITH ORDINALITY AS l(p, known, i);

    SELECT array_agg(i ORDER BY i), array_agg(actual ORDER BY i), coalesce(array_agg(unit), '{}')
      INTO stale_stream, stale_version, refused
      FROM (SELECT s.i::integer, s.unit, s.expected,
                   (SELECT coalesce(max(e.version), 0) FROM cart_events e
                     WHERE e.stream_id = s.stream_id AND e.version >= s.expected) AS actual
              FROM unnest(s_stream_id, s_expected, s_unit)
                   WITH ORDINALITY AS s(stream_id, expected, unit, i)) AS streams
     WHERE actual <> expected;

    IF cardinality(refused) > 0 THEN
        SELECT array_agg(DISTINCT s.unit)
          INTO done_unit
          FROM unnest(s_stream_id, s_expected, s_unit, s_first_event)
               AS s(stream_id, expected, unit, first_event)
          JOIN cart_events e ON e.stream_id = s.stream_id AND e.version = s.expected + 1
                            AND e.event_id = s.first_event;
        IF done_unit IS NOT NULL THEN
            SELECT array_agg(n.i::integer ORDER BY n.i), array_agg(e.position ORDER BY n.i)
              INTO done_event, done_position
              FROM unnest(e_stream_id, e_version, e_unit)
                   WITH ORDINALITY AS n(stream_id, version, unit, i)
              JOIN cart_events e ON e.stream_id = n.stream_id AND e.version = n.version
             WHERE n.unit = ANY (done_unit);
        END IF;
    END IF;

    IF cardinality(a_key) > 0 THEN
        SELECT array_agg(a.i::integer), array_agg(r.fingerprint), array_agg(r.status),
               array_agg(r.version), array_agg(r.body),
               refused || coalesce(array_agg(a.unit), '{}')
          INTO found_key, found_fingerprint, found_status, found_version, found_body, refused
          FROM unnest(a_unit, a_stream_id, a_principal, a_key)
               WITH ORDINALITY AS a(unit, stream_id, principal, key, i)
          JOIN cart_answers r ON r.stream_id = a.stream_id AND r.principal = a.principal
                             AND r.key = a.key
         WHERE done_unit IS NULL OR a.unit <> ALL (done_unit);
    END IF;

    IF cardinality(e_id) > 0 THEN
        INSERT INTO cart_events (version, partition, trace_flags, position, recorded_at, event_id,
                                 correlation_id, causation_id, stream_id, type, actor, payload)
        SELECT n.version, n.partition, n.trace_flags,
               heads[array_position(lock_partitions, n.partition)]
                   + row_number() OVER (PARTITION BY n.partition ORDER BY n.i),
               n.recorded_at, n.event_id, n.correlation_id, n.causation_id, n.stream_id, n.type,
               n.actor, n.payload
          FROM unnest(e_unit, e_partition, e_stream_id, e_version, e_id, e_type, e_payload, e_actor,
                      e_correlation_id, e_causation_id, e_trace_flags, e_recorded_at)
               WITH ORDINALITY
               AS n(unit, partition, stream_id, version, event_id, type, payload, actor,
                    correlation_id, causation_id, trace_flags, recorded_at, i)
         WHERE n.unit <> ALL (refused);
    END IF;

    IF cardinality(a_key) > 0 THEN
        -- The body goes in with the position that its event has just been given.
        INSERT INTO cart_answers (stream_id, principal, key, fingerprint, status, version, body,
                                  recorded_at)
        SELECT a.stream_id, a.principal, a.key, a.fingerprint, a.status, a.version,
               CASE WHEN a.tail IS NULL THEN a.head
                    ELSE a.head || convert_to(e.position::text, 'UTF8') || a.tail END,
               a.recorded_at
          FROM unnest(a_unit, a_stream_id, a_principal, a_key, a_fingerprint, a_status,
                      a_version, a_head, a_tail, a_recorded_at)
               AS a(unit, stream_id, principal, key, fingerprint, status, version, head, tail,
                    recorded_at)
          LEFT JOIN cart_events e ON e.stream_id = a.stream_id AND e.version = a.version
         WHERE a.status IS NOT NULL AND a.unit <> ALL (refused);
    END IF;
END
$$;
COMMENT ON FUNCTION cart_append IS 'Appends a batch: lock, verify, place, insert. docs/decisions/0001';

GRANT SELECT, INSERT ON cart_events TO cartwright_append;
GRANT SELECT, INSERT, DELETE ON cart_answers TO cartwright_append;
GRANT SELECT, INSERT, UPDATE, DELETE ON cart_snapshots TO cartwright_append;
GRANT SELECT, UPDATE ON cart_relay_leases TO cartwright_append;
GRANT SELECT ON cart_events, cart_snapshots TO cartwright_read;
REVOKE EXECUTE ON FUNCTION cart_append FROM PUBLIC;
GRANT EXECUTE ON FUNCTION cart_append TO cartwright_append;
GRANT SELECT ON schema_migrations TO cartwright_append, cartwright_read;
