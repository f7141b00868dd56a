"""posternctl policy on what a running gateway has recorded, and policies that change while it runs."""

import contextlib
import hashlib
import json
import os
import re
import signal
import threading

import botocore.exceptions
import pytest
from stack import Stack, within

pytestmark = pytest.mark.usefixtures("seeded")


@pytest.fixture(scope="module")
def calls(stack, keys):
    """One call that is masked, one that is refused, one that waits, and the records' ids."""
    stack.client("ssm", keys).get_parameter(Name="/e2e/password")
    for refused in (lambda: stack.client("kms", keys).list_keys(),
                    lambda: stack.client("ssm", keys).put_parameter(Name="/e2e/replay", Value="v", Type="String")):
        with contextlib.suppress(botocore.exceptions.ClientError):
            refused()
    return {operation: identifier for identifier, operation in stack.sql(
        "SELECT id, operation FROM postern_audit.record WHERE kind <> 'outcome' AND operation IS NOT NULL ORDER BY ts")}


def replay(stack, policy, *words):
    return stack.posternctl("policy", "replay", "-p", str(policy), *words)


def in_force(stack):
    """The stack's policy file."""
    text = (stack.home / "etc" / "worker-1.yaml").read_text()
    return re.search(r"\S+policy\S*\.yaml", text).group().strip("[]'\",")


def test_the_policy_in_force_changes_nothing(stack, calls):
    result = replay(stack, in_force(stack))
    assert result.returncode == 0, result.stdout + result.stderr
    assert re.search(r"^[1-9]\d* calls: 0 would be decided otherwise$", result.stdout, re.M)


def test_another_policy_changes_what_it_says(stack, calls, tmp_path):
    new = tmp_path / "new.yaml"
    new.write_text("""
Version: "2012-10-17"
Statement:
  - {Sid: Everything, Effect: Allow, Action: "*", Resource: "*"}
  - {Sid: NoPasswords, Effect: Deny, Action: "ssm:GetParameter", Resource: "arn:aws:ssm:*:*:parameter/e2e/password"}
""")
    result = replay(stack, new, "--since", "yesterday", "--json")
    assert result.returncode == 1, result.stderr
    changes = [json.loads(line) for line in result.stdout.splitlines()]
    by_id = {change["id"]: change for change in changes}
    seen = {change["operation"]: (change["before"], change["after"]) for change in changes}
    assert seen["ssm.GetParameter"] == ("Allow", "Deny")
    assert seen["kms.ListKeys"] == ("Deny", "Allow")
    assert seen["ssm.PutParameter"] == ("RequireApproval", "Allow")
    assert "NoPasswords" in by_id[calls["ssm.GetParameter"]]["statementAfter"]
    words = replay(stack, new, "--operation", "kms.ListKeys")
    assert words.returncode == 1
    assert re.search(r"kms\.ListKeys: Deny -> Allow by Everything", words.stdout), words.stdout


@pytest.mark.parametrize("words", [["--database", "host=/nowhere dbname=x"], ["--since", "when pigs fly"]])
def test_what_cannot_be_found_out_is_no_change_and_no_success(stack, calls, words):
    assert replay(stack, in_force(stack), *words).returncode == 2


def test_a_policy_that_does_not_parse_is_neither_success_nor_change(stack, tmp_path):
    broken = tmp_path / "broken.yaml"
    broken.write_text("Statement: {Effect: Alow, Action: '*', Resource: '*'}")
    result = replay(stack, broken)
    assert result.returncode == 2
    assert "broken.yaml:1:" in result.stderr and 'did you mean "Allow"' in result.stderr


def test_a_recorded_call_is_explained(stack, calls):
    result = stack.posternctl("policy", "explain", "-p", in_force(stack), "--record", calls["ssm.GetParameter"])
    assert result.returncode == 0, result.stderr
    assert "decided then: Allow by ReadAnything" in result.stdout
    assert "now: Allow: ssm:GetParameter on arn:aws:ssm:" in result.stdout
    assert "NobodyMakesUsers" not in result.stdout


def test_a_refused_call_is_explained_by_nginx_request_id(stack, calls):
    request = stack.sql(f"SELECT request_id FROM postern_audit.record WHERE id = '{calls['kms.ListKeys']}'")[0][0]
    result = stack.posternctl("policy", "explain", "-p", in_force(stack), "--record", request.replace("-", ""))
    assert result.returncode == 0, result.stderr
    assert "decided then: Deny\n" in result.stdout and "now: DefaultDeny" in result.stdout


