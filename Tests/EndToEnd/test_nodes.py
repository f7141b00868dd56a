"""Two full nodes, each with nginx, postern-auth and workers of its own, on one database and one key ring."""

import concurrent.futures
import os
import pathlib
import socket
import subprocess
import threading
import time

import botocore.exceptions
import pytest
from stack import REPOSITORY, ROLE, Stack, free_port, within
from test_main_job import approval_id

BINARIES = pathlib.Path(os.environ.get("POSTERN_BINARIES", REPOSITORY / ".build" / "release"))
POLICY = pathlib.Path(__file__).parent / "policy.yaml"


class Node:
    """Another node of a stack's site: the same database, ring and policy, everything else its own."""

    def __init__(self, stack, directory):
        self.stack, self.directory = stack, directory
        self.port = free_port()
        self.processes = []
        run = pathlib.Path(stack.sourced("admin.env")["PGHOST"]).parent
        self.run = run / "second"
        self.run.mkdir(exist_ok=True)
        text = (stack.home / "etc" / "worker-1.yaml").read_text()
        self.configuration = directory / "postern.yaml"
        self.configuration.write_text(text.replace(f"{run}/worker-1.sock", f"{self.run}/worker-1.sock")
                                      .replace(f"{run}/auth.sock", f"{self.run}/auth.sock"))

    def up(self):
        environment = {"PATH": "/usr/bin:/bin", "AWS_ACCESS_KEY_ID": "AKIAPOSTERNDEMO00000",
                       "AWS_SECRET_ACCESS_KEY": "demo-secret-that-opens-nothing-000000000"}
        for program in ("postern-auth", "postern-worker"):
            log = open(self.directory / f"{program}.log", "wb")
            self.processes.append(subprocess.Popen([BINARIES / program, "--config", self.configuration],
                                                   env=environment, stdin=subprocess.DEVNULL, stderr=log))
        nginx, tls = self.directory / "nginx", self.stack.home / "tls"
        script = (f"source {REPOSITORY}/scripts/lib/common.sh; source {REPOSITORY}/scripts/lib/nginx.sh; "
                  f"render_nginx {nginx} {self.run} {self.port} 1 {tls}/cert.pem {tls}/key.pem {self.directory}")
        subprocess.run(["bash", "-c", script], check=True)
        self.processes.append(subprocess.Popen(
            ["/usr/sbin/nginx", "-c", nginx / "nginx.conf", "-e", self.directory / "nginx.log", "-g", "daemon off;"],
            start_new_session=True))
        self.at = Stack.__new__(Stack)
        self.at.__dict__ |= {"home": self.stack.home, "port": self.port, "variables": {}, "ca": self.stack.ca,
                             "url": f"https://localhost:{self.port}"}
        self.at.wait_healthy()
        return self

    def kill(self):
        """As when a machine loses its power."""
        if self.processes:
            os.killpg(self.processes[-1].pid, 9)
        while self.processes:
            process = self.processes.pop()
            process.kill()
            process.wait()


class Balancer:
    """A load balancer of connections: round robin over the nodes that accept."""

    def __init__(self, *ports):
        self.ports, self.turn = ports, 0
        self.listening = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.url = f"https://localhost:{self.listening.getsockname()[1]}"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                client, _ = self.listening.accept()
            except OSError:
                return
            for _ in self.ports:
                self.turn += 1
                try:
                    server = socket.create_connection(("127.0.0.1", self.ports[self.turn % len(self.ports)]), 2)
                except OSError:
                    continue
                for ends in ((client, server), (server, client)):
                    threading.Thread(target=self.pump, args=ends, daemon=True).start()
                break
            else:
                client.close()

    @staticmethod
    def pump(source, target):
        try:
            while data := source.recv(65536):
                target.sendall(data)
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


@pytest.fixture(scope="module")
def policy(tmp_path_factory):
    path = tmp_path_factory.mktemp("site") / "policy.yaml"
    path.write_text(POLICY.read_text())
    return path


@pytest.fixture(scope="module")
def first(recorder, issuer, policy, seeded):
    stack = Stack(POSTERN_UPSTREAM=recorder.url, POSTERN_OIDC_ISSUER=issuer.url, POSTERN_POLICY=policy, POSTERN_WORKERS=1)
    try:
        yield stack.up()
    finally:
        stack.down()


@pytest.fixture(scope="module")
def second(first, tmp_path_factory):
    node = Node(first, tmp_path_factory.mktemp("second"))
    try:
        yield node.up()
    finally:
        node.kill()


@pytest.fixture
def session(first, issuer):
    return first.assume(issuer.token())


def put(stack, keys, value):
    return stack.client("ssm", keys).put_parameter(Name="/e2e/nodes", Value=value, Type="String", Overwrite=True)


