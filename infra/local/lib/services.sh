# shellcheck shell=bash
# Everything that runs in a home, in the order of its start. A new daemon is one more line here,
# and a role in infra/postgres/roles.sql if it has a new one.

service_table() {
    cat <<'TABLE'
postgresql    server  15432  -                        -
redis         server  16379  -                        -
kafka         server  19092  -                        -
mail          server   5225  -                        -
cart-api      daemon   5105  cartwright_api           -
denormalizer  daemon   5204  cartwright_denormalizer  denormalizer
fraud         daemon   5202  cartwright_fraud         fraud
notifier      daemon   5203  cartwright_notifier      notifier
TABLE
}
# name        kind    port   role in PostgreSQL       consumer group

# shellcheck disable=SC2034 # kafka.sh uses it
readonly KAFKA_CONTROLLER_PORT=19093

services() {
    service_table | awk -v kind="${1:-}" 'kind == "" || $2 == kind { print $1 }'
}

service_field() {
    service_table | awk -v name="$1" -v field="$2" '$1 == name { print $field }'
}

service_kind() { service_field "$1" 2; }
service_port() { echo $(($(service_field "$1" 3) + PORT_OFFSET)); }
service_role() { service_field "$1" 4; }
service_group() { service_field "$1" 5; }

# cart-api -> CART_API
service_variable() {
    local upper=${1^^}
    printf '%s' "${upper//-/_}"
}

# The home remembers its offset, so that down, status and logs need only the home.
load_port_offset() {
    local recorded=''
    [ ! -e "$CARTWRIGHT_HOME/port-offset" ] || recorded=$(<"$CARTWRIGHT_HOME/port-offset")
    PORT_OFFSET=${CARTWRIGHT_PORT_OFFSET:-${recorded:-0}}
    if ! [[ $PORT_OFFSET =~ ^(0|[1-9][0-9]{0,4})$ ]] || [ "$PORT_OFFSET" -gt 46000 ]; then
        die "CARTWRIGHT_PORT_OFFSET=$PORT_OFFSET is not a number from 0 to 46000"
    fi
    [ "${recorded:-$PORT_OFFSET}" -eq "$PORT_OFFSET" ] ||
        die "$CARTWRIGHT_HOME was set up with CARTWRIGHT_PORT_OFFSET=$recorded, not $PORT_OFFSET: use that, or another CARTWRIGHT_HOME"
}

# role_uri ROLE
role_uri() {
    printf 'postgresql://%s:%s@127.0.0.1:%s/cartwright' "$1" "$(secret "$1")" "$(service_port postgresql)"
}

owner_uri() {
    role_uri cartwright_owner
}

address_of() {
    printf '127.0.0.1:%s' "$(service_port "$1")"
}

write_environment() {
    local name
    {
        for name in $(services daemon); do
            export_line "$(service_variable "$name")_URL" "http://$(address_of "$name")"
        done
        export_line POSTGRES_CONNECTION_STRING "$(role_uri cartwright_api)"
        export_line POSTGRES_ADMIN_CONNECTION_STRING "$(owner_uri)"
        export_line REDIS_CONNECTION_STRING "$(address_of redis)"
        export_line KAFKA_BOOTSTRAP_SERVERS "$(address_of kafka)"
        export_line MAIL_DIR "$(mail_directory)"
    } | write_file 600 "$CARTWRIGHT_HOME/env"
}
