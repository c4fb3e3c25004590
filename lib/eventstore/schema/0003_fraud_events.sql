-- The fraud's verdicts: the same tables and functions as the cart's, written by fraud.
-- @like 0001_cart_events.sql for fraud locking 3

GRANT SELECT, INSERT ON fraud_events TO cartwright_fraud;
GRANT SELECT, INSERT, DELETE ON fraud_answers TO cartwright_fraud;
GRANT SELECT ON fraud_snapshots TO cartwright_fraud;
GRANT SELECT, UPDATE ON fraud_relay_leases TO cartwright_fraud;
GRANT SELECT ON fraud_events TO cartwright_append, cartwright_read;
REVOKE EXECUTE ON FUNCTION fraud_append FROM PUBLIC;
GRANT EXECUTE ON FUNCTION fraud_append TO cartwright_fraud;
