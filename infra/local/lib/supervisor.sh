# shellcheck shell=bash
# One runsvdir for each home. A service is a folder sv/<name>; its file `down` says that it is not
# wanted, so a runsv that is started again after a crash knows what to do.

service_directory() {
    printf '%s/sv/%s' "$CARTWRIGHT_HOME" "$1"
}

# define_service NAME <the lines of its run script between the preamble and the end of the file
define_service() {
    local name=$1 directory
    directory=$(service_directory "$name")
    if [ ! -d "$directory" ]; then
        mkdir -p "$directory/log"
        touch "$directory/down"
    fi
    mkdir -p "$CARTWRIGHT_HOME/log/$name"
    # svlogd keeps five files of ten megabytes; a longer line than 16 KiB is cut.
    printf 's10000000\nn5\n' | write_file 600 "$CARTWRIGHT_HOME/log/$name/config"
    ln --symbolic --force --no-dereference "$name/current" "$CARTWRIGHT_HOME/log/$name.log"
    printf '#!/bin/sh\nexec svlogd -l 16384 -b 65536 "%s"\n' "$CARTWRIGHT_HOME/log/$name" |
        write_file 700 "$directory/log/run"
    {
        printf '#!/bin/bash\nset -euo pipefail\nexec 2>&1\n'
        cat
    } | write_file 700 "$directory/run"
}

supervisor_runs() {
    local pid
    pid=$(service_pid supervisor)
    [ -n "$pid" ]
}

is_supervised() {
    sv status "$(service_directory "$1")" 2>/dev/null | grep --quiet --invert-match '^\(fail\|warning\)'
}

all_supervised() {
    local name
    for name in $(services); do
        is_supervised "$name" || return 1
    done
}

# A caller may wait for the end of a pipe that it gave us, and flock for that of its lock.
close_descriptors() {
    local path
    for path in /proc/"$BASHPID"/fd/*; do
        [ "${path##*/}" -le 2 ] || eval "exec ${path##*/}>&-"
    done
}

# The terminal, the caller's session and its settings are none of the services' business,
# but the options of the sanitizers are: tests run instrumented builds this way.
start_supervisor() {
    local sanitizers
    copy_file 700 "$LOCAL/become" "$CARTWRIGHT_HOME/bin/become"
    supervisor_runs || {
        # Left by a runsvdir that was killed: its services run on, and nobody watches over their watchers.
        none_of_ours || stop_everything
        mapfile -t sanitizers < <(env | grep --extended-regexp '^(ASAN|LSAN|TSAN|UBSAN)_OPTIONS=' || true)
        (
            cd "$CARTWRIGHT_HOME" || exit
            ulimit -Sn 65536 2>/dev/null || ulimit -Sn "$(ulimit -Hn)"
            close_descriptors
            exec setsid env --ignore-environment "${sanitizers[@]}" \
                PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 HOME="$CARTWRIGHT_HOME" \
                CARTWRIGHT_SUPERVISED_HOME="$CARTWRIGHT_HOME" \
                "$CARTWRIGHT_HOME/bin/become" supervisor runsvdir -P "$CARTWRIGHT_HOME/sv" \
                </dev/null >"$CARTWRIGHT_HOME/log/supervisor.log" 2>&1
        ) &
        disown
        wait_until 5 supervisor_runs || die "runsvdir does not start, see $CARTWRIGHT_HOME/log/supervisor.log"
    }
    # runsvdir looks for new folders every five seconds.
    wait_until 10 all_supervised || die "runsvdir does not start its services, see $CARTWRIGHT_HOME/log/supervisor.log"
}

# service_is_current NAME: it runs, and with the very files that it would be started with now.
service_is_current() {
    [ -n "$(service_pid "$1")" ] && [ ! -e "$(service_directory "$1")/down" ] &&
        [ "$(service_fingerprint "$1")" = "$(cat "$CARTWRIGHT_HOME/run/$1.fingerprint" 2>/dev/null)" ]
}

service_fingerprint() {
    local file files=("$(service_directory "$1")/run")
    for file in "$CARTWRIGHT_HOME/etc/$1".* "$CARTWRIGHT_HOME/bin/$1"; do
        [ ! -f "$file" ] || files+=("$file")
    done
    sha256sum "${files[@]}" | sha256sum
}

# start_service NAME: starts it, or restarts it when its program or its settings changed.
start_service() {
    local name=$1 directory
    directory=$(service_directory "$name")
    require_port "$name" "$(service_port "$name")"
    service_is_current "$name" && return
    if [ -n "$(service_pid "$name")" ]; then
        stop_service "$name"
    fi
    service_fingerprint "$name" >"$CARTWRIGHT_HOME/run/$name.fingerprint"
    rm -f "$directory/down"
    # What `sv up` writes, without its wait of half a second.
    printf u >"$directory/supervise/control"
}

# Daemons first, so that they drain into servers that are still there. A stop has a bound; sv kills after it.
stop_service() {
    local name directories=()
    for name in "$@"; do
        touch "$(service_directory "$name")/down"
        directories+=("$(service_directory "$name")")
    done
    sv -w 40 force-stop "${directories[@]}" >/dev/null 2>&1 || true
}

existing_services() {
    local name
    for name in $(services "$1"); do
        [ ! -d "$(service_directory "$name")" ] || echo "$name"
    done
}

stop_everything() {
    local daemons servers pid
    mapfile -t daemons < <(existing_services daemon)
    mapfile -t servers < <(existing_services server)
    [ "${#daemons[@]}" -eq 0 ] || stop_service "${daemons[@]}"
    [ "${#servers[@]}" -eq 0 ] || stop_service "${servers[@]}"

    pid=$(service_pid supervisor)
    [ -z "$pid" ] || kill -s HUP "$pid" 2>/dev/null || true
    # Without runsvdir the runsv below it live on; without runsv, their services.
    [ "$((${#daemons[@]} + ${#servers[@]}))" -eq 0 ] ||
        sv -w 0 exit "${daemons[@]/#/"$CARTWRIGHT_HOME/sv/"}" "${servers[@]/#/"$CARTWRIGHT_HOME/sv/"}" >/dev/null 2>&1 || true
    if ! wait_until 3 none_of_ours; then
        signal_ours TERM
        # TERM alone lets PostgreSQL wait for its clients.
        pid=$(service_pid postgresql)
        [ -z "$pid" ] || kill -s INT "$pid" 2>/dev/null || true
        wait_until 20 none_of_ours || signal_ours KILL
        wait_until 5 none_of_ours || die "these processes do not end: $(our_processes | tr '\n' ' ')"
    fi
    rm -f "$CARTWRIGHT_HOME"/run/*.pid
}

signal_ours() {
    local pid
    for pid in $(our_processes); do
        kill -s "$1" "$pid" 2>/dev/null || true
    done
}
