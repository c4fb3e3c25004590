-- What fraud keeps beside its facts: observations, from which the rules' windows are read, and the
-- checkouts that wait for a verdict or for a person.

CREATE TABLE fraud_observations (
    feed       integer     NOT NULL,
    key        text        COLLATE "C" NOT NULL,
    at         timestamptz NOT NULL,
    event_id   uuid        NOT NULL,
    part       smallint    NOT NULL,
    cart_id    text        COLLATE "C" NOT NULL,
    number     bigint      NOT NULL,
    item       text        COLLATE "C" NOT NULL,
    expires_at timestamptz NOT NULL,
    -- A window is a range of this; an event is observed once, whatever is replayed.
    PRIMARY KEY (feed, key, at, event_id, part)
);
COMMENT ON TABLE fraud_observations IS 'What rules have seen, written in the transaction of the consumer''s position. docs/decisions/0010';
COMMENT ON COLUMN fraud_observations.feed IS 'names what is observed: the events, conditions, key and value of a rule';
COMMENT ON COLUMN fraud_observations.at IS 'event time';
COMMENT ON COLUMN fraud_observations.expires_at IS 'event time from which on no rule looks at it';
-- The sweep of what has expired.
CREATE INDEX fraud_observations_expires_at ON fraud_observations (expires_at);

CREATE TABLE fraud_checkouts (
    cart_id     text        COLLATE "C" PRIMARY KEY,
    state       text        COLLATE "C" NOT NULL CHECK (state IN ('waiting', 'held')),
    at          timestamptz NOT NULL,
    noted_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    partition   smallint    NOT NULL,
    position    bigint      NOT NULL,
    order_id    text        COLLATE "C" NOT NULL,
    user_id     text        COLLATE "C" NOT NULL,
    total_minor bigint      NOT NULL,
    currency    text        COLLATE "C" NOT NULL
);
COMMENT ON TABLE fraud_checkouts IS 'Checkouts without a final verdict; a row goes with the fact that decides it.';
COMMENT ON COLUMN fraud_checkouts.at IS 'event time of the checkout';
COMMENT ON COLUMN fraud_checkouts.partition IS 'where the checkout is in cart_events, with position';
-- The next ones to judge, and the review queue.
CREATE INDEX fraud_checkouts_state_at ON fraud_checkouts (state, at);

GRANT SELECT, INSERT, DELETE ON fraud_observations TO cartwright_fraud;
GRANT SELECT, INSERT, UPDATE, DELETE ON fraud_checkouts TO cartwright_fraud;
