"""Approvals under stress, for agents that wait, by posternctl, and told to a webhook."""

import concurrent.futures
import contextlib
import hashlib
import hmac
import http.server
import json
import os
import pathlib
import queue
import signal
import subprocess
import threading
import time
import uuid

import botocore.exceptions
import pytest
from conftest import keep_logs
from console_stack import ask, state
from stack import Stack, free_port
from test_main_job import approval_id

POLICY = pathlib.Path(__file__).parent / "policy.yaml"
KEY = "a-webhook-key-for-tests"
VALUE = "not-a-real-value-77b1c0"


class Receiver:
    """A webhook receiver that checks signatures as docs/approvals.md says, and answers what it is told to."""

    def __init__(self, port=0):
        self.messages, self.attempts, self.statuses = queue.Queue(), [], []
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                stamp = self.headers["X-Postern-Timestamp"]
                wanted = "v1=" + hmac.new(KEY.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
                assert abs(time.time() - int(stamp)) < 30
                status = receiver.statuses.pop(0) if receiver.statuses else 200
                if not hmac.compare_digest(wanted, self.headers["X-Postern-Signature"]):
                    status = 401
                receiver.attempts.append((time.monotonic(), status, body))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()
                if status == 200:
                    receiver.messages.put((self.headers["Content-Type"], json.loads(body)))

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def next(self, identifier, seconds=20):
        """The next message about an approval; those about others are let go."""
        deadline = time.monotonic() + seconds
        while True:
            kind, message = self.messages.get(timeout=max(0.1, deadline - time.monotonic()))
            if identifier in json.dumps(message):
                assert kind == "application/json"
                return message

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="module")
def site(recorder, issuer, seeded, tmp_path_factory):
    stack = Stack(POSTERN_UPSTREAM=recorder.url, POSTERN_OIDC_ISSUER=issuer.url, POSTERN_POLICY=POLICY, POSTERN_WORKERS=2)
    try:
        yield stack.up()
    finally:
        keep_logs(stack)
        stack.down()


@pytest.fixture(scope="module")
def keys(site, issuer):
    return site.assume(issuer.token())


def call(site, keys, name, **more):
    """The same call whenever the name is the same; its error, or None."""
    try:
        site.client("ssm", keys, **more).put_parameter(Name=name, Value=VALUE, Type="String", Overwrite=True)
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]
    return None


def asked(site, keys, name):
    return approval_id(call(site, keys, name)["Message"])


def approve(site, identifier):
    done = site.posternctl("approvals", "approve", identifier, "--reason", "test")
    assert done.returncode == 0, done.stderr


def fresh_name():
    return f"/e2e/{uuid.uuid4().hex[:12]}"


def sent(recorder, name):
    return sum(name.encode() in body for _, _, _, body in recorder.requests)


# Races


def test_fifty_calls_at_once_on_one_grant_are_one_call(site, keys, upstream):
    name = fresh_name()
    approve(site, asked(site, keys, name))
    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        errors = list(pool.map(lambda _: call(site, keys, name), range(50)))
    assert errors.count(None) == 1
    assert sent(upstream, name) == 1
    assert {error["Code"] for error in errors if error} == {"AccessDeniedException"}


def test_fifty_approvals_at_once_are_one_decision(site, keys, upstream):
    identifier = ask(site, quorum=1)
    # As many persons as votes, each by the console's own function.
    vote = "SELECT postern.decide_approval('{}', 'approve', 'https://idp', 'person-{}', NULL, 'r', 'console', NULL)"
    with concurrent.futures.ThreadPoolExecutor(25) as pool:
        results = list(pool.map(lambda n: site.sql(vote.format(identifier, n), user="postern_console")[0][0], range(50)))
    assert results.count("approved") == 1 and results.count("already_decided") == 49
    assert site.sql(f"SELECT count(*) FROM postern.approval_decision WHERE approval_id = '{identifier}'") == [["1"]]


