# postern.yaml, keys, and who gets which credential.
# shellcheck shell=bash

console_url() { printf 'https://localhost:%s/_postern/console/' "$port"; }

# One file a worker, since each has its socket; the first is also what the other programs read.
write_configuration() {
    local number
    [[ -s $etc/ring.json ]] || "$binaries/posternctl" keys init --ring "$etc/ring.json" \
        --checkpoint "$etc/checkpoint.pem" >"$logs/keys.log" 2>&1 || fail_with_log 'posternctl keys init' "$logs/keys.log"
    write_console_secret
    for ((number = 1; number <= workers; number++)); do
        configuration "$run/worker-$number.sock" >"$etc/worker-$number.yaml"
    done
    configuration "$run/worker-1.sock" >"$etc/postern.yaml"
}

write_console_secret() {
    (
        umask 077
        if [[ -n $issuer ]]; then
            printf '%s' "${POSTERN_CONSOLE_CLIENT_SECRET:-none}" >"$etc/console-secret"
        else
            jq -j '."postern-console"' "$POSTERN_HOME/oidc/clients.json" >"$etc/console-secret"
        fi
    )
}

configuration() {
    local ca='' more=''
    # Tests replace what the audit has besides its defaults.
    local audit=${POSTERN_AUDIT:-"checkpoint_export: {file: \"$POSTERN_HOME/checkpoints\"}"}
    [[ -z ${POSTERN_UPSTREAM_CA:-} ]] || ca="ca_file: \"$(realpath "$POSTERN_UPSTREAM_CA")\", "
    # YAML in flow style: a mapping of services to hosts, a list of ARNs.
    [[ -z ${POSTERN_CUSTOMER_ENDPOINTS:-} ]] || more+=", customer_endpoints: $POSTERN_CUSTOMER_ENDPOINTS"
    [[ -z ${POSTERN_ACCESS_POINTS:-} ]] || more+=", access_points: $POSTERN_ACCESS_POINTS"
    cat <<YAML
site: localhost:$port
database: {url: "$(conninfo)"}
keys: {ring: "$etc/ring.json", checkpoint: "$etc/checkpoint.pem"}
auth: {socket: "$run/auth.sock", mode: "0660", threads: 16}
worker: {socket: "$1", mode: "0660", threads: 48, held: 256}
console:
  socket: "$run/console.sock"
  mode: "0660"
  threads: 8
  url: "$(console_url)"
  issuer: "$(issuer_url)"
  client_id: postern-console
  client_secret_file: "$etc/console-secret"
  approvers: {groups: [approvers]}
issuers:
  - {url: "$(issuer_url)", audiences: ["$audience"], algorithms: [RS256, ES256], claims: {groups: groups}}
roles:
  - {arn: "arn:aws:iam::111122223333:role/agent", trust: {StringLike: {"oidc:sub": "*"}}, credentials: default}
session: {lifetime: 1h}
policy: ["$(realpath "$policy")"]
upstream: {url: "$(upstream_url)", ${ca}regions_default: us-east-1$more}
audit: {queue: 10000, deadline: 2s, $audit}
$(masking_profiles)
YAML
}

# The profiles of $POSTERN_MASKING, a YAML mapping of names, or none.
masking_profiles() {
    printf 'masking:\n  profiles:\n'
    if [[ -n ${POSTERN_MASKING:-} ]]; then sed 's/^/    /' "$POSTERN_MASKING"; else echo '    {}'; fi
}

# What the running programs were started with: `up` starts them anew when it is something else.
fingerprint() {
    {
        cat "$etc/postern.yaml"
        echo "$workers ${AWS_ACCESS_KEY_ID:-}"
        stat -L -c '%n %s %Y' "$binaries"/postern-{auth,worker,console}
    } | sha256sum
}

# Only the worker gets an AWS credential, and only by its environment.
start_programs() {
    local number
    if [[ $(cat "$POSTERN_HOME/fingerprint" 2>/dev/null) != "$(fingerprint)" ]]; then
        stop_programs
        fingerprint >"$POSTERN_HOME/fingerprint"
    fi
    start_alone auth "$binaries/postern-auth" --config "$etc/postern.yaml"
    start_alone console "$binaries/postern-console" --config "$etc/postern.yaml"
    for ((number = 1; number <= workers; number++)); do
        start_worker "$number"
    done
}

start_worker() (
    # What is about AWS and about proxies; not what an agent.env that the caller has sourced says, since that is about
    # the other side.
    unset AWS_ENDPOINT_URL AWS_CA_BUNDLE AWS_ROLE_ARN AWS_WEB_IDENTITY_TOKEN_FILE AWS_ROLE_SESSION_NAME
    keep_environment '^AWS_|^(https|no)_proxy$|^(HTTPS|NO)_PROXY$'
    if [[ -z ${AWS_PROFILE:-}${AWS_CONTAINER_CREDENTIALS_FULL_URI:-}${AWS_CONTAINER_CREDENTIALS_RELATIVE_URI:-} ]]; then
        export AWS_ACCESS_KEY_ID=${AWS_ACCESS_KEY_ID:-AKIAPOSTERNDEMO00000}
        export AWS_SECRET_ACCESS_KEY=${AWS_SECRET_ACCESS_KEY:-demo-secret-that-opens-nothing-000000000}
    fi
    start "worker-$1" "$binaries/postern-worker" --config "$etc/worker-$1.yaml"
)

stop_programs() {
    local pidfile name
    for pidfile in "$POSTERN_HOME"/pid/worker-*; do
        name=${pidfile##*/}
        [[ $name == *.child || ! -e $pidfile ]] || stop "$name"
    done
    stop console
    stop auth
}
