-- Observations become bundles: what one batch of events says about one key is one row. The view
-- shows them one by one, as the table before did. docs/decisions/0020

-- The previous release's fraud waits here, and then fails until it is replaced: nothing is lost.
LOCK TABLE fraud_observations IN ACCESS EXCLUSIVE MODE;
ALTER TABLE fraud_observations RENAME TO fraud_observations_before;

CREATE TABLE fraud_bundles (
    last_at      timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    feed         integer     NOT NULL,
    count        smallint    NOT NULL,
    key          text        COLLATE "C" NOT NULL,
    observations bytea       NOT NULL
);
COMMENT ON TABLE fraud_bundles IS 'What rules have seen, written in the transaction of the consumer''s position. docs/decisions/0020';
COMMENT ON COLUMN fraud_bundles.last_at IS 'event time of the newest; the others are at most 100 ms older';
COMMENT ON COLUMN fraud_bundles.expires_at IS 'event time from which on no rule looks at it';
COMMENT ON COLUMN fraud_bundles.feed IS 'names what is observed: the events, conditions, key and value of a rule';
COMMENT ON COLUMN fraud_bundles.observations IS 'as fraud_unpack reads them, in the order of event time';
-- A window is a range of this.
CREATE INDEX fraud_bundles_window ON fraud_bundles (feed, key, last_at);
-- The sweep of what has expired.
CREATE INDEX fraud_bundles_expires_at ON fraud_bundles (expires_at);

-- Per observation 38 bytes and the texts: microseconds since 1970, event id, part, number, lengths of cart id
-- and item (65535: it is the cart id), cart id, item. Big-endian. fraud/bundle.c writes and reads the same.
CREATE FUNCTION fraud_unpack(bundle bytea)
RETURNS TABLE (at timestamptz, event_id uuid, part smallint, cart_id text, number bigint, item text)
LANGUAGE plpgsql IMMUTABLE
AS $$
DECLARE
    i integer := 1;
    cart_length integer;
    item_length integer;
BEGIN
    WHILE i <= length(bundle) LOOP
        at := to_timestamp(0) + ('x' || encode(substr(bundle, i, 8), 'hex'))::bit(64)::bigint
                                * interval '1 us';
        event_id := encode(substr(bundle, i + 8, 16), 'hex')::uuid;
        part := ('x' || encode(substr(bundle, i + 24, 2), 'hex'))::bit(16)::integer;
        number := ('x' || encode(substr(bundle, i + 26, 8), 'hex'))::bit(64)::bigint;
        cart_length := ('x' || encode(substr(bundle, i + 34, 2), 'hex'))::bit(16)::integer;
        item_length := ('x' || encode(substr(bundle, i + 36, 2), 'hex'))::bit(16)::integer;
        cart_id := convert_from(substr(bundle, i + 38, cart_length), 'UTF8');
        i := i + 38 + cart_length;
        IF item_length = 65535 THEN
            item := cart_id;
        ELSE
            item := convert_from(substr(bundle, i, item_length), 'UTF8');
            i := i + item_length;
        END IF;
        RETURN NEXT;
    END LOOP;
END
$$;
COMMENT ON FUNCTION fraud_unpack IS 'The observations of a bundle, for people.';

CREATE VIEW fraud_observations AS
SELECT b.feed, b.key, o.at, o.event_id, o.part, o.cart_id, o.number, o.item, b.expires_at
  FROM fraud_bundles b CROSS JOIN LATERAL fraud_unpack(b.observations) AS o;
COMMENT ON VIEW fraud_observations IS 'The bundles, an observation a row: to look at, not to search in.';

INSERT INTO fraud_bundles (last_at, expires_at, feed, count, key, observations)
SELECT at, expires_at, feed, 1, key,
       int8send((extract(epoch FROM at) * 1000000)::bigint) || uuid_send(event_id) ||
       int2send(part) || int8send(number) || int2send(octet_length(cart_id)::smallint) ||
       int2send(octet_length(item)::smallint) || convert_to(cart_id, 'UTF8') || convert_to(item, 'UTF8')
  FROM fraud_observations_before
 ORDER BY expires_at;
DROP TABLE fraud_observations_before;

CREATE TABLE fraud_marks (
    category  text     COLLATE "C" NOT NULL,
    partition smallint NOT NULL,
    position  bigint   NOT NULL,
    PRIMARY KEY (category, partition)
) WITH (fillfactor = 50); -- few rows, changed now and then: room for HOT updates
COMMENT ON TABLE fraud_marks IS 'No event behind this position has been observed; one before it is looked up first.';
INSERT INTO fraud_marks (category, partition, position)
SELECT category, partition, position FROM consumer_positions WHERE consumer = 'fraud';

GRANT SELECT, INSERT, DELETE ON fraud_bundles TO cartwright_fraud;
GRANT SELECT, INSERT, UPDATE ON fraud_marks TO cartwright_fraud;
GRANT SELECT ON fraud_observations TO cartwright_fraud;