def test_a_worker_killed_in_the_middle_of_a_granted_call_never_makes_two(site, keys, upstream):
    name = fresh_name()
    approve(site, asked(site, keys, name))
    arrived, go_on = threading.Event(), threading.Event()

    def hold():
        arrived.set()
        go_on.wait(10)

    upstream.before_answering = hold
    try:
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            running = pool.submit(call, site, keys, name)
            assert arrived.wait(10)
            for pid in site.worker_pids():
                os.kill(pid, signal.SIGKILL)
            upstream.before_answering = lambda: None
            go_on.set()
            with contextlib.suppress(botocore.exceptions.BotoCoreError):
                assert running.result() is not None, "the agent does not believe that it went well"
    finally:
        upstream.before_answering = lambda: None
        go_on.set()
    site.wait_healthy()
    again = call(site, keys, name)
    assert again and "pending" in again["Message"], "the grant was used: ask anew"
    assert sent(upstream, name) == 1


def kill_database(site):
    postmaster = site.postmaster_pid()
    pids = site.database_pids()
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while any(pathlib.Path(f"/proc/{pid}").exists() for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not pathlib.Path(f"/proc/{postmaster}").exists()


@pytest.mark.parametrize("pause", [None, 0.0, 0.005, 0.01, 0.02, 0.1])
def test_postgresql_killed_in_the_middle_never_makes_two_calls_nor_loses_a_decision(site, keys, upstream, pause):
    name = fresh_name()
    identifier = asked(site, keys, name)
    approve(site, identifier)
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        if pause is None:
            kill_database(site)
        running = [pool.submit(call, site, keys, name) for _ in range(10)]
        if pause is not None:
            time.sleep(pause)
            kill_database(site)
        results = [future.exception() or future.result() for future in running]
    restarted = site.run("up", check=False)
    assert restarted.returncode == 0, restarted.stderr
    site.wait_healthy()
    assert results.count(None) <= 1
    assert sent(upstream, name) <= 1
    assert site.sql(f"SELECT verdict FROM postern.approval_decision WHERE approval_id = '{identifier}'") == [["approve"]]
    after = state(site, identifier)
    uses, = site.sql(f"SELECT count(*) FROM postern.grant_use WHERE approval_id = '{identifier}'")
    assert (after, uses) in (("approved", ["0"]), ("used", ["1"]))
    if after == "approved":
        assert sent(upstream, name) == 0, "what was sent is on record as a use"
        assert call(site, keys, name) is None, "the decision outlived the crash"
    assert sent(upstream, name) <= 1
    print(f"killed after {pause} s: {after}, sent {sent(upstream, name)}")


def test_an_approval_that_comes_as_the_request_expires_counts_or_does_not_but_never_half(site, keys):
    vote = "SELECT postern.decide_approval('{}', 'approve', 'https://idp', 'ann', NULL, 'r', 'console', NULL)"
    identifiers = [ask(site, expires=f"{900 + 40 * n} milliseconds") for n in range(10)]
    time.sleep(0.6)
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        results = list(pool.map(lambda i: site.sql(vote.format(i), user="postern_console")[0][0], identifiers))
    for identifier, result in zip(identifiers, results):
        votes = site.sql(f"SELECT count(*) FROM postern.approval_decision WHERE approval_id = '{identifier}'")[0][0]
        assert (result, votes) in (("approved", "1"), ("expired", "0"))


def test_of_a_denial_and_an_approval_at_once_one_wins_and_both_are_told(site):
    vote = "SELECT postern.decide_approval('{}', '{}', 'https://idp', '{}', NULL, 'r', 'console', NULL)"
    for _ in range(5):
        identifier = ask(site)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            results = list(pool.map(lambda v: site.sql(vote.format(identifier, *v), user="postern_console")[0][0],
                                    [("approve", "ann"), ("deny", "ben")]))
        assert sorted(results) in (["already_decided", "approved"], ["already_decided", "denied"])
        assert state(site, identifier) in results


# For agents that wait


def poll(site, keys, identifier, query=""):
    path = f"/_postern/approvals/{identifier}{query}"
    return site.send("GET", path, site.sign(keys, "ssm", "GET", path), timeout=60)


def test_an_agent_can_wait_for_its_decision(site, keys):
    identifier = asked(site, keys, fresh_name())
    answer = poll(site, keys, identifier)
    assert answer.status == 200 and json.loads(answer.body)["state"] == "pending"
    began = time.monotonic()
    assert json.loads(poll(site, keys, identifier, "?wait=1").body)["state"] == "pending"
    assert 0.9 < time.monotonic() - began < 5
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(poll, site, keys, identifier, "?wait=30")
        time.sleep(1)
        approve(site, identifier)
        decided = time.monotonic()
        told = waiting.result()
    assert told.status == 200, told
    answer = json.loads(told.body)
    assert answer["state"] == "approved" and answer["grant_expires"]
    print(f"told {time.monotonic() - decided:.3f} s after posternctl had ended")
    assert time.monotonic() - decided < 1


def test_nobody_else_reads_it_and_nothing_but_reads(site, keys, issuer):
    identifier = asked(site, keys, fresh_name())
    other = site.assume(issuer.token(sub="agent-8"))
    assert poll(site, other, identifier).status == 404
    assert poll(site, keys, uuid.uuid4()).status == 404
    assert site.send("GET", f"/_postern/approvals/{identifier}").status == 403
    path = f"/_postern/approvals/{identifier}"
    for method in ("POST", "PUT", "DELETE"):
        assert site.send(method, path, site.sign(keys, "ssm", method, path)).status in (403, 405)
    bearer = site.send("GET", path, {"Authorization": f"Bearer {issuer.token()}"})
    assert json.loads(bearer.body)["state"] == "pending"


# posternctl


def test_posternctl_watches_shows_and_decides(site, keys):
    watch = subprocess.Popen(["stdbuf", "-oL", "posternctl", "approvals", "watch"], env=site.sourced("admin.env"),
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    lines = queue.Queue()
    threading.Thread(target=lambda: [lines.put(line) for line in watch.stdout], daemon=True).start()

    def said(identifier, word, seconds=10):
        deadline = time.monotonic() + seconds
        while True:
            line = lines.get(timeout=max(0.1, deadline - time.monotonic()))
            if identifier in line and word in line:
                return line

    try:
        time.sleep(1)
        name = fresh_name()
        identifier = asked(site, keys, name)
        said(identifier, "pending")
        shown = site.posternctl("approvals", "show", identifier).stdout
        for word in ("agent-7", "ssm.PutParameter", name, "AskForParameters", "aws ssm put-parameter"):
            assert word in shown, shown
        assert identifier in site.posternctl("approvals", "list").stdout
        denied = site.posternctl("approvals", "deny", identifier, "--reason", "use staging")
        assert denied.returncode == 0, denied.stderr
        said(identifier, "denied")
        again = site.posternctl("approvals", "approve", identifier)
        assert again.returncode != 0 and "decided already" in again.stderr
        assert identifier not in site.posternctl("approvals", "list").stdout
        assert "use staging" in site.posternctl("approvals", "show", identifier).stdout
        row, = site.sql(f"SELECT issuer, subject, channel FROM postern.approval_decision WHERE approval_id = '{identifier}'")
        assert row == ["postgresql", "postern_owner", "posternctl"]
    finally:
        watch.kill()
        watch.wait()


@pytest.mark.parametrize("words", [["show", "nonsense"], ["approve", str(uuid.uuid4())], ["deny", "'; DROP TABLE x"]])
def test_posternctl_says_what_is_wrong(site, words):
    answer = site.posternctl("approvals", *words)
    assert answer.returncode != 0 and answer.stderr.strip()


# Webhooks


@contextlib.contextmanager
def webhook(site, receiver, form="json"):
    """The console with a webhook: it counts from the console's start."""
    path = site.home / "etc" / "postern.yaml"
    before = path.read_text()
    key = site.home / "etc" / "webhook-key"
    key.write_text(KEY + "\n")
    site.sql("UPDATE postern.webhook SET delivered_at = clock_timestamp() WHERE delivered_at IS NULL")

    def restart(text):
        path.write_text(text)
        old = site.pid("console.child")
        os.kill(old, signal.SIGTERM)
        deadline = time.monotonic() + 15
        while site.pid("console.child") == old:
            assert time.monotonic() < deadline
            time.sleep(0.1)

    restart(before + f'webhook: {{url: "http://127.0.0.1:{receiver.port}/hook", secret_file: "{key}", form: {form}}}\n')
    try:
        yield
    finally:
        restart(before)


def test_a_receiver_is_told_of_each_step_signed_and_without_the_parameters(site, keys):
    receiver = Receiver()
    with webhook(site, receiver):
        name = fresh_name()
        approved = asked(site, keys, name)
        pending = receiver.next(approved)
        assert pending["event"] == "pending" and pending["approval"] == approved
        assert pending["operation"] == "ssm.PutParameter" and pending["requester"] == "agent-7"
        assert pending["link"].endswith(f"/_postern/console/approvals/{approved}")
        assert pending["link"] in pending["text"] and pending["expires"] in pending["text"]
        approve(site, approved)
        assert receiver.next(approved)["event"] == "approved"
        denied = asked(site, keys, fresh_name())
        assert site.posternctl("approvals", "deny", denied, "--reason", "no").returncode == 0
        assert [receiver.next(denied)["event"] for _ in range(2)] == ["pending", "denied"]
        expired = ask(site, expires="1 second")
        assert [receiver.next(expired)["event"] for _ in range(2)] == ["pending", "expired"]
    everything = b"".join(body for _, _, body in receiver.attempts)
    for secret in (VALUE, keys.access_key, keys.secret_key, keys.token, KEY):
        assert secret.encode() not in everything
    assert all(status == 200 for _, status, _ in receiver.attempts), "every signature is right"
    receiver.stop()


def test_a_receiver_that_fails_is_told_again_with_growing_pauses_and_once_it_is_back(site, keys):
    receiver = Receiver()
    with webhook(site, receiver):
        receiver.statuses = [500, 503, 429]
        first = ask(site)
        assert receiver.next(first, 30)["event"] == "pending"
        times = [moment for moment, _, body in receiver.attempts if first.encode() in body]
        pauses = [b - a for a, b in zip(times, times[1:])]
        assert len(times) == 4 and pauses[0] < pauses[1] < pauses[2], pauses
        print(f"pauses: {[round(pause, 1) for pause in pauses]}")
        assert [receiver.attempts[-4 + n][1] for n in range(4)] == [500, 503, 429, 200]
        # Away, with the console started anew meanwhile: the queue is in the database.
        port = receiver.port
        receiver.stop()
        second = ask(site)
        time.sleep(2)
        os.kill(site.pid("console.child"), signal.SIGKILL)
        back = Receiver(port)
        assert back.next(second, 30)["event"] == "pending"
        time.sleep(2)
        assert back.messages.empty(), "once"
        rows = site.sql(f"SELECT attempts > 1, delivered_at IS NOT NULL, last_error FROM postern.webhook WHERE approval_id = '{second}'")
        assert rows == [["t", "t", ""]]
        back.stop()


@pytest.mark.parametrize("form", ["slack", "teams"])
def test_chats_get_what_they_show(site, keys, form):
    receiver = Receiver()
    with webhook(site, receiver, form):
        identifier = ask(site, text="<!channel> *bold* \"quoted\" \\ \u202e")
        message = receiver.next(identifier)
        if form == "slack":
            assert list(message) == ["text"]
            assert identifier in message["text"]
            assert "<!channel>" not in message["text"], "an agent's text calls nobody"
        else:
            card = message["attachments"][0]["content"]
            assert message["type"] == "message" and card["type"] == "AdaptiveCard"
            assert card["actions"][0]["url"].endswith(identifier)
    receiver.stop()