def refused(act):
    try:
        act()
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]
    return None


def test_a_session_of_one_node_is_good_at_the_other(second, session):
    assert second.at.client("ssm", session).get_parameter(Name="/e2e/password")["Parameter"]["Value"].startswith("[masked:")


def test_an_approval_asked_for_at_one_node_is_used_at_the_other_and_once(first, second, session):
    error = refused(lambda: put(first, session, "once"))
    identifier = approval_id(error["Message"])
    assert identifier in refused(lambda: put(second.at, session, "once"))["Message"]
    assert first.posternctl("approvals", "approve", identifier).returncode == 0
    results = []

    def race(stack):
        results.append(refused(lambda: put(stack, session, "once")))

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for stack in (first, second.at, first, second.at):
            pool.submit(race, stack)
    assert results.count(None) == 1, results


REVOCATIONS = {
    "session": lambda issuer, keys: ["--session", keys.access_key],
    "principal": lambda issuer, keys: ["--principal", f"{issuer.url}#agent-to-revoke"],
    "role": lambda issuer, keys: ["--role", ROLE],
    "all": lambda issuer, keys: ["--all"],
}


@pytest.mark.parametrize("kind", REVOCATIONS)
def test_a_revocation_counts_at_both_within_a_second(first, second, issuer, kind):
    time.sleep(2.1)  # what began up to the end of the second after a revocation is revoked by it
    keys, other = first.assume(issuer.token(sub="agent-to-revoke")), first.assume(issuer.token(sub="agent-8"))
    nodes = [(stack, stack.client("ssm", keys)) for stack in (first, second.at)]
    for _, client in nodes:
        client.get_parameter(Name="/e2e/password")
    revoked = first.posternctl("sessions", "revoke", *REVOCATIONS[kind](issuer, keys), "--reason", "test")
    since = time.monotonic()
    assert revoked.returncode == 0, revoked.stderr
    for stack, client in nodes:
        while not (error := refused(lambda: client.get_parameter(Name="/e2e/password"))):
            assert time.monotonic() - since < 1, "not within a second"
        assert error["Code"] == "AccessDeniedException" and "revoked" in error["Message"]
        print(f"{kind}: refused at :{stack.port} after {time.monotonic() - since:.3f} s")
        is_wide = kind in ("role", "all")
        assert bool(refused(lambda: stack.client("ssm", other).get_parameter(Name="/e2e/password"))) == is_wide
    old = issuer.token(sub="agent-to-revoke", iat=int(time.time()) - 60)
    if kind != "session":
        assert refused(lambda: second.at.assume(old))["Code"] == "AccessDenied", "a token from before begins no session"
    time.sleep(2.1)
    fresh = second.at.assume(issuer.token(sub="agent-to-revoke"))
    assert not refused(lambda: first.client("ssm", fresh).get_parameter(Name="/e2e/password")), "what begins later is good"


def test_nobody_comes_in_while_revocations_are_not_known_for_too_long(recorder, issuer, policy, seeded):
    stack = Stack(POSTERN_UPSTREAM=recorder.url, POSTERN_OIDC_ISSUER=issuer.url, POSTERN_POLICY=policy, POSTERN_WORKERS=1)
    try:
        stack.up()
        for path in (stack.home / "etc").glob("*.yaml"):
            path.write_text(path.read_text().replace("session: {", "session: {revocations_stale_after: 3s, "))
        for name in ("auth", "worker-1"):
            os.kill(stack.pid(f"{name}.child"), 15)  # it counts from the next start
        time.sleep(1)
        stack.wait_healthy()
        keys = stack.assume(issuer.token())
        client = stack.client("ssm", keys)
        client.get_parameter(Name="/e2e/password")
        recorder.clear()
        with stack.stopped(stack.database_pids()):
            time.sleep(4)
            error = refused(lambda: client.get_parameter(Name="/e2e/password"))
            assert error["Code"] in ("ServiceUnavailable", "ServiceUnavailableException")
            assert "cannot tell which sessions are revoked" in error["Message"]
            assert refused(lambda: stack.assume(issuer.token()))["Code"] == "ServiceUnavailable"
            assert recorder.requests == []
        stack.wait_healthy()
        assert within(5, lambda: not refused(lambda: client.get_parameter(Name="/e2e/password")))
    finally:
        stack.down()


