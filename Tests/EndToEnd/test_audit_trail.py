"""What the views say of a call, and what posternctl audit does with the records."""

import gzip
import hashlib
import json
import os
import pty
import re
import subprocess
import threading
import time

import botocore.exceptions
import pytest
from stack import REGION, within
from test_audit_sinks import as_uuid
from test_main_job import approval_id

pytestmark = pytest.mark.usefixtures("seeded")

HASH = re.compile(r"\\x[0-9a-f]{64}")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def row(stack, view, condition, seconds=5):
    """One row of a view as the auditor sees it."""
    def found():
        return stack.sql(f"SELECT row_to_json(v) FROM postern_audit.{view} AS v WHERE {condition}", user="postern_auditor")

    rows = within(seconds, found)
    assert len(rows) == 1, f"{len(rows)} rows of {view} where {condition}"
    return json.loads(rows[0][0])


@pytest.fixture(scope="module")
def call(stack, keys):
    """The audit's id of a call that had a secret masked."""
    client = stack.client("ssm", keys, user_agent_extra="app/trail-test")
    client.meta.events.register("before-send.ssm.GetParameter", lambda request, **_: request.headers.update({"X-Postern-Query": "query-77"}))
    answer = client.get_parameter(Name="/e2e/password", WithDecryption=True)
    identifier = as_uuid(answer["ResponseMetadata"]["HTTPHeaders"]["x-postern-request-id"])
    assert within(5, lambda: stack.sql(f"SELECT 1 FROM postern_audit.record WHERE id = '{identifier}' AND kind = 'outcome'"))
    return identifier


def test_a_call_has_every_field(stack, keys, call):
    record = row(stack, "calls", f"id = '{call}' AND status IS NOT NULL")
    assert record["issuer"].startswith("http://127.0.0.1:") and record["subject"] == "agent-7" and record["groups"] == ["agents"]
    assert record["role"] == "arn:aws:iam::111122223333:role/agent" and record["account"] == "111122223333"
    assert record["session_id"] and record["session_name"] == "test-query" and record["query_id"] == "query-77"
    assert record["source_ip"] == "127.0.0.1" and "Botocore" in record["user_agent"]
    assert (record["service"], record["operation"], record["actions"]) == ("ssm", "ssm.GetParameter", ["ssm:GetParameter"])
    assert record["access_level"] == "Read" and record["region"] == REGION and record["presigned"] is False
    assert record["resources"] == [f"arn:aws:ssm:{REGION}:111122223333:parameter/e2e/password"]
    assert record["parameters"] == {"Name": "/e2e/password", "WithDecryption": True} or record["parameters"]["Name"] == "/e2e/password"
    assert record["decision"] == "allow" and "ReadAnything" in record["statement"] and "ReadAnything" in record["explanation"]
    assert HASH.fullmatch(record["policy_hash"]) and HASH.fullmatch(record["body_sha256"]) and HASH.fullmatch(record["response_sha256"])
    assert record["upstream_host"] == f"ssm.{REGION}.amazonaws.com"
    assert record["status"] == 200 and record["error_code"] is None and record["aws_request_id"]
    assert record["bytes_in"] > 20 and record["bytes_out"] > 50
    assert record["masked"] == 1 and sum(record["findings"].values()) == 1
    assert {"verify", "decide", "approve", "record", "upstream"} <= set(record["timings"])
    assert all(microseconds >= 0 for microseconds in record["timings"].values())
    assert record["completed"] is True and record["truncated"] is False
    assert record["request_id"] == call and UUID.fullmatch(record["writer"]) and record["sequence"] > 1
    assert record["finished_at"] >= record["ts"]


def test_what_the_agent_received_is_what_was_hashed(stack, keys, token):
    answer = stack.send("POST", "/_postern/aws/us-east-1/ssm/", {
        "Authorization": f"Bearer {token}", "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": "AmazonSSM.GetParameter"}, b'{"Name":"/e2e/password"}')
    record = row(stack, "calls", f"id = '{as_uuid(answer.headers['x-postern-request-id'])}' AND status IS NOT NULL")
    assert record["response_sha256"] == "\\x" + hashlib.sha256(answer.body).hexdigest()
    assert record["bytes_out"] == len(answer.body)
    assert record["body_sha256"] == "\\x" + hashlib.sha256(b'{"Name":"/e2e/password"}').hexdigest()


