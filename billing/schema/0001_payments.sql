-- What billing knows of each payment, the verdicts that it has heard of, the provider's webhooks, and the
-- ledger of the simulated provider.

CREATE TABLE payments (
    payment_id     text        COLLATE "C" PRIMARY KEY,
    -- A cart is checked out once, so it has one payment; callers know the cart's id.
    cart_id        text        COLLATE "C" NOT NULL UNIQUE,
    order_id       text        COLLATE "C" NOT NULL,
    user_id        text        COLLATE "C" NOT NULL,
    cart_version   integer     NOT NULL, -- of CartCheckedOut: what was sold is read there
    amount_minor   bigint      NOT NULL CHECK (amount_minor >= 0),
    currency       text        COLLATE "C" NOT NULL,
    token          text        COLLATE "C" NOT NULL,
    provider       text        COLLATE "C" NOT NULL,
    reference      text        COLLATE "C" NOT NULL DEFAULT '', -- the provider's id of the charge
    state          text        COLLATE "C" NOT NULL,            -- billing/charge.h
    verdict        text        COLLATE "C" NOT NULL DEFAULT '',
    failure_code   text        COLLATE "C" NOT NULL DEFAULT '',
    failure_detail text        NOT NULL DEFAULT '',
    version        integer     NOT NULL, -- of the payment's stream
    correlation_id uuid        NOT NULL,
    causation_id   uuid        NOT NULL, -- the checkout
    trace_flags    smallint    NOT NULL,
    requested_at   timestamptz NOT NULL,
    charging_at    timestamptz,          -- since when it may be charged: the deadline counts from here
    sent_at        timestamptz,          -- a charge was sent then, and its outcome is not written yet
    updated_at     timestamptz NOT NULL,
    -- due work (lib/service/work.h)
    due_at         timestamptz,
    leased         boolean     NOT NULL DEFAULT false, -- then due_at is the lease's end
    poked          boolean     NOT NULL DEFAULT false, -- look again when the lease's holder is done
    attempt        integer     NOT NULL DEFAULT 0,     -- the fence
    tries          integer     NOT NULL DEFAULT 0      -- in a row without news: for the back-off
) WITH (fillfactor = 70);
CREATE INDEX payments_due ON payments (due_at) WHERE due_at IS NOT NULL;

-- One refund of a payment, under the admin's key.
CREATE TABLE refunds (
    payment_id      text        COLLATE "C" PRIMARY KEY REFERENCES payments,
    asked_by        text        COLLATE "C" NOT NULL,
    idempotency_key text        COLLATE "C" NOT NULL,
    fingerprint     bytea       NOT NULL,
    reason          text        NOT NULL,
    answer          bytea       NOT NULL,
    asked_at        timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Fraud's last word about a cart, also when it comes before the checkout does.
CREATE TABLE verdicts (
    cart_id    text        COLLATE "C" PRIMARY KEY,
    verdict    text        COLLATE "C" NOT NULL,
    version    integer     NOT NULL, -- of the cart's verdicts: later ones win
    heard_at   timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Each webhook once, in whatever order they come; one may come before the answer that tells its payment.
CREATE TABLE webhooks (
    event_id    text        COLLATE "C" PRIMARY KEY,
    type        text        COLLATE "C" NOT NULL,
    payment_id  text        COLLATE "C" NOT NULL,
    reference   text        COLLATE "C" NOT NULL,
    created_at  timestamptz NOT NULL, -- by the provider's clock
    received_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX webhooks_payment ON webhooks (payment_id);

-- What moved at the simulated provider: it knows nothing of payments, as a real one would not.
CREATE TABLE simulated_ledger (
    idempotency_key text        COLLATE "C" PRIMARY KEY,
    kind            text        COLLATE "C" NOT NULL CHECK (kind IN ('charge', 'refund')),
    reference       text        COLLATE "C" NOT NULL,
    order_id        text        COLLATE "C" NOT NULL,
    amount_minor    bigint      NOT NULL,
    currency        text        COLLATE "C" NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    captured_at     timestamptz NOT NULL
);

GRANT SELECT, INSERT, UPDATE ON payments, verdicts TO cartwright_billing;
GRANT SELECT, INSERT ON refunds, webhooks, simulated_ledger TO cartwright_billing;
