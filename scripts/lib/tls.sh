# A certificate authority of the stack's own, and nginx's certificate.
# shellcheck shell=bash

make_certificates() {
    local tls=$POSTERN_HOME/tls log=$logs/tls.log
    [[ -s $tls/ca.pem && -s $tls/cert.pem ]] && openssl x509 -in "$tls/cert.pem" -noout -checkend 86400 \
        >/dev/null 2>&1 && return
    mkdir -p -m 0755 "$tls"
    (
        umask 077
        cd "$tls"
        openssl ecparam -name prime256v1 -genkey -noout -out ca-key.pem
        openssl req -x509 -new -key ca-key.pem -sha256 -days 365 -subj '/CN=Postern demo CA' -out ca.pem \
            -addext 'basicConstraints=critical,CA:TRUE,pathlen:0' -addext 'keyUsage=critical,keyCertSign,cRLSign'
        openssl ecparam -name prime256v1 -genkey -noout -out key.pem
        openssl req -new -key key.pem -subj '/CN=localhost' -out cert.csr
        {
            echo 'basicConstraints=critical,CA:FALSE'
            echo 'keyUsage=critical,digitalSignature'
            echo 'extendedKeyUsage=serverAuth'
            echo 'subjectAltName=DNS:localhost,DNS:*.localhost,DNS:gateway.localhost,DNS:*.gateway.localhost,IP:127.0.0.1,IP:::1'
        } >cert.ext
        openssl x509 -req -in cert.csr -CA ca.pem -CAkey ca-key.pem -CAcreateserial -sha256 -days 90 \
            -extfile cert.ext -out cert.pem
        cat ca.pem >>cert.pem
        rm -f cert.csr cert.ext ca.srl
        chmod 0644 ca.pem cert.pem
    ) >"$log" 2>&1 || fail_with_log 'making certificates' "$log"
}