def test_the_masked_secret_and_the_trail_have_it(stack, call):
    secret = row(stack, "secrets_masked", f"id = '{call}'")
    assert secret["operation"] == "ssm.GetParameter" and secret["count"] == 1 and secret["type"]
    step = row(stack, "query_trail", f"query_id = 'query-77' AND id = '{call}'")
    assert step["aws_request_id"] and step["masked"] == 1


def test_a_denial_says_why(stack, keys):
    with pytest.raises(botocore.exceptions.ClientError) as error:
        stack.client("iam", keys).create_user(UserName="nobody")
    identifier = as_uuid(error.value.response["ResponseMetadata"]["HTTPHeaders"]["x-postern-request-id"])
    record = row(stack, "denials", f"id = '{identifier}'")
    assert record["event"] == "denied" and record["decision"] == "deny" and "NobodyMakesUsers" in record["statement"]
    assert record["status"] == 403 and record["error_code"] == "AccessDenied" and record["repeated"] == 1
    assert record["actions"] == ["iam:CreateUser"] and record["parameters"]["UserName"] == "nobody"


def test_a_flood_of_failed_authentications_is_summarised_and_none_is_lost(stack):
    where = "event IN ('authentication_failed', 'summarised') AND ts > now() - interval '2 minutes'"
    before = int(stack.sql(f"SELECT coalesce(sum(repeated), 0) FROM postern_audit.denials WHERE {where}")[0][0])
    began = time.monotonic()
    flood = 600
    for _ in range(flood):
        assert stack.send("GET", "/", {"Authorization": "Bearer nonsense"}).status == 403
    took = time.monotonic() - began
    if took > 60:
        pytest.skip("too slow a machine for a flood")
    assert within(25, lambda: int(stack.sql(f"SELECT sum(repeated) FROM postern_audit.denials WHERE {where}")[0][0]) >= before + flood)
    after = int(stack.sql(f"SELECT sum(repeated) FROM postern_audit.denials WHERE {where}")[0][0])
    assert after == before + flood


def test_administrative_acts_are_on_record(stack, keys):
    """Approval decisions, revocations, policy reloads and key rotation, by their events."""
    with pytest.raises(botocore.exceptions.ClientError) as error:
        stack.client("ssm", keys).put_parameter(Name="/e2e/acts", Value="x", Type="String")
    identifier = approval_id(str(error.value))
    assert stack.posternctl("approvals", "deny", identifier).returncode == 0
    assert stack.posternctl("sessions", "revoke", "--session", "AQIDBAUGBwgJCgsMDQ4PEA", "--reason", "trail test").returncode == 0

    def events():
        return {event for (event,) in stack.sql("SELECT DISTINCT event FROM postern_audit.record WHERE kind = 'event'")}

    ring = stack.home / "etc" / "ring.json"
    rotated = stack.posternctl("keys", "rotate", "--ring", str(ring))
    assert rotated.returncode == 0, rotated.stderr
    wanted = {"writer_started", "approval_decided", "session_revoked", "keys_rotated", "policy_loaded"}
    assert within(10, lambda: wanted <= events()), wanted - events()


# posternctl audit


def test_tail_prints_what_happens(stack, keys):
    process = subprocess.Popen(["posternctl", "audit", "tail", "--json", "--since", "0 seconds"], env=stack.sourced("admin.env"),
                               stdout=subprocess.PIPE, text=True)
    watchdog = threading.Timer(15, process.kill)
    watchdog.start()
    try:
        time.sleep(1)
        answer = stack.client("ssm", keys).get_parameter(Name="/e2e/password")
        identifier = as_uuid(answer["ResponseMetadata"]["HTTPHeaders"]["x-postern-request-id"])
        kinds = []
        for line in process.stdout:
            record = json.loads(line)
            kinds += [record["kind"]] * (record["id"] == identifier)
            if len(kinds) == 2:
                break
        assert kinds == ["intent", "outcome"]
    finally:
        watchdog.cancel()
        process.kill()
        process.wait()