@pytest.mark.parametrize("identifier", ["00000000-0000-7000-8000-000000000000", "no-such-id", "'; DROP TABLE x; --"])
def test_an_id_of_no_call_is_said(stack, identifier):
    result = stack.posternctl("policy", "explain", "-p", in_force(stack), "--record", identifier)
    assert result.returncode != 0
    assert "there is no record of a call" in result.stderr


@pytest.mark.parametrize("call, expected", [
    (["--", "ssm", "get-parameter", "--name", "/e2e/password", "--with-decryption"],
     "ssm:GetParameter on arn:aws:ssm:us-east-1:*:parameter/e2e/password is allowed by ReadAnything"),
    (["--account", "111122223333", "--", "aws", "s3api", "put-object", "--bucket", "b", "--key", "k", "--acl",
      "private", "--region", "eu-west-1"], "s3:PutObjectAcl (Permissions management"),
    (["ssm.PutParameter", "--input", '{"Name": "/a", "Value": "v"}'], "RequireApproval: ssm:PutParameter on arn:aws:ssm:us-east-1:*:parameter/a"),
    (["--", "dynamodb", "transact-write-items", "--transact-items", '[{"Put": {"TableName": "t"}}]'],
     "dynamodb:PutItem on arn:aws:dynamodb:us-east-1:*:table/t is allowed by WriteObjects"),
    (["--", "ec2", "terminate-instances", "--instance-ids", "i-1", "i-2"], "ec2:TerminateInstances (Write"),
])
def test_a_described_call_is_explained_with_its_resources(stack, call, expected):
    result = stack.posternctl("policy", "explain", "-p", in_force(stack), *call)
    assert result.returncode == 0, result.stderr
    assert expected in result.stdout


@pytest.mark.parametrize("call, complaint", [
    (["--", "s3", "cp", "a", "b"], "s3api"), (["--", "ssm", "get-parametre"], "no operation"), (["--", "sms", "x"], "no service"),
    (["ssm.GetParameter", "--input", "[1]"], "not a JSON object"), (["ssm.GetParameter", "--input", "{", "--region", "x"], "not a JSON"),
    (["ssm.GetParameter", "--input", "{}", "--region", "mars-1"], "no region"), ([], "Name a call"),
])
def test_what_is_no_call_is_said(stack, call, complaint):
    result = stack.posternctl("policy", "explain", "-p", in_force(stack), *call)
    assert result.returncode != 0
    assert complaint in result.stderr


OPEN = """Version: "2012-10-17"
Statement: {Sid: Open, Effect: Allow, Action: "*", Resource: "*"}
"""
CLOSED = """Version: "2012-10-17"
Statement: {Sid: Closed, Effect: Deny, Action: "*", Resource: "*"}
"""


def hash_of(text):
    """The policy hash of records: of each file's length and text (docs/policy.md)."""
    return hashlib.sha256(f"{len(text.encode())}\n{text}".encode()).hexdigest()


def put(path, text):
    """Replaces the file as editors and deployment tools do: at once."""
    new = path.with_suffix(".new")
    new.write_text(text)
    new.rename(path)


@pytest.fixture(scope="module")
def policy(tmp_path_factory):
    path = tmp_path_factory.mktemp("reload") / "policy.yaml"
    path.write_text(OPEN)
    return path


@pytest.fixture(scope="module")
def reloading(recorder, issuer, policy):
    """A stack of two workers whose policy changes."""
    stack = Stack(POSTERN_UPSTREAM=recorder.url, POSTERN_OIDC_ISSUER=issuer.url, POSTERN_POLICY=policy, POSTERN_WORKERS=2)
    try:
        yield stack.up()
    finally:
        stack.down()


@pytest.fixture
def queues(reloading, issuer):
    """Makes a call; whether it was allowed."""
    client = reloading.client("sqs", reloading.assume(issuer.token()), max_pool_connections=1)

    def call():
        try:
            client.list_queues()
            return True
        except botocore.exceptions.ClientError as error:
            assert "Closed" in error.response["Error"]["Message"], error
            return False
    return call


def events(stack, event):
    return [json.loads(row[0]) for row in stack.sql(
        f"SELECT row_to_json(r) FROM postern_audit.record AS r WHERE event = '{event}' ORDER BY ts, writer")]


