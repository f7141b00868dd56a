# nginx with the files of nginx/, their example paths replaced by the stack's.
# shellcheck shell=bash

nginx_program() { command -v nginx || echo /usr/sbin/nginx; }

# render_nginx DIRECTORY RUN PORT WORKERS CERTIFICATE KEY LOGS: writes DIRECTORY/nginx.conf and what it includes.
render_nginx() {
    local directory=$1 run=$2 port=$3 workers=$4 certificate=$5 key=$6 logs=$7 file number servers=
    mkdir -p "$directory/postern" "$directory/temp"
    for ((number = 1; number <= workers; number++)); do
        servers+="    server             unix:$run/worker-$number.sock max_fails=0;\\n"
    done
    for file in postern-http postern-site postern postern-params; do
        sed -e "/^ *server  *unix:.run.postern.worker-2.sock/d" \
            -e "s|^ *server  *unix:/run/postern/worker-1.sock.*|${servers%\\n}|" \
            -e "s|unix:/run/postern/|unix:$run/|" \
            -e "s|\(include *\)postern/\([a-z-]*\.conf\);|\1\"$directory/postern/\2\";|" \
            "$repository/nginx/$file.conf" >"$directory/postern/$file.conf"
    done
    sed -e "s|\(include *\)postern/\([a-z-]*\.conf\);|\1\"$directory/postern/\2\";|" \
        -e "s|\(listen  *\)443|\1127.0.0.1:$port|" \
        -e "s|\(listen  *\)\[::\]:443|\1[::1]:$port|" \
        -e "s|server_name .*|server_name localhost *.localhost;|" \
        -e "s|/etc/postern/tls/fullchain.pem|\"$certificate\"|" \
        -e "s|/etc/postern/tls/key.pem|\"$key\"|" \
        -e "s|/var/log/nginx/postern.log|\"$logs/access.log\"|" \
        "$repository/nginx/site.conf.example" >"$directory/site.conf"
    [[ -e /proc/net/if_inet6 ]] && ip_has_v6 || sed -i '/listen *\[::1\]/d' "$directory/site.conf"
    cat >"$directory/nginx.conf" <<CONF
$( (($(id -u) != 0)) || echo 'user root;   # the demo: its sockets belong to whoever started it')
worker_processes 2;
worker_shutdown_timeout 60s;
pid "$directory/nginx.pid";
error_log "$logs/nginx.log" warn;
events { worker_connections 2048; }
http {
    client_body_temp_path "$directory/temp/body";
    fastcgi_temp_path     "$directory/temp/fastcgi";
    proxy_temp_path       "$directory/temp/proxy";
    scgi_temp_path        "$directory/temp/scgi";
    uwsgi_temp_path       "$directory/temp/uwsgi";
    include "$directory/site.conf";
}
CONF
}

ip_has_v6() { grep -q '^00000000000000000000000000000001 ' /proc/net/if_inet6; }

start_nginx() {
    local directory=$POSTERN_HOME/nginx
    render_nginx "$directory" "$run" "$port" "$workers" "$POSTERN_HOME/tls/cert.pem" "$POSTERN_HOME/tls/key.pem" "$logs"
    if nginx_alive; then
        "$(nginx_program)" -c "$directory/nginx.conf" -e "$logs/nginx.log" -s reload
        return
    fi
    if ! env -i PATH=/usr/bin:/bin "$(nginx_program)" -c "$directory/nginx.conf" -e "$logs/nginx.log" >"$logs/nginx.start.log" 2>&1; then
        fail_with_log "nginx on port $port" "$logs/nginx.start.log"
    fi
    wait_until 5 nginx_alive || fail_with_log nginx "$logs/nginx.log"
}

nginx_alive() {
    local pid
    pid=$(cat "$POSTERN_HOME/nginx/nginx.pid" 2>/dev/null) && [[ -n $pid ]] || return 1
    tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF -- "$POSTERN_HOME"
}

stop_nginx() {
    nginx_alive || return 0
    kill -QUIT "$(<"$POSTERN_HOME/nginx/nginx.pid")"
    if ! wait_until 10 nginx_gone; then
        kill -TERM "$(<"$POSTERN_HOME/nginx/nginx.pid")" 2>/dev/null || true
        wait_until 5 nginx_gone || true
    fi
}

nginx_gone() { ! nginx_alive; }
