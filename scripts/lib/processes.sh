# Starting, watching and ending the processes of one stack.
# shellcheck shell=bash

# Whether the process of a pidfile is one of this stack: process ids are used again.
alive() {
    local pid
    pid=$(cat "$POSTERN_HOME/pid/$1" 2>/dev/null) && [[ $pid =~ ^[0-9]+$ ]] || return 1
    tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF -- "$POSTERN_HOME"
}

# start NAME COMMAND...: runs a command under scripts/lib/supervise, which starts it again when it dies.
# Standard output and error go to log/NAME.log.
start() {
    local name=$1
    shift
    alive "$name" && return
    setsid "$repository/scripts/lib/supervise" "$POSTERN_HOME/pid/$name" "$@" \
        </dev/null >>"$logs/$name.log" 2>&1 &
    disown
    wait_until 5 alive "$name" || fail_with_log "$name" "$logs/$name.log"
}

# Takes everything out of the environment but a few plain things and the names that match.
keep_environment() {
    local name
    for name in $(compgen -e); do
        [[ $name == POSTERN_HOME || $name =~ $1 ]] || unset "$name"
    done
    export POSTERN_HOME PATH=/usr/bin:/bin HOME=$POSTERN_HOME LANG=C.UTF-8
}

# start_alone NAME COMMAND...: as start, with nothing of the caller's environment.
start_alone() (
    keep_environment "^$"
    start "$@"
)

stop() {
    local name=$1 pid
    if alive "$name"; then
        pid=$(<"$POSTERN_HOME/pid/$name")
        kill -TERM "$pid" 2>/dev/null || true
        wait_until 15 gone "$name" || kill -KILL -- "-$pid" 2>/dev/null || true
    fi
    rm -f "$POSTERN_HOME/pid/$name" "$POSTERN_HOME/pid/$name.child"
}

gone() { ! alive "$1"; }
