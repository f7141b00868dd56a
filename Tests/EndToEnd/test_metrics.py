"""What operators see: metrics of each process, one log line a call, and no secret in either."""

import http.client
import json
import re
import shutil
import ssl
import subprocess

import botocore.auth
import botocore.exceptions
import pytest
import yaml
from conftest import PARAMETER, SECRET
from stack import REPOSITORY

pytestmark = pytest.mark.usefixtures("seeded")

SAMPLE = re.compile(r'([a-z_]+)(\{[a-z0-9_]+="(?:[^"\\\n]|\\.)*"(?:,[a-z0-9_]+="(?:[^"\\\n]|\\.)*")*\})? (-?[0-9.]+)')
COMMENT = re.compile(r"# (HELP [a-z_]+ .+|TYPE [a-z_]+ (counter|gauge|histogram))")


def scrape(stack):
    """The sum of each sample over both workers."""
    return pages(stack, "worker-1", "worker-2")


def pages(stack, *programs):
    """The sum of each sample over the pages of these processes."""
    samples = {}
    for program in programs:
        answer = stack.send("GET", f"/_postern/metrics/{program}")
        assert answer.status == 200, answer
        assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
        for line in answer.body.decode().splitlines():
            match = SAMPLE.fullmatch(line)
            assert match or COMMENT.fullmatch(line), line
            if match:
                key = match[1] + (match[2] or "")
                samples[key] = samples.get(key, 0) + float(match[3])
    return samples


def difference(stack, act):
    before = scrape(stack)
    act()
    after = scrape(stack)
    return {key: value - before.get(key, 0) for key, value in after.items() if value != before.get(key, 0)}


def test_a_call_counts_by_service_decision_and_status(stack, keys):
    client = stack.client("ssm", keys)
    changed = difference(stack, lambda: client.get_parameter(Name="/e2e/password", WithDecryption=True))
    assert changed['postern_calls_total{service="ssm",decision="allow",status="200"}'] == 1
    assert changed['postern_stage_seconds_count{stage="record"}'] == 1
    assert changed['postern_stage_seconds_bucket{stage="upstream",le="+Inf"}'] == 1
    assert sum(value for key, value in changed.items() if key.startswith("postern_masked_total")) >= 1


def test_refusals_count_by_why(stack, keys):
    def deny():
        with pytest.raises(botocore.exceptions.ClientError):
            stack.client("iam", keys).create_user(UserName="mallory")

    assert difference(stack, deny)['postern_calls_total{service="iam",decision="deny",status="403"}'] == 1
    unsigned = difference(stack, lambda: stack.send("GET", "/"))
    assert unsigned['postern_calls_total{service="none",decision="unauthenticated",status="403"}'] == 1


def test_nobody_makes_up_label_values(stack, keys):
    def probe():
        for service in ("made-up-1", "made-up-2"):
            headers = stack.sign(keys, service, "POST", "/", {"X-Amz-Target": "Made.Up"}, b"{}")
            assert stack.send("POST", "/", headers, b"{}").status >= 400

    assert not any("made-up" in key for key in difference(stack, probe))


def test_a_worker_says_that_it_is_ready(stack):
    samples = scrape(stack)
    assert samples["postern_ready"] == 2
    assert samples["postern_held_calls"] == 0
    assert 0 < samples["process_resident_memory_bytes"] < 512 * 1024 * 1024
    assert any(key.startswith("postern_policy_info{sha256=") for key in samples)


@pytest.mark.parametrize("path", ["", "/", "/worker-3", "/worker-1/", "/worker-x", "/..%2fauth", "/worker-1?x", "/auth-1", "/console/",
                                  "/auth%2f", "/Auth", "/authx"])
def test_there_are_no_other_metrics(stack, path):
    assert stack.send("GET", "/_postern/metrics" + path).status in (404, 503)


def test_metrics_are_for_the_addresses_that_the_site_names(stack):
    context = ssl.create_default_context(cafile=stack.ca)
    context.check_hostname = False
    connection = http.client.HTTPSConnection("127.0.0.1", stack.port, timeout=10, context=context,
                                             source_address=("127.0.0.2", 0))
    connection.request("GET", "/_postern/metrics/worker-1", headers={"Host": f"localhost:{stack.port}"})
    response = connection.getresponse()
    assert response.status == 404
    assert b"postern_calls" not in response.read()
    connection.close()


def test_sessions_and_refusals_count_by_check(stack, issuer):
    before = pages(stack, "auth")
    stack.assume(issuer.token())
    for token in (issuer.token(aud="somebody-else"), issuer.token(exp=1), "no-token"):
        with pytest.raises(botocore.exceptions.ClientError):
            stack.assume(token)
    stack.send("GET", "/", {"Authorization": "Bearer x.y.z"})
    after = pages(stack, "auth")
    changed = {key: value - before.get(key, 0) for key, value in after.items()}
    assert changed['postern_auth_requests_total{route="sts",result="began"}'] == 1
    assert changed['postern_auth_requests_total{route="sts",result="refused"}'] == 3
    assert sum(value for key, value in changed.items() if key.startswith('postern_auth_refused_total{route="sts"')) == 3
    assert sum(value for key, value in changed.items() if key.startswith('postern_auth_refused_total{route="auth"')) == 1
    assert changed["postern_sessions_unexpired"] == 1
    assert after[f'postern_issuer_keys{{issuer="{issuer.url}"}}'] == 2
    assert after[f'postern_issuer_fetches_total{{issuer="{issuer.url}",result="fetched"}}'] >= 1
    assert 0 <= after["postern_revocations_age_seconds"] < 10


