-- How far the sweeps for idle carts have come: every event before the position was looked at when it had
-- become old enough, and its cart was told to be abandoned or expired if nothing had followed.
CREATE TABLE cart_idle_sweeps (
    kind      text     COLLATE "C" NOT NULL CHECK (kind IN ('abandon', 'expire')),
    partition smallint NOT NULL,
    position  bigint   NOT NULL DEFAULT 0,
    PRIMARY KEY (kind, partition)
) WITH (fillfactor = 50); -- few rows, updated all the time: room for HOT updates
COMMENT ON TABLE cart_idle_sweeps IS 'Cursors of the sweeps for idle carts; a lower one only costs time.';
INSERT INTO cart_idle_sweeps (kind, partition)
SELECT kind, p FROM unnest(ARRAY['abandon', 'expire']) AS kind, generate_series(0, 15) AS p;

GRANT SELECT, UPDATE ON cart_idle_sweeps TO cartwright_append;
