"""A stack of the real programs, and what tests put around it: an upstream that records, an issuer that lies."""

import contextlib
import http.client
import http.server
import json
import os
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.parse

import boto3
import botocore
import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.credentials
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
REGION = "us-east-1"
ROLE = "arn:aws:iam::111122223333:role/agent"
# What the gateway signs with, where a test looks at its signatures.
UPSTREAM_KEYS = botocore.credentials.Credentials("AKIACONFORMANCE00000", "conformance-secret-that-opens-nothing-00")


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def within(seconds, condition):
    """What a condition finds within so many seconds; what it says at the end, where it finds nothing."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.1)
    return condition()


class Stack:
    """One `scripts/stack` with a POSTERN_HOME of its own."""

    def __init__(self, **variables):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="postern-e2e."))
        self.home.chmod(0o755)
        self.port = free_port()
        self.variables = {name: str(value) for name, value in variables.items()}
        self.url = f"https://localhost:{self.port}"
        self.ca = str(self.home / "tls" / "ca.pem")

    def run(self, *words, check=True):
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "POSTERN_", "PG"))}
        for name in ("POSTERN_BINARIES",):
            if name in os.environ:
                clean[name] = os.environ[name]
        environment = clean | self.variables | {"POSTERN_HOME": str(self.home), "POSTERN_PORT": str(self.port)}
        return subprocess.run([REPOSITORY / "scripts" / "stack", *words], env=environment, check=check,
                              stdin=subprocess.DEVNULL, text=True, capture_output=True)

    def up(self):
        result = self.run("up", check=False)
        assert result.returncode == 0, result.stdout + result.stderr
        return self

    def down(self):
        self.run("down", "--purge", check=False)
        shutil.rmtree(self.home, ignore_errors=True)

    def sourced(self, name, extra=None):
        """The environment after sourcing agent.env or admin.env."""
        base = {"PATH": os.environ["PATH"], "HOME": str(self.home), "LANG": "C.UTF-8"} | (extra or {})
        text = subprocess.run(["bash", "-c", f"source '{self.home}/{name}' && env -0"], env=base, check=True,
                              capture_output=True).stdout
        return dict(pair.decode().split("=", 1) for pair in text.split(b"\0") if b"=" in pair)

    def aws(self, *words, environment=None):
        """Runs the real AWS CLI as the agent does."""
        return subprocess.run(["aws", *words], env=self.sourced("agent.env", environment), stdin=subprocess.DEVNULL,
                              text=True, capture_output=True, timeout=120)

    def posternctl(self, *words):
        return subprocess.run(["posternctl", *words], env=self.sourced("admin.env"), stdin=subprocess.DEVNULL,
                              text=True, capture_output=True, timeout=60)

    def sql(self, query, user="postern_owner"):
        """Rows of a query, each a list of strings."""
        result = subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-U", user, "-F", "\t", "-c", query],
                                env=self.sourced("admin.env"), text=True, capture_output=True, timeout=60)
        assert result.returncode == 0, result.stderr
        return [line.split("\t") for line in result.stdout.splitlines()]

    def audited(self):
        """All that the audit views tell of calls and refusals, as one text."""
        return json.dumps([self.sql(f"SELECT * FROM postern_audit.{view} ORDER BY ts") for view in ("calls", "denials")])

    def audited_times(self, request_id):
        """How many rows the audit has of a request."""
        return sum(int(self.sql(f"SELECT count(*) FROM postern_audit.{view} WHERE replace(coalesce(request_id, id)::text, '-', '') = '{request_id}'")
                       [0][0]) for view in ("calls", "denials"))

    def pid(self, name):
        return int((self.home / "pid" / name).read_text())

    def worker_pids(self):
        return [int(path.read_text()) for path in sorted((self.home / "pid").glob("worker-*.child"))]

    def postmaster_pid(self):
        cluster = (self.home / "cluster-directory").read_text().strip()
        return int((pathlib.Path(cluster) / "postmaster.pid").read_text().split()[0])

    def database_pids(self):
        postmaster = self.postmaster_pid()
        children = subprocess.run(["pgrep", "-P", str(postmaster)], capture_output=True, text=True).stdout.split()
        return [postmaster, *map(int, children)]

    @contextlib.contextmanager
    def stopped(self, pids):
        """Holds processes still (SIGSTOP) for the duration."""
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    @contextlib.contextmanager
    def without(self, *names):
        """Ends programs, and keeps them from being started again for the duration."""
        supervisors = [self.pid(name) for name in names]
        with self.stopped(supervisors):
            for name in names:
                os.kill(self.pid(f"{name}.child"), signal.SIGKILL)
            yield
        self.wait_healthy()

    def wait_healthy(self, seconds=20):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self.send("GET", "/_postern/health/ready").status == 200 and self.are_ready():
                    return
            time.sleep(0.1)
        raise AssertionError(f"not healthy within {seconds} s")

    def reconfigure(self, change):
        """Changes the text of all configuration files, has the programs read them, and says whether they took them."""
        for path in (self.home / "etc").glob("*.yaml"):
            path.write_text(change(path.read_text()))
        return self.reload()

    def reload(self, *names):
        """Sends SIGHUP, and waits until each program has said what came of it: True where all took the new files."""
        programs = names or ("auth", *(path.stem for path in (self.home / "pid").glob("worker-*.child")))
        logs = [self.home / "log" / f"{name}.log" for name in programs]
        before = [(log.read_text().count('"reloaded"'), refusals(log.read_text())) for log in logs]
        for name in programs:
            os.kill(self.pid(f"{name}.child"), signal.SIGHUP)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            now = [(log.read_text().count('"reloaded"'), refusals(log.read_text())) for log in logs]
            if all(a != b for a, b in zip(before, now)):
                return all(a[1] == b[1] for a, b in zip(before, now))
            time.sleep(0.05)
        raise AssertionError(f"SIGHUP did nothing: {programs}")

    def are_ready(self):
        """Whether each worker could record a call now; health is whichever worker's that answers."""
        count = len(self.worker_pids())
        return all(b"\npostern_ready 1\n" in self.send("GET", f"/_postern/metrics/worker-{number}").body
                   for number in range(1, count + 1))

    # Clients

    def assume(self, token, role=ROLE, session="test-query"):
        sts = boto3.client("sts", endpoint_url=self.url, verify=self.ca, region_name=REGION,
                           config=botocore.config.Config(signature_version=botocore.UNSIGNED, retries=NO_RETRIES))
        answer = sts.assume_role_with_web_identity(RoleArn=role, RoleSessionName=session, WebIdentityToken=token)
        keys = answer["Credentials"]
        return botocore.credentials.Credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])

    def client(self, service, keys, retries=0, **config):
        return boto3.client(service, endpoint_url=self.url, verify=self.ca, region_name=REGION,
                            aws_access_key_id=keys.access_key, aws_secret_access_key=keys.secret_key,
                            aws_session_token=keys.token,
                            config=botocore.config.Config(retries={"total_max_attempts": retries + 1,
                                                                   "mode": "standard"}, **config))

    def sign(self, keys, service, method, path, headers=None, body=b"", signer=botocore.auth.SigV4Auth):
        """Headers of a signed request, for tests that then change something."""
        request = botocore.awsrequest.AWSRequest(method=method, url=self.url + path, headers=headers or {}, data=body)
        signer(keys, service, REGION).add_auth(request)
        return {"Host": f"localhost:{self.port}", **dict(request.headers.items())}

    def send(self, method, path, headers=None, body=b"", timeout=30):
        """One HTTP/1.1 request with exactly these headers (a mapping or a list of pairs)."""
        context = ssl.create_default_context(cafile=self.ca)
        connection = http.client.HTTPSConnection("localhost", self.port, timeout=timeout, context=context)
        try:
            pairs = list(headers.items()) if isinstance(headers, dict) else list(headers or [])
            names = {name.lower() for name, _ in pairs}
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            if "host" not in names:
                connection.putheader("Host", f"localhost:{self.port}")
            for name, value in pairs:
                connection.putheader(name, value)
            if "content-length" not in names and "transfer-encoding" not in names and (body or method == "POST"):
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders()
            if body:
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    connection.send(body)
            response = connection.getresponse()
            return Answer(response.status, dict((k.lower(), v) for k, v in response.getheaders()), response.read())
        finally:
            connection.close()


