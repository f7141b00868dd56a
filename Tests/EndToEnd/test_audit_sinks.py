"""Second places for records and checkpoints: file, syslog, bucket; and what they notice."""

import json
import os
import pathlib
import socket
import subprocess
import threading
import time

import pytest
from stack import REPOSITORY, Stack, within

POLICY = pathlib.Path(__file__).parent / "policy.yaml"


class Syslog:
    """A syslog server on UDP that keeps what it gets."""

    def __init__(self):
        self.messages = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            self.messages.append(self.socket.recv(70_000).decode())

    def objects(self):
        return [json.loads(message[message.index("{"):]) for message in list(self.messages)]


@pytest.fixture(scope="module")
def syslog():
    return Syslog()


@pytest.fixture(scope="module")
def bucket(direct):
    direct("s3").create_bucket(Bucket="audit-heads")
    return "audit-heads"


@pytest.fixture(scope="module")
def site(recorder, issuer, seeded, syslog, bucket, tmp_path_factory):
    kept = tmp_path_factory.mktemp("kept")
    stack = Stack(POSTERN_UPSTREAM=recorder.url, POSTERN_OIDC_ISSUER=issuer.url, POSTERN_POLICY=POLICY, POSTERN_WORKERS=1,
                  POSTERN_AUDIT=f'checkpoint_every: 1s, sinks: {{file: "{kept}/audit.jsonl", syslog: "udp://127.0.0.1:{syslog.port}"}},'
                                f' checkpoint_export: {{file: "{kept}/checkpoints", syslog: "udp://127.0.0.1:{syslog.port}",'
                                f' s3: {{bucket: {bucket}, prefix: heads/}}}}')
    stack.kept = kept
    try:
        yield stack.up()
    finally:
        stack.down()


@pytest.fixture(scope="module")
def session(site, issuer):
    return site.assume(issuer.token())


def call(site, session):
    answer = site.client("ssm", session).get_parameter(Name="/e2e/password")
    return answer["ResponseMetadata"]["HTTPHeaders"]["x-postern-request-id"]


def as_uuid(identifier):
    return "-".join(identifier[a:b] for a, b in ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32)))


def test_the_file_has_each_record_as_the_database_has_it(site, session):
    identifier = as_uuid(call(site, session))

    def lines():
        found = [json.loads(line) for line in (site.kept / "audit.jsonl").read_text().splitlines()]
        return [line for line in found if line["id"] == identifier]

    assert within(5, lambda: len(lines()) == 2), "the intent and the outcome"
    rows = site.sql(f"SELECT row_to_json(r) FROM postern_audit.record AS r WHERE id = '{identifier}' ORDER BY sequence")
    for line, row in zip(lines(), (json.loads(row[0]) for row in rows), strict=True):
        for name, value in line.items():
            if name == "ts":
                assert value[:19] == row[name][:19]
            elif isinstance(row[name], str) and row[name].startswith("\\x"):
                assert "\\x" + value == row[name]
            else:
                assert value == row[name], name
        assert {name for name, value in row.items() if value is not None} - set(line) == {"stored_at"}


def test_syslog_gets_them_too(site, session, syslog):
    identifier = as_uuid(call(site, session))
    assert within(5, lambda: [line["kind"] for line in syslog.objects() if line.get("id") == identifier] == ["intent", "outcome"])
    assert all(message.startswith("<110>1 20") for message in syslog.messages)


def test_metrics_tell_what_the_sinks_took_and_lost(site, session, syslog):
    call(site, session)

    def counts(name):
        text = site.send("GET", "/_postern/metrics/worker-1").body.decode()
        return dict(line.rsplit(" ", 1) for line in text.splitlines() if line.startswith(name + "{"))

    assert within(5, lambda: all(int(count) > 0 for count in counts("postern_audit_sink_lines_total").values()))
    assert set(counts("postern_audit_sink_lines_total")) == {
        f'postern_audit_sink_lines_total{{lines="{lines}",sink="{sink}"}}' for lines, sink in [
            ("records", f"file:{site.kept}/audit.jsonl"), ("records", f"udp://127.0.0.1:{syslog.port}"),
            ("checkpoints", f"file:{site.kept}/checkpoints"), ("checkpoints", f"udp://127.0.0.1:{syslog.port}"),
            ("checkpoints", "s3://audit-heads/heads/")]}
    assert set(counts("postern_audit_sink_dropped_total").values()) == {"0"}


