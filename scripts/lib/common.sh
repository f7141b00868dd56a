# Variables and words that all scripts share. Sourced, never run.
# shellcheck shell=bash

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

say() { printf 'postern: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# Runs a command while holding a lock that runs of all stacks share.
with_lock() {
    local name=$1
    shift
    (
        flock 9
        "$@"
    ) 9>"/tmp/postern-$name.$(id -u).lock"
}

# The last lines of a log, for whoever reads a failure.
fail_with_log() {
    say "$1 failed; the end of $2:"
    tail -n 25 "$2" >&2 || true
    exit 1
}

free_port() {
    /usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# Waits up to $1 seconds until a command succeeds.
wait_until() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        ((SECONDS < deadline)) || return 1
        sleep 0.1
    done
}

# What the caller may set: see docs/architecture.md and README.md.
load_settings() {
    local home=${POSTERN_HOME:-$repository/.postern}
    case $home in
        *[\"\'\$\\%\#]* | *$'\n'*) die "POSTERN_HOME must not contain quotes, \$, %, # or backslashes: $home" ;;
    esac
    mkdir -p -m 0755 "$home"
    home=$(cd "$home" && pwd)
    export POSTERN_HOME=$home
    port=${POSTERN_PORT:-8443}
    workers=${POSTERN_WORKERS:-2}
    upstream=${POSTERN_UPSTREAM:-}
    issuer=${POSTERN_OIDC_ISSUER:-}
    audience=${POSTERN_OIDC_AUDIENCE:-postern}
    policy=${POSTERN_POLICY:-$repository/policy/default.yaml}
    [[ $port =~ ^[0-9]+$ ]] || die "POSTERN_PORT is not a port: $port"
    [[ $workers =~ ^[1-9][0-9]?$ ]] || die "POSTERN_WORKERS is not a number from 1 to 99: $workers"
    case $upstream in
        '' | aws | http://127.0.0.1:* | https://127.0.0.1:*) ;;
        *) die "POSTERN_UPSTREAM must be aws, http://127.0.0.1:PORT or https://127.0.0.1:PORT: $upstream" ;;
    esac
    binaries=${POSTERN_BINARIES:-$repository/.build/release}
    venv=$repository/.venv
    logs=$POSTERN_HOME/log
    etc=$POSTERN_HOME/etc
    choose_socket_directory
}

# Whether every user may pass through a directory and all above it: PostgreSQL's must, when root runs the stack.
others_may_enter() {
    local directory=$1
    while [[ $(stat -L -c %A "$directory") == *[xt] ]]; do
        [[ $directory == / ]] && return
        directory=$(dirname "$directory")
    done
    return 1
}

# Socket paths are at most 107 bytes long, and nginx and libpq want them plain.
choose_socket_directory() {
    run=$POSTERN_HOME/run
    if ((${#run} > 80)) || [[ ! $run =~ ^[A-Za-z0-9._/-]+$ ]] ||
        { (($(id -u) == 0)) && ! others_may_enter "$POSTERN_HOME"; }; then
        if [[ -s $POSTERN_HOME/run-directory ]]; then
            run=$(<"$POSTERN_HOME/run-directory")
        else
            run=$(mktemp -d /tmp/postern.XXXXXX)
            printf '%s\n' "$run" >"$POSTERN_HOME/run-directory"
        fi
    fi
}

make_directories() {
    mkdir -p -m 0755 "$run"
    chmod 0755 "$run"
    mkdir -p "$logs" "$POSTERN_HOME/pid"
    mkdir -p -m 0700 "$etc" "$POSTERN_HOME/oidc"
}
