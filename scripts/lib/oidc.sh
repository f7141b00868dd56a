# Debian's glewlwyd as the OpenID Connect provider: machine tokens for agents, code + PKCE for approvers.
# shellcheck shell=bash

start_oidc() {
    alive oidc && return
    local oidc=$POSTERN_HOME/oidc oidc_port
    oidc_port=$(free_port)
    rm -rf "$oidc"
    mkdir -p -m 0700 "$oidc"
    sqlite3 "$oidc/state.db" </usr/share/dbconfig-common/data/glewlwyd/install/sqlite3 \
        >"$logs/oidc.log" 2>&1 || fail_with_log glewlwyd "$logs/oidc.log"
    # The package's webapp links its configuration to a directory; the template beside it is the file.
    cp -rL /usr/share/glewlwyd/webapp "$oidc/webapp"
    rm -rf "$oidc/webapp/config.json"
    cp /usr/share/glewlwyd/templates/config.json "$oidc/webapp/"
    cat >"$oidc/glewlwyd.conf" <<CONF
port=$oidc_port
bind_address="127.0.0.1"
external_url="http://127.0.0.1:$oidc_port"
login_url="login.html"
api_prefix="api"
static_files_path="$oidc/webapp"
log_mode="console"
log_level="WARNING"
cookie_secure=0
cookie_same_site="lax"
session_expiration=2419200
session_key="GLEWLWYD2_SESSION_ID"
admin_session_authentication="cookie"
profile_session_authentication="cookie"
login_api_enabled=true
admin_scope="g_admin"
profile_scope="g_profile"
user_module_path="/usr/lib/glewlwyd/user"
client_module_path="/usr/lib/glewlwyd/client"
user_auth_scheme_module_path="/usr/lib/glewlwyd/scheme"
plugin_module_path="/usr/lib/glewlwyd/plugin"
hash_algorithm="SHA512"
database = { type="sqlite3" path="$oidc/state.db" };
static_files_mime_types = (
    { extension=".html" mime_type="text/html" }, { extension=".css" mime_type="text/css" },
    { extension=".js" mime_type="application/javascript" }, { extension=".json" mime_type="application/json" }
);
CONF
    printf 'http://127.0.0.1:%s' "$oidc_port" >"$oidc/url"
    start_alone oidc glewlwyd --config-file="$oidc/glewlwyd.conf"
    wait_until 15 curl -sf -o /dev/null "$(<"$oidc/url")/config" || fail_with_log glewlwyd "$logs/oidc.log"
    /usr/bin/python3 "$repository/scripts/lib/oidc.py" provision "$oidc" "$audience" "$(console_url)callback" \
        >>"$logs/oidc.log" 2>&1 || fail_with_log 'setting up glewlwyd' "$logs/oidc.log"
}

issuer_url() {
    if [[ -n $issuer ]]; then
        printf '%s' "$issuer"
    else
        printf '%s/api/oidc' "$(<"$POSTERN_HOME/oidc/url")"
    fi
}

# The agent's token, into the file that agent.env names.
write_agent_token() {
    [[ -z $issuer ]] || return 0
    (umask 077 && /usr/bin/python3 "$repository/scripts/lib/oidc.py" token "$POSTERN_HOME/oidc" "$audience" \
        >"$POSTERN_HOME/agent.jwt.new") || fail_with_log 'a token for the agent' "$logs/oidc.log"
    mv "$POSTERN_HOME/agent.jwt.new" "$POSTERN_HOME/agent.jwt"
}
