"""The three or four ways to one upstream that are compared, all on this machine.

- direct: nginx `proxy_pass` to the upstream
- bare: nginx -> auth_request -> libfcgi -> libcurl -> the upstream, doing nothing else (postern-bench-bare)
- mitmproxy: a proxy that signs anew and masks by patterns, where Debian's mitmproxy is installed
- postern: TLS, OIDC session, SigV4 verification, policy, durable audit, signing, masking
"""

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

import botocore.auth

from stack import Stack, free_port

from . import answers

POLICY = """
Version: "2012-10-17"
Statement:
  - {Sid: Reads, Effect: Allow, Action: ["ssm:Get*", "logs:FilterLogEvents", "s3:GetObject", "s3:PutObject"], Resource: "*"}
  - Sid: Asks
    Effect: RequireApproval
    Action: "sqs:CreateQueue"
    Resource: "*"
    Approval: {Approvers: [approvers], Hold: 50s}
"""

NGINX = """
{user}
worker_processes {processes};
pid {home}/{name}.pid;
error_log {home}/{name}.log crit;
events {{ worker_connections 4096; }}
http {{
    client_body_temp_path {home}/{name}-body; proxy_temp_path {home}/{name}-proxy;
    fastcgi_temp_path {home}/{name}-fastcgi; scgi_temp_path {home}/{name}-scgi; uwsgi_temp_path {home}/{name}-uwsgi;
    access_log off; client_max_body_size 0; proxy_request_buffering off; fastcgi_request_buffering off;
    ssl_certificate {home}/cert.pem; ssl_certificate_key {home}/key.pem; ssl_protocols TLSv1.2 TLSv1.3;
    keepalive_requests 1000000; open_file_cache max=16;
    {http}
}}
"""

# A file cannot be POSTed to: nginx answers 405 with the file's content and the status 200.
UPSTREAM = """
map $http_x_amz_target $answer {{
    default small; AmazonSSM.GetParametersByPath secrets; Logs_20140328.FilterLogEvents large; }}
server {{
    listen 127.0.0.1:{port} ssl backlog=1024; keepalive_timeout 300s; root {home};
    default_type application/x-amz-json-1.1;
    location / {{
        if ($answer = small) {{ return 200 '{small}'; }}
        rewrite ^ /$answer.json break; error_page 405 =200 $uri; }}
    location /bench/ {{
        default_type text/plain;
        if ($request_method = PUT) {{ return 200 ''; }}
        rewrite ^ /object break; }}
}}
"""

FRONT = """
upstream aws {{ server 127.0.0.1:{upstream}; keepalive 64; }}
upstream bare {{ server unix:{socket} max_fails=0; keepalive 16; }}
server {{ listen 127.0.0.1:{direct} ssl backlog=1024;
    location / {{ proxy_pass https://aws; proxy_http_version 1.1; proxy_set_header Connection "";
        proxy_ssl_session_reuse on; }} }}
server {{ listen 127.0.0.1:{bare} ssl backlog=1024;
    fastcgi_keep_conn on;
    location / {{ auth_request /auth; include /etc/nginx/fastcgi_params; fastcgi_pass bare;
        fastcgi_param POSTERN_ROUTE call; }}
    location = /auth {{ internal; fastcgi_pass_request_body off; include /etc/nginx/fastcgi_params;
        fastcgi_param POSTERN_ROUTE auth; fastcgi_pass bare; }} }}
"""


class UnsignedTrailerAuth(botocore.auth.S3SigV4Auth):
    """Signs an upload of aws-chunked bytes whose checksum comes last."""

    def payload(self, request):
        return "STREAMING-UNSIGNED-PAYLOAD-TRAILER"


