# shellcheck shell=bash
# A step runs in the background and writes to up.log; the terminal gets one line with its time.
# Steps that do not need each other are begun together and finished one by one.

readonly UP_LOG=$CARTWRIGHT_HOME/log/up.log
declare -A step_pid step_begin

begin_step() {
    local name=$1 log
    log=$(step_file "$name")
    step_begin[$name]=${EPOCHREALTIME/./}
    # A process group of its own, so that what it started can be ended with it.
    set -m
    (
        trap - EXIT
        "$name"
        echo "${EPOCHREALTIME/./}" >"$log.end"
    ) >"$log" 2>&1 9>&- </dev/null &
    step_pid[$name]=$!
    set +m
}

# finish_step NAME LABEL
finish_step() {
    local name=$1 label=$2 log status=0 end
    log=$(step_file "$name")
    printf '  %-46s' "$label"
    wait "${step_pid[$name]}" || status=$?
    unset "step_pid[$name]"
    { printf '== %s: %s\n' "$(date --utc --iso-8601=seconds)" "$label" && cat "$log"; } >>"$UP_LOG"
    if [ "$status" -ne 0 ]; then
        printf ' failed\n'
        tail --lines=25 "$log" >&2
        die "$label: failed, the whole story is in $UP_LOG"
    fi
    end=$(<"$log.end")
    rm -f "$log" "$log.end"
    printf '%7.1f s\n' "$(((end - step_begin[$name]) / 100000))e-1"
}

step() {
    begin_step "$1"
    finish_step "$1" "$2"
}

step_file() {
    printf '%s/log/.step-%s' "$CARTWRIGHT_HOME" "$1"
}

# A build or a download that nobody waits for any more.
abandon_steps() {
    local pid
    for pid in "${step_pid[@]}"; do
        kill -- "-$pid" 2>/dev/null || true
    done
}
