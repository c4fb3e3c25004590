# shellcheck shell=bash
# Which processes are ours, and who listens on a port. Everything under the supervisor inherits
# CARTWRIGHT_SUPERVISED_HOME; a pid from a file is believed only with it. The environment of another
# user's process is closed to root in most containers, so PostgreSQL says the same in its arguments.

# The patterns come by standard input: as arguments they would make grep find itself.
# is_ours PID [SERVICE]
is_ours() {
    process_says "$1" "CARTWRIGHT_SUPERVISED_HOME=$CARTWRIGHT_HOME" "cartwright.home=$CARTWRIGHT_HOME" || return 1
    [ $# -eq 1 ] || process_says "$1" "CARTWRIGHT_SERVICE=$2" "cartwright.service=$2"
}

process_says() {
    local pid=$1
    shift
    printf '%s\n' "$@" | grep --quiet --null-data --line-regexp --fixed-strings --file - \
        "/proc/$pid/environ" "/proc/$pid/cmdline" 2>/dev/null
}

our_processes() {
    local files=(/proc/[0-9]*/environ /proc/[0-9]*/cmdline)
    { printf '%s\n' "CARTWRIGHT_SUPERVISED_HOME=$CARTWRIGHT_HOME" "cartwright.home=$CARTWRIGHT_HOME" |
        grep --files-with-matches --null-data --line-regexp --fixed-strings --file - "${files[@]}" || true; } 2>/dev/null |
        awk -F/ '{ print $3 }' | sort --unique
}

none_of_ours() {
    [ -z "$(our_processes)" ]
}

# service_pid NAME: its pid, or nothing when it does not run.
service_pid() {
    local pid
    { read -r pid <"$CARTWRIGHT_HOME/run/$1.pid"; } 2>/dev/null || return 0
    if is_ours "$pid" "$1"; then
        echo "$pid"
    fi
}

# The kernel's tables are always there; ss and lsof may not be.
port_listeners() {
    awk -v port="$(printf '%04X' "$1")" \
        '$4 == "0A" { n = split($2, address, ":"); if (address[n] == port) print $10 }' \
        /proc/net/tcp /proc/net/tcp6 2>/dev/null || true
}

# require_port NAME PORT: free, or held by the service itself.
require_port() {
    local inodes pid
    inodes=$(port_listeners "$2")
    [ -n "$inodes" ] || return 0
    pid=$(service_pid "$1")
    if [ -n "$pid" ] && holds_sockets "$pid" "$inodes"; then
        return 0
    fi
    die "port $2 ($1) is taken by another process: shift every port with e.g. CARTWRIGHT_PORT_OFFSET=$((PORT_OFFSET + 1000)) (a CARTWRIGHT_HOME keeps the offset it was set up with)"
}

# A process whose sockets we may not see gets the benefit of the doubt.
holds_sockets() {
    local inode found
    for inode in $2; do
        found=$(find "/proc/$1/fd" -lname "socket:\[$inode\]" 2>/dev/null) || return 0
        [ -n "$found" ] || return 1
    done
}