def change(stack, policy, text):
    """Puts a policy in force and waits until both workers say so."""
    before = len(events(stack, "policy_loaded"))
    put(policy, text)
    assert within(5, lambda: len(events(stack, "policy_loaded")) >= before + 2)


def test_the_policy_in_force_is_on_record_from_the_start(reloading):
    loaded = events(reloading, "policy_loaded")
    assert len(loaded) >= 2
    for event in loaded[:2]:
        assert event["detail"]["sha256"] == hash_of(OPEN)
        assert event["detail"]["reason"] == "start"
        assert re.search(r"policy\.yaml \(\w+\)$", event["detail"]["files"]), "who owns the file"


def test_a_file_that_changes_is_in_force_and_on_record(reloading, policy, queues):
    assert queues()
    change(reloading, policy, CLOSED)
    try:
        assert not queues()
        event = events(reloading, "policy_loaded")[-1]
        assert (event["detail"]["sha256"], event["detail"]["previous_sha256"]) == (hash_of(CLOSED), hash_of(OPEN))
        rows = reloading.sql("SELECT encode(policy_hash, 'hex') FROM postern_audit.denials"
                             " JOIN postern_audit.record USING (id) ORDER BY record.ts DESC LIMIT 1")
        assert rows[0][0] == hash_of(CLOSED)
    finally:
        change(reloading, policy, OPEN)
    assert queues()
    rows = reloading.sql("SELECT encode(policy_hash, 'hex') FROM postern_audit.calls ORDER BY ts DESC LIMIT 1")
    assert rows[0][0] == hash_of(OPEN)


def test_sighup_reads_the_policy_again(reloading, policy, queues):
    before = len([e for e in events(reloading, "policy_loaded") if e["detail"]["reason"] == "SIGHUP"])
    for pid in reloading.worker_pids():
        os.kill(pid, signal.SIGHUP)
    assert within(5, lambda: len([e for e in events(reloading, "policy_loaded")
                                  if e["detail"]["reason"] == "SIGHUP"]) == before + 2)
    assert queues()


@pytest.mark.parametrize("broken", [
    "", "Version: nonsense", "{", CLOSED.replace("Deny", "Dney"), CLOSED.replace("Action", "Actoin"),
    CLOSED + "Mask: x", "\x00",
], ids=["empty", "version", "syntax", "effect", "element", "top", "bytes"])
def test_a_broken_file_replaces_none_and_is_on_record(reloading, policy, queues, broken):
    before = len(events(reloading, "policy_refused"))
    put(policy, broken)
    try:
        assert within(5, lambda: len(events(reloading, "policy_refused")) >= before + 2)
        assert "policy.yaml" in events(reloading, "policy_refused")[-1]["message"]
        for pid in reloading.worker_pids():
            os.kill(pid, signal.SIGHUP)
        assert within(5, lambda: len(events(reloading, "policy_refused")) >= before + 4)
        assert queues(), "the policy before stays in force"
        rows = reloading.sql("SELECT encode(policy_hash, 'hex') FROM postern_audit.calls ORDER BY ts DESC LIMIT 1")
        assert rows[0][0] == hash_of(OPEN)
    finally:
        change(reloading, policy, OPEN)


def test_a_file_that_is_gone_replaces_none(reloading, policy, queues):
    before = len(events(reloading, "policy_refused"))
    policy.unlink()
    try:
        assert within(5, lambda: len(events(reloading, "policy_refused")) >= before + 2)
        assert queues()
    finally:
        change(reloading, policy, OPEN)


def test_each_call_is_decided_by_one_whole_policy(reloading, policy, queues):
    """Calls go on while the policy flips: each record's decision is that of the policy whose hash it has."""
    end, answers = [], []

    def work():
        while not end:
            answers.append(queues())

    since = reloading.sql("SELECT clock_timestamp()")[0][0]
    worker = threading.Thread(target=work)
    worker.start()
    try:
        for text in (CLOSED, OPEN, CLOSED, OPEN):
            change(reloading, policy, text)
    finally:
        end.append(True)
        worker.join()
    rows = reloading.sql(
        "SELECT decision, encode(policy_hash, 'hex'), count(*) FROM postern_audit.record WHERE kind <> 'outcome'"
        f" AND operation = 'sqs.ListQueues' AND ts >= '{since}' GROUP BY 1, 2")
    assert {(decision, hash) for decision, hash, _ in rows} == {("allow", hash_of(OPEN)), ("deny", hash_of(CLOSED))}
    assert {True, False} == set(answers)