def refusals(log):
    return log.count("not reloaded") + log.count("configuration refused")


def cbor_text(text):
    """A CBOR text string of up to 255 bytes."""
    data = text.encode()
    return (bytes([0x60 | len(data)]) if len(data) < 24 else bytes([0x78, len(data)])) + data


NO_RETRIES = {"total_max_attempts": 1}


class Answer:
    """Status, headers and body of one raw exchange, and the error code that an SDK would find in it."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def code(self):
        text = self.body.decode(errors="replace")
        if text.startswith("{"):
            fields = json.loads(text)
            return (fields.get("__type") or fields.get("code") or fields.get("Code")).rsplit("#", 1)[-1]
        return text.split("<Code>", 1)[1].split("</Code>", 1)[0] if "<Code>" in text else None

    def __repr__(self):
        return f"Answer({self.status}, {self.headers}, {self.body[:500]!r})"


class Recorder:
    """Stands between Postern and moto, and remembers what reached it."""

    def __init__(self, target_port):
        self.requests = []
        self.before_answering = lambda: None  # for tests that do something while a call is on its way
        recorder = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def forward(self):
                length = self.headers.get("Content-Length")
                body = self.rfile.read(int(length)) if length else self.chunked()
                recorder.requests.append((self.command, self.path, self.headers, body[:65536]))
                recorder.before_answering()
                is_streaming = self.headers.get("x-amz-content-sha256", "").startswith("STREAMING-")
                if is_streaming:
                    body = unframed(body)  # moto's own way takes minutes for 100 MB
                connection = http.client.HTTPConnection("127.0.0.1", target_port, timeout=120)
                connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
                framing = {"content-encoding", "x-amz-trailer", "x-amz-decoded-content-length"} if is_streaming else set()
                for name, value in self.headers.items():
                    if name.lower() in framing | {"content-length", "transfer-encoding", "connection", "expect"}:
                        continue
                    is_hash = is_streaming and name.lower() == "x-amz-content-sha256"
                    connection.putheader(name, "UNSIGNED-PAYLOAD" if is_hash else value)
                connection.putheader("Content-Length", str(len(body)))
                connection.endheaders(body)
                response = connection.getresponse()
                answer = response.read()
                self.send_response_only(response.status)
                for name, value in response.getheaders():
                    if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                        self.send_header(name, value)
                if self.command == "HEAD":
                    self.send_header("Content-Length", response.getheader("Content-Length", "0"))
                else:
                    self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)
                connection.close()

            def chunked(self):
                if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
                    return b""
                parts = []
                while size := int(self.rfile.readline().split(b";")[0], 16):
                    parts.append(self.rfile.read(size))
                    self.rfile.readline()
                while self.rfile.readline().strip():
                    pass
                return b"".join(parts)

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = do_PATCH = forward

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            request_queue_size = 256
            daemon_threads = True

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def clear(self):
        self.requests.clear()

    def saw(self, needle):
        """Whether any request's line, headers or first 64 kB of body hold these bytes."""
        needle = needle.encode() if isinstance(needle, str) else needle
        return any(needle in f"{method} {path}\n{headers}".encode(errors="replace") + body
                   for method, path, headers, body in self.requests)


