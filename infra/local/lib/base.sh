# shellcheck shell=bash
# shellcheck disable=SC2034 # the other files use these
# Paths, messages, small helpers. Sourced by up, down, status and logs.

# Times and messages are parsed here and there.
export LC_ALL=C.UTF-8

REPOSITORY=$(cd "${BASH_SOURCE[0]%/*}/../../.." && pwd -P)
LOCAL=$REPOSITORY/infra/local
CARTWRIGHT_HOME=$(realpath --canonicalize-missing -- "${CARTWRIGHT_HOME:-$REPOSITORY/.local}")
CARTWRIGHT_CACHE=${CARTWRIGHT_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/cartwright}
readonly REPOSITORY LOCAL CARTWRIGHT_HOME CARTWRIGHT_CACHE

die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# wait_until SECONDS COMMAND...: polls, because none of the servers can tell us.
wait_until() {
    local deadline=$((${EPOCHREALTIME/./} + $1 * 1000000))
    shift
    until "$@"; do
        [ "${EPOCHREALTIME/./}" -lt "$deadline" ] || return 1
        sleep 0.05
    done
}

# write_file MODE PATH <content: the file is the old one or the new one, never half of it.
write_file() {
    local mode=$1 path=$2
    (umask 077 && cat >"$path.new")
    if cmp --silent "$path.new" "$path"; then
        rm "$path.new"
    else
        chmod "$mode" "$path.new"
        mv "$path.new" "$path"
    fi
}

# copy_file MODE FROM TO: as write_file; a program that runs keeps the inode it was started from.
copy_file() {
    write_file "$1" "$3" <"$2"
}

# One set-up at a time is brought up or down in a home. Children must close fd 9, or they keep the lock.
lock_home() {
    exec 9>"$CARTWRIGHT_HOME/lock"
    flock --nonblock 9 || {
        printf 'another up or down works in %s, waiting for it\n' "$CARTWRIGHT_HOME" >&2
        flock --wait 1800 9 || die "another up or down has worked in $CARTWRIGHT_HOME for half an hour"
    }
}

random_hex() {
    od --address-radix=n --format=x1 --read-bytes=24 /dev/urandom | tr -d ' \n'
}

# secret NAME: a password of this home, made when first asked for.
secret() {
    local path=$CARTWRIGHT_HOME/secrets/$1
    [ -s "$path" ] || random_hex | write_file 600 "$path"
    cat "$path"
}

# Variables that a shell's `source` and every language's splitter read the same way.
export_line() {
    printf "export %s='%s'\n" "$1" "$2"
}
