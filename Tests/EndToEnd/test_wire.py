"""Pitfalls of the wire that show only on the whole way: docs/wire.md names the test of each."""

import base64
import datetime
import email.utils
import hashlib
import http.client
import json
import os
import ssl
import time

import botocore.auth
import botocore.awsrequest
import botocore.exceptions
import pytest

JSON = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "AmazonSSM.GetParameter"}
BODY = b'{"Name": "x"}'


@pytest.fixture(scope="module")
def keys(open_stack, issuer):
    return open_stack.assume(issuer.token())


@pytest.fixture
def send(open_stack, keys):
    def send(service, method, path, headers=None, body=b""):
        signer = botocore.auth.S3SigV4Auth if service == "s3" else botocore.auth.SigV4Auth
        request = botocore.awsrequest.AWSRequest(method=method, url=open_stack.url + path, headers=headers or {}, data=body)
        signer(keys, service, "us-east-1").add_auth(request)
        pairs = {"Host": f"localhost:{open_stack.port}", **dict(request.headers.items())}
        return open_stack.send(method, path, pairs, body)

    return send


@pytest.mark.parametrize("key", [
    "a%20b", "a%2Bb", "100%25", "a~b", "a%2Ab", "a%3Ab", "a%3Db", "a%40b", "%C3%A9", "%E2%82%AC", "a//b", "/a", "./a", "a/./b",
    "a/../b", "dir/", "dir//", "a%2Fb", "a%2fb", "a%252Fb", "!'()", "a;b", "a,b", "a$b", "%01", "x" * 1000,
])
def test_a_key_reaches_aws_byte_for_byte(send, echo, key):
    answer = send("s3", "GET", f"/my-bucket/{key}")
    assert answer.status == 200, answer
    assert echo.records()[-1]["target"] == f"/my-bucket/{key}"


@pytest.mark.parametrize("query", [
    "prefix=a%2Fb&delimiter=%2F", "list-type=2&prefix=a%20b", "delimiter=%2f&prefix=", "uploads", "uploads=",
    "prefix=%C3%A9&max-keys=1", "versions&key-marker=a%2Bb",
])
def test_a_query_reaches_aws_byte_for_byte(send, echo, query):
    answer = send("s3", "GET", f"/my-bucket?{query}")
    assert answer.status == 200, answer
    assert echo.records()[-1]["target"] == f"/my-bucket?{query}"


def test_a_mutating_call_is_taken_once_by_a_worker(open_stack, keys, echo):
    workers = len(open_stack.worker_pids())  # each remembers what it took
    request = botocore.awsrequest.AWSRequest(method="PUT", url=f"{open_stack.url}/my-bucket/once", data=b"x")
    botocore.auth.S3SigV4Auth(keys, "s3", "us-east-1").add_auth(request)
    before = len(echo.records())
    answers = [open_stack.send("PUT", "/my-bucket/once", dict(request.headers.items()), b"x")
               for _ in range(workers + 4)]
    taken = sum(answer.status == 200 for answer in answers)
    assert 1 <= taken <= workers
    assert all(answer.status == 403 and b"received before" in answer.body for answer in answers if answer.status != 200)
    assert len(echo.records()) == before + taken


def test_a_wrong_clock_is_told_with_the_right_time(open_stack, keys, monkeypatch):
    old = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=1)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *_, **__: old)
    answer = open_stack.send("POST", "/", open_stack.sign(keys, "ssm", "POST", "/", JSON, BODY), BODY)
    assert answer.status == 403 and answer.code == "RequestTimeTooSkewed", answer
    told = email.utils.parsedate_to_datetime(answer.headers["date"])
    assert abs((told - datetime.datetime.now(datetime.timezone.utc)).total_seconds()) < 60


def test_a_body_over_the_limit_is_refused_before_it_is_read(open_stack, keys, echo):
    size = 33 << 20
    headers = open_stack.sign(keys, "ssm", "POST", "/", JSON, BODY) | {"Content-Length": str(size), "Connection": "close"}
    before = len(echo.records())
    answer = open_stack.send("POST", "/", headers, BODY + bytes(1 << 20))
    assert answer.status == 413 and answer.code == "RequestEntityTooLarge", answer
    assert len(echo.records()) == before


def test_a_signed_expect_is_taken_and_goes_no_further(open_stack, keys, echo):
    body = b"expected"
    request = botocore.awsrequest.AWSRequest(method="PUT", url=f"{open_stack.url}/my-bucket/expect", data=body)
    request.headers["X-Amz-Content-SHA256"] = hashlib.sha256(body).hexdigest()
    request.headers["X-Amz-Meta-Before"] = "1"
    signer = botocore.auth.S3SigV4Auth(keys, "s3", "us-east-1")
    kept = botocore.auth.SIGNED_HEADERS_BLACKLIST
    try:
        botocore.auth.SIGNED_HEADERS_BLACKLIST = [name for name in kept if name != "expect"]
        request.headers["Expect"] = "100-continue"
        signer.add_auth(request)
    finally:
        botocore.auth.SIGNED_HEADERS_BLACKLIST = kept
    assert "expect" in request.headers["Authorization"]
    answer = open_stack.send("PUT", "/my-bucket/expect", dict(request.headers.items()), body)
    assert answer.status == 200, answer
    record = echo.records()[-1]
    assert record["body"] == body