def unframed(body):
    """The data of an aws-chunked body, whose framing must be right to the last byte."""
    parts, position = [], 0
    while True:
        end = body.index(b"\r\n", position)
        size = int(body[position:end].split(b";")[0], 16)
        position = end + 2
        if size == 0:
            assert body.endswith(b"\r\n\r\n") or body[position:] == b"\r\n", "the trailer ends the body"
            return b"".join(parts)
        parts.append(body[position:position + size])
        assert body[position + size:position + size + 2] == b"\r\n"
        position += size + 2


class Issuer:
    """An OpenID issuer that signs whatever it is told to."""

    def __init__(self):
        self.rsa = RSAKey.generate_key(2048, {"kid": "rsa-1", "use": "sig", "alg": "RS256"})
        self.ec = ECKey.generate_key("P-256", {"kid": "ec-1", "use": "sig", "alg": "ES256"})
        self.stranger = RSAKey.generate_key(2048, {"kid": "rsa-1", "use": "sig", "alg": "RS256"})
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                if self.path == "/.well-known/openid-configuration":
                    answer = {"issuer": issuer.url, "jwks_uri": issuer.url + "/jwks",
                              "authorization_endpoint": issuer.url + "/auth", "token_endpoint": issuer.url + "/token",
                              "response_types_supported": ["code"], "subject_types_supported": ["public"],
                              "id_token_signing_alg_values_supported": ["RS256", "ES256"]}
                elif self.path == "/jwks":
                    answer = {"keys": [issuer.rsa.as_dict(private=False), issuer.ec.as_dict(private=False)]}
                else:
                    return self.send_error(404)
                text = json.dumps(answer).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def token(self, key=None, header=None, **claims):
        """A good token, or, by what is given, a bad one; a claim of None is left out."""
        key = key or self.rsa
        now = int(time.time())
        body = {"iss": self.url, "aud": "postern", "sub": "agent-7", "iat": now, "nbf": now - 5, "exp": now + 3600,
                "groups": ["agents"]} | claims
        body = {name: value for name, value in body.items() if value is not None}
        algorithm = "ES256" if isinstance(key, ECKey) else "RS256"
        return jwt.encode({"alg": algorithm, "typ": "JWT", "kid": key.kid} | (header or {}), body, key)


@contextlib.contextmanager
def moto_server():
    port = free_port()
    environment = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    moto = pathlib.Path(os.sys.executable).parent / "moto_server"
    process = subprocess.Popen([moto, "-H", "127.0.0.1", "-p", str(port)], env=environment,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=10)
