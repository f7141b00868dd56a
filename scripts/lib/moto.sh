# moto's server in AWS's place.
# shellcheck shell=bash

start_moto() {
    alive moto && return
    local moto_port
    moto_port=$(free_port)
    printf '%s\n' "$moto_port" >"$POSTERN_HOME/moto.port"
    # moto trusts whoever calls it; it listens on loopback only, as any local test double does.
    start_alone moto env AWS_ACCESS_KEY_ID=none AWS_SECRET_ACCESS_KEY=none \
        "$venv/bin/moto_server" -H 127.0.0.1 -p "$moto_port"
    wait_until 60 curl -sf -o /dev/null "http://127.0.0.1:$moto_port/moto-api/data.json" ||
        fail_with_log moto "$logs/moto.log"
}

upstream_url() {
    if [[ -n $upstream ]]; then
        printf '%s' "$upstream"
    else
        printf 'http://127.0.0.1:%s' "$(<"$POSTERN_HOME/moto.port")"
    fi
}
