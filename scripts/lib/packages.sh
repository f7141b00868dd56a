# What Debian must have: installed where missing, and said so.
# shellcheck shell=bash

packages_for_build=(
    libfcgi-dev libssl-dev libpq-dev libcurl4-openssl-dev libhyperscan-dev libexpat1-dev zlib1g-dev pkg-config
    g++ git # what a Swift toolchain links and fetches with
)
packages_for_stack=(
    nginx postgresql glewlwyd sqlite3 openssl curl jq ca-certificates python3 python3-venv procps
)
packages_for_browser_tests=(chromium chromium-driver)
# rclone, s3cmd, the AWS CLI 2, and what Tests/EndToEnd/goclient is built of, offline.
packages_for_client_tests=(rclone s3cmd awscli golang-go golang-github-aws-aws-sdk-go-v2-dev)
# promtool, which checks the alert rules.
packages_for_operation_tests=(prometheus)
packages_for_bench=(wrk linux-perf mitmproxy python3-botocore)

install_packages() {
    local package missing=()
    for package in "$@"; do
        installed "$package" || missing+=("$package")
    done
    ((${#missing[@]})) || return 0
    with_lock packages install_missing "${missing[@]}"
}

installed() {
    case $1 in
        # Any build of nginx will do, also one that Debian did not make.
        nginx) command -v nginx >/dev/null || [[ -x /usr/sbin/nginx ]] ;;
        postgresql) compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null ;;
        *) [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]] ;;
    esac
}

install_missing() {
    local package missing=() sudo=()
    for package in "$@"; do # another run may have had the lock
        installed "$package" || missing+=("$package")
    done
    ((${#missing[@]})) || return 0
    command -v apt-get >/dev/null || die "these Debian packages are missing: ${missing[*]}"
    if (($(id -u) != 0)); then
        command -v sudo >/dev/null || die "these Debian packages are missing, and there is no sudo: ${missing[*]}"
        sudo=(sudo)
    fi
    say "installing Debian packages: ${missing[*]}"
    # No service may start by itself, and no cluster is made: everything of ours runs under POSTERN_HOME.
    local policy=/usr/sbin/policy-rc.d made=
    if [[ ! -e $policy ]]; then
        printf '#!/bin/sh\nexit 101\n' | "${sudo[@]}" tee "$policy" >/dev/null
        "${sudo[@]}" chmod 0755 "$policy"
        made=1
    fi
    if [[ ! -e /etc/postgresql-common/createcluster.conf ]]; then
        "${sudo[@]}" mkdir -p /etc/postgresql-common
        echo 'create_main_cluster = false' | "${sudo[@]}" tee /etc/postgresql-common/createcluster.conf >/dev/null
    fi
    local status=0
    {
        "${sudo[@]}" apt-get update -qq &&
            "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
                -o Dpkg::Options::=--force-confold "${missing[@]}"
    } >/tmp/postern-apt.$$.log 2>&1 || status=$?
    [[ -z $made ]] || "${sudo[@]}" rm -f "$policy"
    ((status == 0)) || fail_with_log 'apt-get' /tmp/postern-apt.$$.log
    rm -f /tmp/postern-apt.$$.log
}
