-- How far each service's effect is, committed together with the effect, and the migrations of the
-- services' own tables.

CREATE TABLE consumer_positions (
    consumer      text        COLLATE "C" NOT NULL,
    category      text        COLLATE "C" NOT NULL,
    partition     smallint    NOT NULL CHECK (partition >= 0),
    position      bigint      NOT NULL DEFAULT 0,
    topic_offset  bigint      NOT NULL DEFAULT -1,
    effects_after timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (consumer, category, partition)
) WITH (fillfactor = 50); -- few rows, changed with each batch: room for HOT updates
COMMENT ON COLUMN consumer_positions.position IS 'of the last event whose effect is there; moved in the effect''s transaction, only from where its writer believed it';
COMMENT ON COLUMN consumer_positions.topic_offset IS 'where in the topic to go on; -1: not known';
COMMENT ON COLUMN consumer_positions.effects_after IS 'events recorded before it have no effect outside: no charge, no mail';

CREATE TABLE component_migrations (
    component  text        COLLATE "C" NOT NULL,
    number     integer     NOT NULL,
    name       text        NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (component, number)
);
COMMENT ON TABLE component_migrations IS 'What schema_migrations is for the store, for the tables of the services.';

GRANT SELECT, INSERT, UPDATE ON consumer_positions TO cartwright_billing, cartwright_fraud, cartwright_notifier;
GRANT SELECT ON component_migrations TO cartwright_append, cartwright_read;