class Site:
    """Everything that runs during a measurement; a context manager."""

    def __init__(self, policy=POLICY, **variables):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="postern-bench."))
        self.home.chmod(0o755)
        self.variables = variables
        self.policy = policy
        self.processes = []
        self.stack = None
        self.keys = None
        self.token = None
        #: name of a way -> {"base": URL, "roots": {part: [process ids]}}
        self.ways = {}

    def __enter__(self):
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.stack:
            self.stack.down()
        for pid in reversed(self.processes):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        shutil.rmtree(self.home, ignore_errors=True)

    @property
    def authority(self):
        """Certificates that the clients of a way trust."""
        return self.home / "trusted.pem"

    def _start(self):
        self._certify()
        answers.write_all(self.home)
        upstream, direct, bare = free_port(), free_port(), free_port()
        self.upstream = f"https://127.0.0.1:{upstream}"
        self._nginx("upstream", UPSTREAM.format(port=upstream, home=self.home, small=answers.small()), processes=1)
        binaries = pathlib.Path(os.environ["POSTERN_BINARIES"])
        socket = self.home / "bare.sock"
        child = self._run(binaries / "postern-bench-bare", "--socket", socket, "--upstream", self.upstream,
                          "--ca-file", self.home / "ca.pem")
        front = self._nginx("front", FRONT.format(upstream=upstream, socket=socket, direct=direct, bare=bare), 2)
        self.ways["direct"] = {"base": f"https://localhost:{direct}", "roots": {"nginx": [front]}}
        self.ways["bare"] = {"base": f"https://localhost:{bare}", "roots": {"nginx": [front], "bare": [child]}}
        self._start_mitmproxy()
        self._start_postern()
        (self.home / "trusted.pem").write_bytes((self.home / "ca.pem").read_bytes() + pathlib.Path(self.stack.ca).read_bytes())

    def _start_postern(self):
        policy = self.home / "policy.yaml"
        policy.write_text(self.policy)
        self.stack = Stack(**{"POSTERN_UPSTREAM": self.upstream, "POSTERN_UPSTREAM_CA": self.home / "ca.pem",
                              "POSTERN_POLICY": policy} | self.variables).up()
        self.token = (self.stack.home / "agent.jwt").read_text().strip()
        self.keys = self.stack.assume(self.token)
        self.ways["postern"] = {"base": self.stack.url, "roots": {
            "nginx": [int((self.stack.home / "nginx" / "nginx.pid").read_text())], "auth": [self.stack.pid("auth")],
            "workers": self.worker_supervisors(), "postgres": [self.stack.postmaster_pid()]}}

    def worker_supervisors(self):
        return [int(path.read_text()) for path in (self.stack.home / "pid").glob("worker-?")]

    def _start_mitmproxy(self):
        program = shutil.which("mitmdump")
        if not program:
            return
        port = free_port()
        pem = self.home / "mitm.pem"
        pem.write_bytes((self.home / "key.pem").read_bytes() + (self.home / "cert.pem").read_bytes())
        child = self._run(program, "-q", "--mode", f"reverse:{self.upstream}", "--listen-host", "127.0.0.1", "-p", port,
                          "--set", f"ssl_verify_upstream_trusted_ca={self.home / 'ca.pem'}", "--set",
                          f"confdir={self.home / 'mitm'}", "--certs", f"*={pem}",
                          "-s", pathlib.Path(__file__).with_name("mitmproxy_addon.py"))
        self.ways["mitmproxy"] = {"base": f"https://localhost:{port}", "roots": {"mitmproxy": [child]}}

    def _run(self, *words):
        child = subprocess.Popen([str(word) for word in words], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                 env={"PATH": "/usr/bin:/bin", "HOME": str(self.home)})
        self.processes.append(child.pid)
        return child.pid

    def _nginx(self, name, http, processes):
        user = "user root;" if os.getuid() == 0 else ""
        path = self.home / f"{name}.conf"
        path.write_text(NGINX.format(user=user, home=self.home, name=name, http=http, processes=processes))
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        subprocess.run([program, "-c", path, "-e", self.home / f"{name}.log"], check=True)
        deadline = time.monotonic() + 5
        pidfile = self.home / f"{name}.pid"
        while not (pidfile.exists() and pidfile.read_text()) and time.monotonic() < deadline:
            time.sleep(0.05)
        self.processes.append(int(pidfile.read_text()))
        return self.processes[-1]

    def _certify(self):
        """An authority and a certificate for the upstream, which is AWS to Postern and 127.0.0.1 to the others."""
        def openssl(*words):
            subprocess.run(["openssl", *words], cwd=self.home, check=True, capture_output=True)
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        (self.home / "ext").write_text("basicConstraints=CA:FALSE\nsubjectAltName=DNS:*.us-east-1.amazonaws.com,"
                                       "DNS:*.amazonaws.com,DNS:localhost,IP:127.0.0.1\n")
        openssl("req", "-x509", *curve, "-days", "2", "-subj", "/CN=bench CA", "-keyout", "ca-key.pem", "-out", "ca.pem",
                "-addext", "basicConstraints=critical,CA:TRUE")
        openssl("req", "-new", *curve, "-subj", "/CN=localhost", "-keyout", "key.pem", "-out", "csr.pem")
        openssl("x509", "-req", "-in", "csr.pem", "-CA", "ca.pem", "-CAkey", "ca-key.pem", "-CAcreateserial", "-days",
                "2", "-extfile", "ext", "-out", "cert.pem")

    # Calls

    def call(self, way, service, method, path, headers=None, body="", signer=botocore.auth.SigV4Auth, keys=None):
        """One request as a way takes it; a signature is good for 15 minutes, so one is sent again and again."""
        call = {"method": method, "url": self.ways[way]["base"] + path, "headers": dict(headers or {}), "body": body}
        if way == "postern":
            call["headers"] = self.stack.sign(keys or self.keys, service, method, path, headers, body.encode(), signer)
        return call

    def json_call(self, way, service, target, body, keys=None):
        headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": target}
        return self.call(way, service, "POST", "/", headers, body, keys=keys)
