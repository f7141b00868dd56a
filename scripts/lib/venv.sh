# The Python tools of the demo and the tests.
# shellcheck shell=bash

ensure_venv() {
    local want
    want=$(sha256sum <"$repository/scripts/requirements.txt")
    [[ -x $venv/bin/python && $(cat "$venv/requirements.sha256" 2>/dev/null) == "$want" ]] && return
    with_lock venv make_venv "$want"
}

make_venv() {
    [[ $(cat "$venv/requirements.sha256" 2>/dev/null) == "$1" ]] && return
    say "making the Python environment .venv"
    local log=/tmp/postern-venv.$$.log
    rm -rf "$venv"
    {
        /usr/bin/python3 -m venv "$venv" &&
            "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$repository/scripts/requirements.txt"
    } >"$log" 2>&1 || fail_with_log 'the Python environment' "$log"
    rm -f "$log"
    printf '%s\n' "$1" >"$venv/requirements.sha256"
}
