-- Roles and the database. Run by psql as a superuser, as often as you like; the tables and the grants
-- on them are the migrations' work. A password is taken from the environment where one is given.
\set ON_ERROR_STOP on
\set QUIET on
\getenv owner_password CARTWRIGHT_OWNER_PASSWORD
\getenv api_password CARTWRIGHT_API_PASSWORD
\getenv denormalizer_password CARTWRIGHT_DENORMALIZER_PASSWORD
\getenv billing_password CARTWRIGHT_BILLING_PASSWORD
\getenv fraud_password CARTWRIGHT_FRAUD_PASSWORD
\getenv notifier_password CARTWRIGHT_NOTIFIER_PASSWORD

SET client_min_messages = warning;
SET log_min_error_statement = panic;    -- a failing ALTER ROLE must not put its password into the server's log

-- What one may do, apart from who one is.
SELECT format('CREATE ROLE %I NOLOGIN', role)
  FROM unnest(ARRAY['cartwright_append', 'cartwright_read']) AS role
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role)
\gexec

SELECT format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE', role)
  FROM unnest(ARRAY['cartwright_owner', 'cartwright_api', 'cartwright_denormalizer',
                    'cartwright_billing', 'cartwright_fraud', 'cartwright_notifier']) AS role
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role)
\gexec

GRANT cartwright_append TO cartwright_api;
GRANT cartwright_read TO cartwright_denormalizer, cartwright_billing, cartwright_fraud, cartwright_notifier;

\if :{?owner_password}
ALTER ROLE cartwright_owner PASSWORD :'owner_password';
\endif
\if :{?api_password}
ALTER ROLE cartwright_api PASSWORD :'api_password';
\endif
\if :{?denormalizer_password}
ALTER ROLE cartwright_denormalizer PASSWORD :'denormalizer_password';
\endif
\if :{?billing_password}
ALTER ROLE cartwright_billing PASSWORD :'billing_password';
\endif
\if :{?fraud_password}
ALTER ROLE cartwright_fraud PASSWORD :'fraud_password';
\endif
\if :{?notifier_password}
ALTER ROLE cartwright_notifier PASSWORD :'notifier_password';
\endif

SELECT 'CREATE DATABASE cartwright OWNER cartwright_owner'
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'cartwright')
\gexec
ALTER DATABASE cartwright OWNER TO cartwright_owner;
REVOKE ALL ON DATABASE cartwright FROM PUBLIC;
GRANT CONNECT ON DATABASE cartwright TO cartwright_append, cartwright_read;

\connect cartwright
SET client_min_messages = warning;

ALTER SCHEMA public OWNER TO cartwright_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO cartwright_append, cartwright_read;
