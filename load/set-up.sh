# shellcheck shell=bash
# A set-up to put load on, in a home of its own, and the helpers that do it. Sourced by bench and plot,
# after infra/local/lib.sh.

readonly HELPERS=$REPOSITORY/build/load

# require_programs NAME...
require_programs() {
    local program
    for program in "$@"; do
        command -v "$program" >/dev/null ||
            die "$program is missing: infra/local/install-packages infra/local/packages.txt, then packages-test.txt"
    done
}

build_helpers() (
    mkdir -p "$HELPERS"
    exec 8>"$HELPERS/lock"
    flock 8
    log=$HELPERS/build.log
    { cmake -S "$LOAD" -B "$HELPERS" -G Ninja && cmake --build "$HELPERS"; } >"$log" 2>&1 8>&- ||
        { tail --lines=25 "$log" >&2 && die "the helpers cannot be built, the whole story is in $log"; }
)

# Below the kernel's ephemeral ports, above what people use.
choose_port_offset() {
    local name taken
    for PORT_OFFSET in ${CARTWRIGHT_PORT_OFFSET:-$(shuf --input-range=800-1300 --head-count=20 | sed 's/$/0/')}; do
        taken=$(for name in $(services); do port_listeners "$(service_port "$name")"; done)
        [ -n "$taken" ] || return 0
    done
    die 'no free ports were found: set CARTWRIGHT_PORT_OFFSET'
}

remove_stack() {
    "$REPOSITORY/infra/local/down" || true
    rm -rf "$CARTWRIGHT_HOME"
}

start_stack() {
    choose_port_offset
    CARTWRIGHT_PORT_OFFSET=$PORT_OFFSET "$REPOSITORY/infra/local/up"
}