def test_a_policy_that_changes_is_in_force_at_both(first, second, session, policy):
    def allowed(stack):
        return refused(lambda: stack.client("sqs", session).list_queues()) is None

    assert allowed(first) and allowed(second.at)
    good = policy.read_text()
    policy.write_text(good.replace('"sqs:List*", ', ""))
    try:
        for stack in (first, second.at):
            assert within(5, lambda: not allowed(stack))
        policy.write_text("Version: nonsense")
        time.sleep(2)
        assert not allowed(first) and not allowed(second.at), "a broken policy replaces none"
    finally:
        policy.write_text(good)
    for stack in (first, second.at):
        assert within(5, lambda: allowed(stack))


LIMITED = """
  - Sid: FewQueues
    Effect: Allow
    Action: ["sqs:ListQueues", "sqs:CreateQueue"]
    Resource: "*"
    Limit: {Calls: 6, Per: 1h, By: Session}
"""


@pytest.fixture
def limited(first, second, policy):
    """Both nodes under a policy that bounds calls of two actions."""
    good = policy.read_text()
    policy.write_text(good + LIMITED)
    loaded = "SELECT count(*) FROM postern_audit.record WHERE event = 'policy_loaded'"
    before = int(first.sql(loaded)[0][0])
    assert within(5, lambda: int(first.sql(loaded)[0][0]) == before + 2)
    yield
    policy.write_text(good)
    assert within(5, lambda: int(first.sql(loaded)[0][0]) == before + 4)


def throttled(act):
    """The refusal as the SDK has it, with its status and Retry-After."""
    try:
        act()
    except botocore.exceptions.ClientError as error:
        metadata = error.response["ResponseMetadata"]
        return error.response["Error"]["Code"], metadata["HTTPStatusCode"], metadata["HTTPHeaders"].get("retry-after")
    return None


def test_a_limit_is_shared_by_both(first, second, issuer, upstream, limited):
    keys = first.assume(issuer.token())
    clients = [first.client("sqs", keys), second.at.client("sqs", keys)]
    for number in range(6):
        assert throttled(clients[number % 2].list_queues) is None
    upstream.clear()
    for client in clients:
        code, status, wait = throttled(client.list_queues)
        assert (code, status) == ("ThrottlingException", 429)
        assert 1 <= int(wait) <= 3600
    assert upstream.requests == []
    other = first.assume(issuer.token(), session="another")
    assert throttled(second.at.client("sqs", other).list_queues) is None
    rows = first.sql("SELECT count(*) FROM postern_audit.denials WHERE error_code = 'ThrottlingException' AND status = 429")
    assert int(rows[0][0]) >= 2


def test_a_limit_that_cannot_be_counted_stops_writes(first, second, issuer, upstream, limited):
    function = "FUNCTION postern.count_call(text[], integer[], integer[])"
    keys = first.assume(issuer.token())
    client = second.at.client("sqs", keys)
    first.sql(f"REVOKE EXECUTE ON {function} FROM postern_worker")
    try:
        upstream.clear()
        code, status, wait = throttled(lambda: client.create_queue(QueueName="limited"))
        assert (code, status, wait) == ("ServiceUnavailableException", 503, "1")
        assert upstream.requests == []
        assert throttled(client.list_queues) is None
    finally:
        first.sql(f"GRANT EXECUTE ON {function} TO postern_worker")
    assert throttled(lambda: client.create_queue(QueueName="limited")) is None


def test_one_node_dies_under_load_and_the_other_serves_on(first, second, session):
    balancer = Balancer(first.port, second.port)
    both = Stack.__new__(Stack)
    both.__dict__ |= first.__dict__ | {"url": balancer.url}
    end = []

    def work():
        # As every SDK does by default: two more attempts.
        client = both.client("ssm", session, retries=2, max_pool_connections=1, connect_timeout=5)
        done, failed = [], []
        while not end:
            try:
                answer = client.get_parameter(Name="/e2e/password")
                done.append(answer["ResponseMetadata"]["HTTPHeaders"]["x-postern-request-id"])
            except Exception as error:  # noqa: BLE001 - every failure counts
                failed.append(repr(error))
        return done, failed

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        running = [pool.submit(work) for _ in range(8)]
        time.sleep(2)
        second.kill()
        time.sleep(3)
        end.append(True)
        results = [future.result() for future in running]
    done = [identifier for ids, _ in results for identifier in ids]
    assert [failure for _, failed in results for failure in failed] == []
    assert len(done) > 50
    quoted = ",".join(f"'{identifier}'" for identifier in done)
    rows = first.sql(f"SELECT count(*) FROM postern_audit.record WHERE kind = 'intent'"
                     f" AND replace(id::text, '-', '') IN ({quoted})")
    assert int(rows[0][0]) == len(done), "every call that succeeded is on record"
    verified = first.posternctl("audit", "verify")
    print(f"{len(done)} calls, none failed; verify: {verified.stdout}")
    assert verified.returncode == 0, verified.stdout + verified.stderr