def test_tail_once_prints_each_record_once(stack):
    shown = stack.posternctl("audit", "tail", "--once", "--json", "--since", "1 hour")
    assert shown.returncode == 0, shown.stderr
    places = [(record["writer"], record["sequence"]) for record in map(json.loads, shown.stdout.splitlines())]
    assert len(places) == len(set(places)) > 100
    lines = stack.posternctl("audit", "tail", "--once", "--since", "1 hour").stdout
    assert "\x1b" not in lines, "colour is for terminals"


@pytest.mark.parametrize("which", ["id", "request_id", "aws_request_id"])
def test_show_finds_a_call_by_any_id(stack, call, which):
    value = row(stack, "calls", f"id = '{call}'")[which]
    shown = stack.posternctl("audit", "show", value)
    assert shown.returncode == 0 and "ssm.GetParameter" in shown.stdout and "ReadAnything" in shown.stdout
    records = [json.loads(line) for line in stack.posternctl("audit", "show", value, "--json").stdout.splitlines()]
    assert [record["kind"] for record in records] == ["intent", "outcome"]


@pytest.mark.parametrize("value", ["nothing", "01a20e04-1407-7448-8d39-241af5e169a3", "'; DROP TABLE x; --"])
def test_show_says_what_it_does_not_find(stack, value):
    shown = stack.posternctl("audit", "show", value)
    assert shown.returncode == 1 and "there is no record of" in shown.stderr


@pytest.mark.parametrize("words, finds", [
    (["--principal", "agent-7", "--operation", "ssm.GetParameter"], True), (["--query", "query-77"], True),
    (["--resource", f"arn:aws:ssm:{REGION}:111122223333:parameter/e2e/password"], True), (["--decision", "allow"], True),
    (["--principal", "nobody"], False), (["--operation", "ssm.PutParameter", "--decision", "allow"], False),
    (["--query", "query-77", "--until", "yesterday"], False), (["--query", "query-77' OR true --"], False),
])
def test_search_narrows_down(stack, call, words, finds):
    found = stack.posternctl("audit", "search", "--json", "--limit", "100000", *words)
    assert found.returncode == 0, found.stderr
    assert (call in {json.loads(line)["id"] for line in found.stdout.splitlines()}) == finds


def test_search_refuses_a_time_that_is_none(stack):
    found = stack.posternctl("audit", "search", "--since", "whenever")
    assert found.returncode == 1 and "whenever" in found.stderr


def test_export_writes_every_record_and_ocsf_every_call(stack, call):
    lines = [json.loads(line) for line in stack.posternctl("audit", "export").stdout.splitlines()]
    assert {"intent", "outcome", "event"} == {line["kind"] for line in lines}
    ocsf = stack.posternctl("audit", "export", "--ocsf")
    assert ocsf.returncode == 0, ocsf.stderr
    events = {event["metadata"]["uid"]: event for event in map(json.loads, ocsf.stdout.splitlines())}
    event = events[call]
    assert (event["class_uid"], event["category_uid"], event["activity_id"], event["type_uid"]) == (6003, 6, 2, 600302)
    assert event["api"]["operation"] == "GetParameter" and event["api"]["service"]["name"] == "ssm"
    assert event["actor"]["user"]["uid"] == "agent-7" and event["status_id"] == 1 and event["cloud"]["region"] == REGION
    assert event["metadata"]["correlation_uid"] == "query-77" and event["src_endpoint"]["ip"] == "127.0.0.1"
    denied = [event for event in events.values() if event["status_id"] == 2]
    assert denied and all(event["time"] > 1_700_000_000_000 for event in events.values())


def on_a_terminal(stack, *words):
    """What a command writes to a terminal."""
    master, slave = pty.openpty()
    process = subprocess.Popen(["posternctl", *words], env=stack.sourced("admin.env") | {"TERM": "xterm"}, stdin=slave, stdout=slave,
                               stderr=slave, close_fds=True)
    os.close(slave)
    output = b""
    while True:
        try:
            part = os.read(master, 65536)
        except OSError:
            break
        if not part:
            break
        output += part
    os.close(master)
    assert process.wait(timeout=60) == 0, output
    return output.decode()