def test_a_file_that_cannot_be_written_holds_up_no_call(site, session):
    path = site.kept / "audit.jsonl"
    path.rename(site.kept / "rotated")
    path.mkdir()
    try:
        began = time.monotonic()
        identifier = as_uuid(call(site, session))
        assert time.monotonic() - began < 2
    finally:
        path.rmdir()
    assert within(10, lambda: path.exists() and identifier in path.read_text()), "what waited is written afterwards"


def objects_of(direct, bucket):
    client = direct("s3")
    listed = client.list_objects_v2(Bucket=bucket, Prefix="heads/").get("Contents", [])
    return {entry["Key"]: client.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read() for entry in listed}


def test_the_bucket_gets_each_checkpoint_under_the_gateways_own_credential(site, session, direct, bucket, recorder):
    call(site, session)
    objects = within(10, lambda: objects_of(direct, bucket))
    assert objects, "checkpoints are put there"
    for key, text in objects.items():
        checkpoint = json.loads(text)
        assert key == f"heads/{checkpoint['writer']}/{checkpoint['sequence']}-{checkpoint['time']}.json"
    puts = [headers for method, path, headers, _ in recorder.requests if method == "PUT" and path.startswith(f"/{bucket}/")]
    assert puts and all("Credential=AKIAPOSTERNDEMO00000/" in headers["Authorization"] for headers in puts)
    assert all(headers["Host"] == "s3.us-east-1.amazonaws.com" for headers in puts)


def test_an_old_dump_is_noticed_by_what_was_exported(site, session, direct, bucket, syslog, tmp_path):
    environment = site.sourced("admin.env")

    def run(*words):
        result = subprocess.run(words, env=environment, text=True, capture_output=True, timeout=120, cwd="/")
        assert result.returncode == 0, result.stderr

    call(site, session)
    dump = tmp_path / "dump"
    run("pg_dump", "-U", "postgres", "-Fc", "-f", str(dump), "postern")
    identifier = as_uuid(call(site, session))
    writer, sequence = site.sql(f"SELECT writer, sequence FROM postern_audit.record WHERE id = '{identifier}' AND kind = 'outcome'")[0]

    def signed():
        lines = (site.kept / "checkpoints").read_text().splitlines()
        return any(c["writer"] == writer and c["sequence"] >= int(sequence) for c in map(json.loads, lines))

    assert within(10, signed), "a checkpoint is made each second"
    assert within(10, lambda: any(json.loads(text)["sequence"] >= int(sequence) for key, text in objects_of(direct, bucket).items()
                                  if writer in key))
    run("createdb", "-U", "postgres", "restored")
    run("pg_restore", "-U", "postgres", "-d", "restored", str(dump))
    copy = tmp_path / "bucket"
    for key, text in objects_of(direct, bucket).items():
        (copy / key).parent.mkdir(parents=True, exist_ok=True)
        (copy / key).write_bytes(text)
    syslogged = tmp_path / "syslog"
    syslogged.write_text("\n".join(message for message in syslog.messages if '"signature"' in message))
    restored = f"host={environment['PGHOST']} dbname=restored user=postern_auditor"
    public = str(site.home / "etc" / "checkpoint.pem.pub")
    alone = site.posternctl("audit", "verify", "--database", restored, "--key", public)
    assert alone.returncode == 0, "the database by itself shows nothing: " + alone.stdout
    for place in (site.kept / "checkpoints", copy, syslogged):
        found = site.posternctl("audit", "verify", "--database", restored, "--key", public, "--checkpoint", str(place))
        assert found.returncode == 1, found.stdout + found.stderr
        assert f"chain {writer} ends at record" in found.stdout
        now = site.posternctl("audit", "verify", "--key", public, "--checkpoint", str(place))
        assert now.returncode == 0, now.stdout + now.stderr
    independent = subprocess.run([REPOSITORY / "scripts" / "verify-audit.py", "--checkpoint", site.kept / "checkpoints", restored],
                                 env=environment | os.environ, text=True, capture_output=True, timeout=60)
    assert independent.returncode == 1 and f"{writer}: ends at record" in independent.stdout


@pytest.mark.parametrize("text, says", [("", "there are no checkpoints"), ("nonsense\n", "not a line of checkpoints")])
def test_a_file_without_checkpoints_proves_nothing(site, tmp_path, text, says):
    path = tmp_path / "checkpoints"
    path.write_text(text)
    result = site.posternctl("audit", "verify", "--checkpoint", str(path))
    assert result.returncode == 1 and says in result.stderr
