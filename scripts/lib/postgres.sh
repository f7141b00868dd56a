# A private PostgreSQL cluster: unix socket only, and the kernel says who connects (peer).
# shellcheck shell=bash

database_roles=(postern_owner postern_worker postern_auth postern_console postern_auditor postern_approver)

postgres_programs() {
    local directories=(/usr/lib/postgresql/*/bin)
    printf '%s' "${directories[-1]}"
}

# PostgreSQL refuses to run as root: then it runs as the postgres user that the package made.
as_postgres() {
    local clean=(env -i PATH=/usr/bin:/bin LANG=C.UTF-8)
    if (($(id -u) == 0)); then
        (cd / && runuser -u postgres -- "${clean[@]}" "$@")
    else
        "${clean[@]}" "$@"
    fi
}

# Where the cluster lives: below POSTERN_HOME, or, where its user may not go there, below /var/lib.
cluster_directory() {
    local record=$POSTERN_HOME/cluster-directory directory=$POSTERN_HOME/postgres
    if [[ -s $record ]]; then
        cat "$record"
        return
    fi
    if (($(id -u) == 0)); then
        others_may_enter "$POSTERN_HOME" ||
            directory=/var/lib/postern-$(printf '%s' "$POSTERN_HOME" | sha256sum | cut -c1-12)
        install -d -m 0700 -o postgres "$directory"
    else
        mkdir -p -m 0700 "$directory"
    fi
    printf '%s\n' "$directory" | tee "$record"
}

start_postgres() {
    local bin cluster sockets=$run/postgres
    bin=$(postgres_programs)
    cluster=$(cluster_directory)
    if (($(id -u) == 0)); then install -d -m 0755 -o postgres "$sockets"; else mkdir -p -m 0755 "$sockets"; fi
    [[ -f $cluster/PG_VERSION ]] || make_cluster "$bin" "$cluster"
    if ! as_postgres "$bin/pg_ctl" -D "$cluster" status >/dev/null 2>&1; then
        as_postgres "$bin/pg_ctl" -D "$cluster" -l "$cluster/server.log" -w -t 60 start \
            -o "-k '$sockets'" >"$logs/postgres.log" 2>&1 ||
            { as_postgres tail -n 20 "$cluster/server.log" >>"$logs/postgres.log" 2>&1 || true
              fail_with_log PostgreSQL "$logs/postgres.log"; }
    fi
    psql_as_superuser -d postgres -q >>"$logs/postgres.log" 2>&1 <<<"SELECT 'CREATE DATABASE postern'
        WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'postern') \\gexec" ||
        fail_with_log 'making the database' "$logs/postgres.log"
    "$binaries/posternctl" db migrate --database "$(conninfo) user=postgres" --sql "$repository/sql" \
        >>"$logs/postgres.log" 2>&1 || fail_with_log 'posternctl db migrate' "$logs/postgres.log"
    # Whoever sources admin.env acts as the owner of the schemas; a site would rather let nobody log in as it.
    psql_as_superuser -d postern -q -c 'ALTER ROLE postern_owner LOGIN' >>"$logs/postgres.log" 2>&1 ||
        fail_with_log 'preparing the administrator' "$logs/postgres.log"
}

make_cluster() {
    local bin=$1 cluster=$2 caller role
    caller=$(id -un)
    as_postgres "$bin/initdb" -D "$cluster" -U postgres --auth-local=peer --auth-host=reject --data-checksums \
        --encoding=UTF8 --locale=C.UTF-8 >"$logs/postgres.log" 2>&1 || fail_with_log initdb "$logs/postgres.log"
    {
        echo "listen_addresses = ''"
        echo "max_connections = 100"
        echo "log_line_prefix = '%m [%p] %q%u '"
        echo "timezone = 'UTC'"
    } | as_postgres tee -a "$cluster/postgresql.conf" >/dev/null
    echo 'local all all peer map=postern' | as_postgres tee "$cluster/pg_hba.conf" >/dev/null
    {
        for role in postgres "${database_roles[@]}"; do echo "postern $caller $role"; done
        (($(id -u) != 0)) || echo 'postern postgres postgres'
    } | as_postgres tee "$cluster/pg_ident.conf" >/dev/null
}

stop_postgres() {
    [[ -s $POSTERN_HOME/cluster-directory ]] || return 0
    local cluster
    cluster=$(<"$POSTERN_HOME/cluster-directory")
    as_postgres "$(postgres_programs)/pg_ctl" -D "$cluster" -m fast -w -t 30 stop >/dev/null 2>&1 || true
}

purge_postgres() {
    [[ -s $POSTERN_HOME/cluster-directory ]] || return 0
    local cluster
    cluster=$(<"$POSTERN_HOME/cluster-directory")
    case $cluster in
        "$POSTERN_HOME"/postgres | /var/lib/postern-*) rm -rf "$cluster" ;;
    esac
}

# libpq's words for the database, without a role.
conninfo() { printf 'host=%s dbname=postern' "$run/postgres"; }

psql_as_superuser() {
    PGOPTIONS='' "$(postgres_programs)/psql" -X -v ON_ERROR_STOP=1 -h "$run/postgres" -U postgres "$@"
}

postgres_alive() {
    [[ -s $POSTERN_HOME/cluster-directory ]] &&
        as_postgres "$(postgres_programs)/pg_ctl" -D "$(<"$POSTERN_HOME/cluster-directory")" status >/dev/null 2>&1
}
