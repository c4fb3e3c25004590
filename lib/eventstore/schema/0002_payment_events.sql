-- The payments: the same tables and functions as the cart's, written by billing.
-- @like 0001_cart_events.sql for payment locking 2

GRANT SELECT, INSERT ON payment_events TO cartwright_billing;
GRANT SELECT, INSERT, DELETE ON payment_answers TO cartwright_billing;
GRANT SELECT ON payment_snapshots TO cartwright_billing;
GRANT SELECT, UPDATE ON payment_relay_leases TO cartwright_billing;
GRANT SELECT ON payment_events TO cartwright_append, cartwright_read;
REVOKE EXECUTE ON FUNCTION payment_append FROM PUBLIC;
GRANT EXECUTE ON FUNCTION payment_append TO cartwright_billing;