@pytest.mark.parametrize("name", ["Accept-Encoding", "User-Agent", "Content-Length", "Range"])
def test_headers_that_only_some_sdks_sign_are_verified_as_they_came(open_stack, keys, name):
    values = {"Accept-Encoding": "gzip;q=0.5,  identity", "User-Agent": "x/1", "Content-Length": "0", "Range": "bytes=0-9"}
    request = botocore.awsrequest.AWSRequest(method="GET", url=f"{open_stack.url}/my-bucket?location")
    request.headers[name] = values[name]
    kept = botocore.auth.SIGNED_HEADERS_BLACKLIST
    try:
        botocore.auth.SIGNED_HEADERS_BLACKLIST = []
        botocore.auth.S3SigV4Auth(keys, "s3", "us-east-1").add_auth(request)
    finally:
        botocore.auth.SIGNED_HEADERS_BLACKLIST = kept
    assert name.lower() in request.headers["Authorization"]
    headers = dict(request.headers.items())
    assert open_stack.send("GET", "/my-bucket?location", headers).status == 200
    changed = headers | {name: {"Content-Length": "0", "Range": "bytes=0-8"}.get(name, "other")}
    if changed != headers:
        assert open_stack.send("GET", "/my-bucket?location", changed).code == "SignatureDoesNotMatch"


def test_a_stream_of_events_from_the_client_is_refused_by_name(open_stack, keys, echo):
    path = "/model/anthropic.claude/invoke-with-bidirectional-stream"
    request = botocore.awsrequest.AWSRequest(method="POST", url=open_stack.url + path, data=b"")
    botocore.auth.SigV4Auth(keys, "bedrock", "us-east-1").add_auth(request)
    before = len(echo.records())
    answer = open_stack.send("POST", path, dict(request.headers.items()))
    assert answer.status == 400 and "InvokeModelWithBidirectionalStream" in answer.body.decode(), answer
    headers = dict(request.headers.items()) | {"X-Amz-Content-SHA256": "STREAMING-AWS4-HMAC-SHA256-EVENTS"}
    answer = open_stack.send("POST", path, headers)
    assert answer.status == 400 and "vent stream" in answer.body.decode(), answer
    assert len(echo.records()) == before


def test_a_customer_s_key_is_nowhere_written_down(open_stack, keys, echo):
    key = b"k3y-of-the-customer-32-bytes-lon"
    client = open_stack.client("s3", keys)
    client.put_object(Bucket="my-bucket", Key="sealed", Body=b"x", SSECustomerAlgorithm="AES256", SSECustomerKey=key)
    assert dict(echo.records()[-1]["headers"])["x-amz-server-side-encryption-customer-key"]
    written = open_stack.audited() + "".join(
        path.read_text(errors="replace") for path in (open_stack.home / "log").iterdir())
    assert key.decode() not in written and base64.b64encode(key).decode() not in written


def asked(stack, keys, method, path, behaviour=None, status="200 OK", body="", times=1, kind="xml", headers=()):
    """A request on its way, whose answer the echo gives as the test says; to be read by whoever asked."""
    script = {"status": status, "headers": headers, "body": body, "kind": kind, "behaviour": behaviour,
              "times": times}
    text = base64.urlsafe_b64encode(json.dumps(script).encode()).decode()
    request = botocore.awsrequest.AWSRequest(method=method, url=stack.url + path, data=b"")
    botocore.auth.S3SigV4Auth(keys, "s3", "us-east-1").add_auth(request)
    context = ssl.create_default_context(cafile=stack.ca)
    connection = http.client.HTTPSConnection("localhost", stack.port, timeout=30, context=context)
    connection.request(method, path, b"", dict(request.headers.items()) | {"User-Agent": f"x/y/scripted/{text}"})
    return connection.getresponse()


@pytest.mark.parametrize("behaviour", ["cut", "cut chunk"])
@pytest.mark.parametrize("size", [10, 3_000_000])
def test_an_answer_that_aws_did_not_finish_never_looks_complete(open_stack, keys, behaviour, size):
    answer = asked(open_stack, keys, "GET", "/my-bucket/cut", behaviour, body="x", times=size, kind="blob")
    try:
        body = answer.read()
    except (http.client.IncompleteRead, ConnectionError, ssl.SSLError):
        return
    assert answer.status == 502 and b"x" * 10 not in body, (answer.status, body[:200])


def test_an_event_arrives_before_the_next_one_is_sent(open_stack, keys):
    started = time.monotonic()
    answer = asked(open_stack, keys, "POST", "/my-bucket/key?select&select-type=2", "events", kind="events")
    assert answer.status == 200
    first = answer.read(16)
    assert len(first) == 16 and time.monotonic() - started < 2.5
    rest = answer.read()
    assert time.monotonic() - started > 5 and rest


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_an_answer_without_a_body_stays_one(open_stack, keys, status):
    answer = asked(open_stack, keys, "GET", "/my-bucket/key", status=status, headers=[("ETag", '"e"')], kind="blob")
    assert (answer.status, answer.read(), answer.getheader("etag")) == (int(status[:3]), b"", '"e"')
    assert answer.getheader("transfer-encoding") is None


@pytest.mark.usefixtures("seeded")
def test_a_range_is_exactly_what_was_asked_for(stack, issuer, direct):
    body = os.urandom(200_000)
    direct("s3").put_object(Bucket="e2e-bucket", Key="ranged", Body=body)
    client = stack.client("s3", stack.assume(issuer.token()))
    for text, part in [("0-99", body[:100]), ("100-199", body[100:200]), ("-50", body[-50:]), ("199990-", body[199990:]),
                       ("50000-149999", body[50000:150000])]:
        answer = client.get_object(Bucket="e2e-bucket", Key="ranged", Range=f"bytes={text}")
        assert answer["Body"].read() == part and answer["ContentLength"] == len(part), text
    for refused in ({"Range": "bytes=0-9,20-29"}, {"Range": "lines=1-2"}, {"PartNumber": 1}):
        with pytest.raises(botocore.exceptions.ClientError):
            client.get_object(Bucket="e2e-bucket", Key="ranged", **refused)
