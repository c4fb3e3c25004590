# shellcheck shell=bash
# Our own daemons: built, copied into the home, told where the servers are.

readonly BUILD_DIRECTORY=${CARTWRIGHT_BUILD_DIR:-$REPOSITORY/build/release}

build_daemons() (
    [ "${CARTWRIGHT_SKIP_BUILD:-}" != 1 ] || exit 0
    cd "$REPOSITORY" || exit
    mkdir -p build
    exec 8>build/lock
    flock --wait 1800 8 || die "another build has held $REPOSITORY/build/lock for half an hour"
    if [ -n "${CARTWRIGHT_BUILD_DIR:-}" ]; then
        cmake --build "$CARTWRIGHT_BUILD_DIR" 8>&-
        exit
    fi
    # ninja configures again by itself when a CMakeLists.txt changes, but does not know the presets.
    [ build/release/build.ninja -nt CMakePresets.json ] || cmake --preset release 8>&-
    cmake --build --preset release 8>&-
)

install_daemons() {
    local name
    for name in $(services daemon); do
        [ -x "$BUILD_DIRECTORY/$name/$name" ] || die "$BUILD_DIRECTORY/$name/$name is not built"
        copy_file 755 "$BUILD_DIRECTORY/$name/$name" "$CARTWRIGHT_HOME/bin/$name"
    done
}

# The store first, then the tables that services have beside it.
migrate() {
    local name
    for name in $(services daemon); do
        (
            eval "$(daemon_settings "$name")"
            POSTGRES_ADMIN_CONNECTION_STRING=$(owner_uri) "$CARTWRIGHT_HOME/bin/$name" --migrate
        ) || return
    done
}

create_topics() {
    KAFKA_BOOTSTRAP_SERVERS=$(address_of kafka) "$CARTWRIGHT_HOME/bin/cart-api" --create-topics
}

# Secrets travel in the environment: arguments are everybody's to read.
daemon_settings() {
    local name=$1 group
    group=$(service_group "$name")
    export_line POSTGRES_CONNECTION_STRING "$(role_uri "$(service_role "$name")")"
    export_line REDIS_CONNECTION_STRING "$(address_of redis)"
    export_line KAFKA_BOOTSTRAP_SERVERS "$(address_of kafka)"
    # Everything here comes from one address, and load is put on it.
    export_line RATE_PRINCIPAL_PER_MINUTE 0
    export_line RATE_ADDRESS_PER_MINUTE 0
    export_line RATE_CONNECTIONS_PER_ADDRESS 0
    export_line "$(service_variable "$name")_HTTP_PORT" "$(service_port "$name")"
    [ "$group" = - ] || {
        export_line KAFKA_GROUP_ID "$group"
        # One process of each here, by this name: killed, it has its partitions back as soon as it runs again.
        export_line "$(service_variable "$name")_KAFKA_INSTANCE_ID" "$name-1"
    }
    if declare -F "${name//-/_}_settings" >/dev/null; then
        "${name//-/_}_settings"
    fi
}

define_daemon() {
    local name=$1 config=$CARTWRIGHT_HOME/etc/$1.conf
    [ -e "$config" ] || printf '# Settings of %s: key = value, see %s --help. Read at its next start.\n' "$name" "$name" |
        write_file 600 "$config"
    define_service "$name" <<RUN
$(daemon_settings "$name")
options=()
[ ! -e '$config' ] || options=(--config '$config')
exec '$CARTWRIGHT_HOME/bin/become' $name '$CARTWRIGHT_HOME/bin/$name' "\${options[@]}"
RUN
}

start_daemons() {
    local name
    for name in $(services daemon); do
        start_service "$name"
    done
}

http_get() {
    curl --disable --noproxy '*' --silent --fail --max-time 2 "http://$(address_of "$1")$2"
}

daemon_is_ready() {
    [ -n "$(service_pid "$1")" ] && http_get "$1" /readyz >/dev/null
}

wait_for_daemons() {
    local deadline=$((SECONDS + ${CARTWRIGHT_READY_TIMEOUT:-60})) name late=()
    for name in $(services daemon); do
        wait_until "$((deadline > SECONDS ? deadline - SECONDS : 0))" daemon_is_ready "$name" || late+=("$name")
    done
    [ "${#late[@]}" -eq 0 ] && return
    for name in "${late[@]}"; do
        printf '\n%s is not ready. The end of %s:\n' "$name" "$CARTWRIGHT_HOME/log/$name.log"
        tail --lines=15 "$CARTWRIGHT_HOME/log/$name.log" 2>/dev/null || echo '(it is empty)'
    done
    die "not ready: ${late[*]}"
}