def test_no_client_makes_a_call_count_as_metrics(stack, keys):
    """The route is nginx's word alone."""
    answer = stack.send("GET", "/", {"Postern-Route": "metrics", "POSTERN_ROUTE": "metrics"})
    assert answer.status == 403 and b"postern_" not in answer.body


def test_the_console_tells_what_waits_and_for_how_long(stack):
    def insert(name):
        stack.sql(f"""INSERT INTO postern.approval (fingerprint, created_at, expires_at, grant_lasts, quorum, approvers,
            issuer, subject, groups, operation, actions, risks, resources, summary)
            VALUES (sha256('{name}'), now() - interval '5 minutes', now() + interval '1 hour', interval '1 minute', 1,
            '[]', 'x', 'x', '{{}}', 'ssm.X', '{{}}', '{{}}', '{{}}', 'x')""")

    before = pages(stack, "console")
    insert("metrics")
    try:
        after = pages(stack, "console")
    finally:
        stack.sql("UPDATE postern.approval SET state = 'cancelled' WHERE fingerprint = sha256('metrics')")
    assert after["postern_approvals_pending"] == before["postern_approvals_pending"] + 1
    assert after["postern_approvals_oldest_pending_seconds"] >= 300
    assert after["postern_console_ready"] == 1
    assert pages(stack, "console")["postern_approvals_pending"] == before["postern_approvals_pending"]


def test_a_batch_counts_with_its_time_and_threads_by_what_they_do(stack, keys):
    changed = difference(stack, lambda: stack.client("ssm", keys).get_parameter(Name="/e2e/password"))
    assert changed["postern_audit_records_total"] >= 1
    assert changed['postern_audit_commit_seconds_count{result="stored"}'] >= 1
    samples = scrape(stack)
    assert samples['postern_threads{state="busy"}'] >= 2, "the scrapes themselves"
    states = ("busy", "kept", "idle")
    total = sum(samples[f'postern_threads{{state="{state}"}}'] for state in states)
    assert abs(total - samples["postern_threads_limit"]) <= 2
    assert samples["postern_audit_lag_seconds"] < 5


def names(samples):
    return {key.split("{")[0] for key in samples}


