# shellcheck shell=bash
# PostgreSQL refuses to run as root, and the user that runs it for root may not be allowed to walk
# to the home (say one below root's own). So it gets its data folder as an open descriptor, /proc/self/fd/7.

readonly POSTGRESQL_BIN=/usr/lib/postgresql/15/bin

postgresql_data() {
    printf '%s/postgresql' "$CARTWRIGHT_HOME"
}

# The words to put before a command that must not be root.
postgresql_user() {
    [ "$(id -u)" -ne 0 ] || printf '%s ' setpriv --reuid=postgres --regid=postgres --init-groups
}

give_to_postgresql() {
    [ "$(id -u)" -ne 0 ] || chown postgres:postgres "$@"
}

# A cluster appears under its name when it is complete.
make_postgresql_cluster() (
    data=$(postgresql_data)
    [ ! -e "$data/PG_VERSION" ] || exit 0
    rm -rf "$data.new"
    mkdir -m 700 "$data.new"
    give_to_postgresql "$data.new"
    password_file=$(mktemp)
    trap 'rm -f "$password_file"' EXIT
    secret postgres >"$password_file"
    give_to_postgresql "$password_file"
    exec 7<"$data.new"
    cd /
    # shellcheck disable=SC2046 # the prefix is words
    $(postgresql_user) "$POSTGRESQL_BIN/initdb" --pgdata=/proc/self/fd/7 --username=postgres --pwfile="$password_file" \
        --auth=scram-sha-256 --data-checksums --encoding=UTF8 --locale=C.UTF-8
    mv "$data.new" "$data"
)

configure_postgresql() {
    copy_file 600 "$CARTWRIGHT_HOME/etc/postgresql.conf" "$(postgresql_data)/postgresql.conf"
    copy_file 600 "$CARTWRIGHT_HOME/etc/postgresql.hba" "$(postgresql_data)/pg_hba.conf"
    give_to_postgresql "$(postgresql_data)/postgresql.conf" "$(postgresql_data)/pg_hba.conf"
}

define_postgresql() {
    render postgresql/postgresql.conf "$CARTWRIGHT_HOME/etc/postgresql.conf"
    copy_file 600 "$LOCAL/postgresql/pg_hba.conf" "$CARTWRIGHT_HOME/etc/postgresql.hba"
    copy_file 755 "$LOCAL/postgresql/take-over" "$CARTWRIGHT_HOME/bin/take-over"
    define_service postgresql <<RUN
exec 6<'$CARTWRIGHT_HOME/bin/take-over' 7<'$(postgresql_data)'
cd /
export STOP_SIGNAL=INT
# A backend keeps the memory of the last statement for the next one: without this each append of a batch
# grows and shrinks the heap, which is a twentieth of its work.
export MALLOC_TOP_PAD_=4194304 MALLOC_TRIM_THRESHOLD_=16777216
exec '$CARTWRIGHT_HOME/bin/become' postgresql $(postgresql_user)/bin/bash /proc/self/fd/6 \\
    '$POSTGRESQL_BIN/postgres' -D /proc/self/fd/7 -c 'cartwright.home=$CARTWRIGHT_HOME' -c cartwright.service=postgresql
RUN
    mkdir -p "$(service_directory postgresql)/control"
    # TERM would wait for the clients to leave.
    # shellcheck disable=SC2016
    printf '#!/bin/sh\nexec kill -s INT "$(cat supervise/pid)"\n' |
        write_file 700 "$(service_directory postgresql)/control/t"
}

postgresql_answers() {
    "$POSTGRESQL_BIN/pg_isready" --quiet --host=127.0.0.1 --port="$(service_port postgresql)" --timeout=1
}

start_postgresql() {
    make_postgresql_cluster
    configure_postgresql
    start_service postgresql
    wait_until 60 postgresql_answers || die 'PostgreSQL does not answer'
}

# Passwords go by environment, never by argument.
apply_roles() {
    PGPASSWORD=$(secret postgres) \
        CARTWRIGHT_OWNER_PASSWORD=$(secret cartwright_owner) \
        CARTWRIGHT_API_PASSWORD=$(secret cartwright_api) \
        CARTWRIGHT_DENORMALIZER_PASSWORD=$(secret cartwright_denormalizer) \
        CARTWRIGHT_BILLING_PASSWORD=$(secret cartwright_billing) \
        CARTWRIGHT_FRAUD_PASSWORD=$(secret cartwright_fraud) \
        CARTWRIGHT_NOTIFIER_PASSWORD=$(secret cartwright_notifier) \
        "$POSTGRESQL_BIN/psql" --no-psqlrc --quiet --file="$REPOSITORY/infra/postgres/roles.sql" \
        "host=127.0.0.1 port=$(service_port postgresql) user=postgres dbname=postgres connect_timeout=10"
}
