-- What somebody has to be told, recorded before it is sent, and what each user wants to hear.

CREATE TABLE notifier_orders (
    order_id text  COLLATE "C" PRIMARY KEY,
    cart_id  text  COLLATE "C" NOT NULL,
    event    bytea NOT NULL
);
-- An abandoned cart's reminder asks whether the cart was bought after all.
CREATE INDEX notifier_orders_cart ON notifier_orders (cart_id);
COMMENT ON TABLE notifier_orders IS 'Whose order it is: payments and verdicts do not tell where its notices go';
COMMENT ON COLUMN notifier_orders.event IS 'the CartCheckedOut, as it was recorded';

CREATE TABLE notifications (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind        text        COLLATE "C" NOT NULL,
    subject_id  text        COLLATE "C" NOT NULL,
    channel     text        COLLATE "C" NOT NULL CHECK (channel IN ('email', 'sms')),
    marketing   boolean     NOT NULL,
    user_id     text        COLLATE "C" NOT NULL,
    order_id    text        COLLATE "C" NOT NULL,
    cart_id     text        COLLATE "C" NOT NULL,
    category    text        COLLATE "C" NOT NULL,
    event       bytea       NOT NULL,
    occurred_at timestamptz NOT NULL,
    state       text        NOT NULL DEFAULT 'waiting'
                CHECK (state IN ('waiting', 'sending', 'maybe_sent', 'sent', 'suppressed', 'dead')),
    reason      text        NOT NULL DEFAULT '',
    maybe_sent  boolean     NOT NULL DEFAULT false,
    due_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    attempt     integer     NOT NULL DEFAULT 0,
    tries       integer     NOT NULL DEFAULT 0,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    changed_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- Sent once: what is told about one thing on one channel is one row.
    UNIQUE (kind, subject_id, channel)
) WITH (fillfactor = 70); -- a row changes some times on its way from waiting to sent
CREATE INDEX notifications_due ON notifications (due_at) WHERE state IN ('waiting', 'sending', 'maybe_sent');
CREATE INDEX notifications_dead ON notifications (id) WHERE state = 'dead';
CREATE INDEX notifications_marketing ON notifications (user_id, changed_at) WHERE marketing;
CREATE INDEX notifications_order ON notifications (order_id) WHERE order_id <> '';
COMMENT ON COLUMN notifications.subject_id IS 'what it is about: an order, a payment, an event';
COMMENT ON COLUMN notifications.event IS 'what has happened, as it was recorded in its category';
COMMENT ON COLUMN notifications.state IS 'sending: a try is under way, or its process has died; maybe_sent: a try whose end nobody knows, it is tried again with the same Message-ID';
COMMENT ON COLUMN notifications.maybe_sent IS 'one of the tries may have got through';
COMMENT ON COLUMN notifications.due_at IS 'when it is looked at next; while it is worked on: when its lease ends';
COMMENT ON COLUMN notifications.attempt IS 'claims so far: what writes an outcome must be of the last one';
COMMENT ON COLUMN notifications.tries IS 'tries to send that failed since it was recorded or replayed';

CREATE TABLE notifier_preferences (
    user_id         text        COLLATE "C" PRIMARY KEY,
    marketing_email boolean,
    marketing_sms   boolean,
    time_zone       text        NOT NULL DEFAULT '',
    locale          text        NOT NULL DEFAULT '',
    token           text        COLLATE "C" NOT NULL UNIQUE DEFAULT replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''),
    changed_at      timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON COLUMN notifier_preferences.marketing_email IS 'null: nothing was said, the setting counts';
COMMENT ON COLUMN notifier_preferences.token IS 'unsubscribes without logging in; in the links of marketing messages only';

GRANT SELECT, INSERT, UPDATE ON notifications, notifier_orders, notifier_preferences TO cartwright_notifier;