def test_documentation_rules_and_dashboard_name_what_there_is(stack, keys):
    """Every metric of a page is documented, and whatever a rule or panel asks for exists, by its labels too."""
    with pytest.raises(botocore.exceptions.ClientError):
        stack.assume("no-token")
    stack.client("ssm", keys).get_parameter(Name="/e2e/password", WithDecryption=True)
    stack.sql("SELECT 1")
    shown = names(pages(stack, "worker-1", "worker-2", "auth", "console"))
    families = {re.sub("_(bucket|sum|count)$", "", name) for name in shown}
    # Families without a sample yet: nothing has failed, nobody has voted or logged in, there are no sinks.
    declared = {line.split()[2] for program in ("worker-1", "auth", "console")
                for line in stack.send("GET", f"/_postern/metrics/{program}").body.decode().splitlines()
                if line.startswith("# TYPE")}
    sinks = {"postern_audit_sink_lines_total", "postern_audit_sink_dropped_total"}
    text = (REPOSITORY / "docs" / "metrics.md").read_text()
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    documented = {name for row in rows for name in re.findall(r"`([a-z_]+)", row)}
    assert families <= declared
    assert documented == declared | sinks
    rules = yaml.safe_load((REPOSITORY / "docs/metrics/alerts.yml").read_text())
    dashboard = json.loads((REPOSITORY / "docs/metrics/dashboard.json").read_text())
    asked = [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    asked += [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    used = {re.sub("_(bucket|sum|count)$", "", name) for expression in asked
            for name in re.findall(r"\b((?:postern|process)_[a-z_]+)", expression)}
    assert used and used <= declared, used - declared
    labels = dict(re.findall(r"`([a-z_]+)\{([a-z0-9,]+)\}", text))
    for expression in asked:
        for name, matcher in re.findall(r"\b(postern_[a-z_]+)\{([a-z]+)", expression):
            assert matcher in labels[re.sub("_(bucket|sum|count)$", "", name)].split(","), expression
    runbook = (REPOSITORY / "docs" / "runbook.md").read_text()
    for group in rules["groups"]:
        for rule in group["rules"]:
            assert f"\n## {rule['annotations']['runbook']}\n" in runbook, rule["alert"]


@pytest.mark.skipif(not shutil.which("promtool"), reason="no promtool here")
def test_prometheus_takes_the_rules(tmp_path):
    checked = subprocess.run(["promtool", "check", "rules", REPOSITORY / "docs/metrics/alerts.yml"], text=True,
                             capture_output=True, timeout=60)
    assert checked.returncode == 0 and "SUCCESS: 16 rules found" in checked.stdout, checked.stdout + checked.stderr
    broken = tmp_path / "alerts.yml"
    broken.write_text((REPOSITORY / "docs/metrics/alerts.yml").read_text().replace("absent(", "absent(("))
    assert subprocess.run(["promtool", "check", "rules", broken], capture_output=True, timeout=60).returncode != 0


def logged(stack, request_id):
    lines = [line for path in (stack.home / "log").glob("worker-*.log") for line in path.read_text().splitlines()
             if request_id in line]
    return [json.loads(line) for line in lines]


def test_a_call_is_one_log_line_with_the_id_of_its_audit_row(stack, keys):
    answer = stack.client("ssm", keys).get_parameter(Name="/e2e/password", WithDecryption=True)
    identifier = answer["ResponseMetadata"]["HTTPHeaders"]["x-postern-request-id"]
    (line,) = logged(stack, identifier)
    assert line["operation"] == "ssm.GetParameter" and line["decision"] == "allow" and line["status"] == "200"
    assert line["message"] == "call" and int(line["microseconds"]) > 0 and int(line["masked"]) >= 1
    assert stack.audited_times(identifier) == 1


def test_no_secret_is_in_any_log(stack, keys, token):
    """Secrets of every kind pass through, also where calls fail; then every log is searched."""
    stack.client("ssm", keys).get_parameter(Name="/e2e/password", WithDecryption=True)
    stack.client("secretsmanager", keys).get_secret_value(SecretId="e2e/database")
    seeded = "AKIAQ7RS2PX4LMZD3KWA", "tok/4Zt9QmB1vX7cN0pL6sD8fG2hJ5kR3wE1yU0i"
    body = json.dumps({"Name": "/e2e/new", "Value": " ".join(seeded), "Type": "String"}).encode()
    json_headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "AmazonSSM.PutParameter"}
    stack.send("POST", "/", stack.sign(keys, "ssm", "POST", "/", json_headers, body), body)
    stack.send("POST", "/", stack.sign(keys, "ssm", "POST", "/", json_headers, body), body + b" ")
    presigned = stack.client("s3", keys, signature_version="s3v4").generate_presigned_url(
        "get_object", {"Bucket": "e2e-bucket", "Key": seeded[0]}, ExpiresIn=60)
    stack.send("GET", presigned[presigned.index("/", 8):])
    bearer = {"Authorization": f"Bearer {token}", **json_headers}
    stack.send("POST", "/_postern/aws/us-east-1/ssm/", bearer, body)
    stack.send("POST", "/_postern/aws/us-east-1/ssm/", {"Authorization": f"Bearer {token}x", **json_headers}, body)
    stack.assume(token)
    ring = json.loads((stack.home / "etc" / "ring.json").read_text())
    secrets = {"parameter": PARAMETER, "secret": SECRET, "input": seeded[1], "token": token, "jwt": token.split(".")[2],
               "key": keys.secret_key, "session": keys.token, "aws": "demo-secret-that-opens-nothing",
               "ring": ring["keys"][0]["key"], "console": (stack.home / "etc" / "console-secret").read_text() or "\0"}
    for path in (stack.home / "log").iterdir():
        text = path.read_text(errors="replace")
        found = [name for name, secret in secrets.items() if secret in text and (name != "console" or len(secret) > 8)]
        assert found == [], f"{path.name} has {found}"


TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def traced(stack, keys, traceparent):
    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "AmazonSSM.GetParameter",
               "traceparent": traceparent}
    body = b'{"Name": "/e2e/password"}'
    answer = stack.send("POST", "/", stack.sign(keys, "ssm", "POST", "/", headers, body), body)
    assert answer.status == 200, answer
    return answer.headers["x-postern-request-id"]


def test_a_trace_is_in_log_and_audit_and_goes_on_to_aws(stack, keys, upstream):
    value = f"00-{TRACE}-00f067aa0ba902b7-01"
    identifier = traced(stack, keys, value)
    (line,) = logged(stack, identifier)
    assert line["trace_id"] == TRACE
    audited = stack.sql(f"SELECT traceparent FROM postern_audit.calls WHERE replace(request_id::text, '-', '') = '{identifier}'")
    assert audited == [[value]]
    assert upstream.saw(value)


@pytest.mark.parametrize("value", [
    f"01-{TRACE}-00f067aa0ba902b7-01", f"00-{TRACE.upper()}-00f067aa0ba902b7-01", f"00-{'0' * 32}-00f067aa0ba902b7-01",
    f"00-{TRACE[1:]}-00f067aa0ba902b7-01", f"00-{TRACE}-00f067aa0ba902b7", f"00-{TRACE}-00f067aa0ba902b7-01-x", "a-b-c-d",
    "AKIAQ7RS2PX4LMZD3KWA", f"00-{TRACE}x-00f067aa0ba902b7-01"])
def test_what_is_no_trace_is_in_no_log(stack, keys, value):
    (line,) = logged(stack, traced(stack, keys, value))
    assert "trace_id" not in line and value not in json.dumps(line)
