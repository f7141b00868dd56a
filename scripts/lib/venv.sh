# The Python tools of the demo and the tests.
# shellcheck shell=bash

ensure_venv() {
    local want
    want=$(sha256sum <"$repository/scripts/requirements.txt")
    [[ -x $venv/bin/python && $(cat "$venv/requirements.sha256" 2>/dev/null) == "$want" ]] && return
    with_lock venv make_venv "$want"
}

# AWS's own MCP server, in an environment of its own: its libraries are others than ours.
ensure_mcp_server() {
    local want=awslabs.aws-api-mcp-server==1.5.6 home=$repository/.venv-mcp
    [[ $(cat "$home/requirement" 2>/dev/null) == "$want" ]] || with_lock venv-mcp make_mcp_server "$home" "$want"
}

make_mcp_server() {
    [[ $(cat "$1/requirement" 2>/dev/null) == "$2" ]] && return
    say "making the Python environment .venv-mcp"
    local log=/tmp/postern-venv-mcp.$$.log
    rm -rf "$1"
    {
        /usr/bin/python3 -m venv "$1" && "$1/bin/pip" install --quiet --disable-pip-version-check "$2"
    } >"$log" 2>&1 || fail_with_log "AWS's MCP server" "$log"
    rm -f "$log"
    printf '%s\n' "$2" >"$1/requirement"
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
