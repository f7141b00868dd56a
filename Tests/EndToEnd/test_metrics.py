"""What operators see: metrics of each process, one log line a call, and no secret in either."""

import http.client
import json
import re
import ssl

import botocore.auth
import botocore.exceptions
import pytest
from conftest import PARAMETER, SECRET

pytestmark = pytest.mark.usefixtures("seeded")

SAMPLE = re.compile(r'([a-z_]+)(\{[a-z0-9_]+="(?:[^"\\\n]|\\.)*"(?:,[a-z0-9_]+="(?:[^"\\\n]|\\.)*")*\})? (-?[0-9.]+)')
COMMENT = re.compile(r"# (HELP [a-z_]+ .+|TYPE [a-z_]+ (counter|gauge|histogram))")


def scrape(stack):
    """The sum of each sample over both workers."""
    samples = {}
    for number in (1, 2):
        answer = stack.send("GET", f"/_postern/metrics/worker-{number}")
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


@pytest.mark.parametrize("path", ["", "/", "/worker-3", "/worker-1/", "/worker-x", "/..%2fauth", "/worker-1?x", "/auth"])
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
