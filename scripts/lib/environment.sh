# agent.env and admin.env, made to be sourced.
# shellcheck shell=bash

write_environments() {
    local token=${AWS_WEB_IDENTITY_TOKEN_FILE:-$POSTERN_HOME/agent.jwt}
    [[ -n $issuer ]] || token=$POSTERN_HOME/agent.jwt
    : >"$POSTERN_HOME/empty"
    # A session name of this stack's own: the AWS CLI keeps credentials in ~/.aws/cli/cache by role and session name,
    # and those of another stack open nothing here.
    [[ -s $POSTERN_HOME/session-name ]] ||
        printf 'query-%s' "$(openssl rand -hex 4)" >"$POSTERN_HOME/session-name"
    cat >"$POSTERN_HOME/agent.env" <<ENV
# Source this: the AWS CLI, SDKs and Terraform then go through Postern.
unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_PROFILE
export AWS_CONFIG_FILE='$POSTERN_HOME/empty' AWS_SHARED_CREDENTIALS_FILE='$POSTERN_HOME/empty'
export AWS_ENDPOINT_URL='https://localhost:$port'
export AWS_CA_BUNDLE='$POSTERN_HOME/tls/ca.pem'
export AWS_ROLE_ARN='arn:aws:iam::111122223333:role/agent'
export AWS_WEB_IDENTITY_TOKEN_FILE='$token'
export AWS_ROLE_SESSION_NAME='$(<"$POSTERN_HOME/session-name")'
export AWS_DISABLE_HOST_PREFIX_INJECTION=true
export AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1
export AWS_EC2_METADATA_DISABLED=true AWS_PAGER=
export PATH='$venv/bin:$binaries':"\$PATH"
ENV
    cat >"$POSTERN_HOME/admin.env" <<ENV
# Source this: posternctl and psql then act on this stack.
export POSTERN_HOME='$POSTERN_HOME'
export POSTERN_CONFIG='$etc/postern.yaml'
export POSTERN_DATABASE='$(conninfo) user=postern_owner'
export PGHOST='$run/postgres' PGDATABASE=postern PGUSER=postern_owner
export POSTERN_CONSOLE_URL='$(console_url)'
export PATH='$binaries:$(postgres_programs):$venv/bin':"\$PATH"
ENV
}