def test_verify_and_export_show_how_far_they_are_on_a_terminal(stack, tmp_path):
    assert "no defect" in on_a_terminal(stack, "audit", "verify")
    shown = on_a_terminal(stack, "audit", "tail", "--once", "--since", "1 hour")
    assert "\x1b[" in shown
    assert "records" in on_a_terminal(stack, "audit", "export", "--file", str(tmp_path / "out.jsonl"))
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) > 100


def test_partitions_are_made_ahead(stack):
    days = stack.sql("SELECT count(*) FROM generate_series(current_date, current_date + 7, interval '1 day') AS day"
                     " WHERE to_regclass('postern_audit.record_' || to_char(day, 'YYYYMMDD')) IS NOT NULL")
    assert days == [["8"]]


def test_retention_exports_proves_and_leaves_a_tombstone(stack, tmp_path):
    stack.sql("CREATE TABLE postern_audit.record_20240102 PARTITION OF postern_audit.record"
              " FOR VALUES FROM ('2024-01-02 00:00+00') TO ('2024-01-03 00:00+00')")
    stack.sql("INSERT INTO postern_audit.record (format, writer, sequence, ts, kind, id, event, hash, message)"
              " SELECT 1, '11111111-1111-7111-8111-111111111111', n, '2024-01-02 12:00+00'::timestamptz + n * interval '1 s', 'event',"
              " gen_random_uuid(), 'administrative', sha256(''), 'x' FROM generate_series(1, 3) AS n")
    refused = stack.posternctl("audit", "retain", "--keep", "1d", "--export", str(tmp_path))
    assert refused.returncode != 0, "less than two days is no retention"
    planned = stack.posternctl("audit", "retain", "--keep", "400d", "--export", str(tmp_path), "--dry-run")
    assert "would export and drop record_20240102" in planned.stdout and not list(tmp_path.iterdir())
    damaged = stack.posternctl("audit", "retain", "--keep", "400d", "--export", str(tmp_path))
    assert damaged.returncode == 1 and "is not what was recorded" in damaged.stdout + damaged.stderr, "what is kept is proven first"
    stack.sql("ALTER TABLE postern_audit.record_20240102 DISABLE TRIGGER ALL", user="postgres")
    stack.sql("DO $$ DECLARE r postern_audit.record; h bytea := postern_audit.genesis('11111111-1111-7111-8111-111111111111'); BEGIN"
              " FOR r IN SELECT * FROM postern_audit.record_20240102 ORDER BY sequence LOOP"
              " h := sha256(h || postern_audit.canonical(r)); UPDATE postern_audit.record_20240102 SET hash = h WHERE sequence = r.sequence;"
              " END LOOP; END $$", user="postgres")
    done = stack.posternctl("audit", "retain", "--keep", "400d", "--export", str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    exported = [json.loads(line) for line in gzip.decompress((tmp_path / "record_20240102.jsonl.gz").read_bytes()).splitlines()]
    assert [line["sequence"] for line in exported] == [1, 2, 3]
    tombstone = json.loads(stack.sql("SELECT detail FROM postern_audit.record WHERE event = 'retention' AND detail->>'partition' = 'record_20240102'")[0][0])
    assert tombstone["rows"] == 3 and len(tombstone["sha256"]) == 64
    assert tombstone["heads"] == [{"writer": "11111111-1111-7111-8111-111111111111", "sequence": 3, "hash": exported[-1]["hash"][2:]}]
    assert stack.sql("SELECT to_regclass('postern_audit.record_20240102') IS NULL") == [["t"]]
    assert stack.posternctl("audit", "verify").returncode == 0


def test_every_object_is_described(stack):
    bare = stack.sql("SELECT c.oid::regclass || coalesce('.' || a.attname, '') FROM pg_class AS c"
                     " JOIN pg_namespace AS n ON n.oid = c.relnamespace AND n.nspname IN ('postern', 'postern_audit')"
                     " LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
                     " WHERE c.relkind IN ('r', 'p', 'v') AND (obj_description(c.oid, 'pg_class') IS NULL"
                     " OR col_description(c.oid, a.attnum) IS NULL)")
    assert bare == []
