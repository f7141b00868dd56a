"""nginx's part: raw paths, limits, and its own errors in the shape that SDKs read."""

import socket
import ssl

import botocore.exceptions
import pytest


def raw(stack, data, timeout=10):
    """Bytes in, all bytes out, over TLS."""
    context = ssl.create_default_context(cafile=stack.ca)
    with socket.create_connection(("localhost", stack.port), timeout=timeout) as plain:
        with context.wrap_socket(plain, server_hostname="localhost") as sock:
            sock.sendall(data)
            answer = b""
            try:
                while part := sock.recv(65536):
                    answer += part
            except (TimeoutError, ConnectionResetError):
                pass
            return answer


def status(answer):
    return int(answer.split(maxsplit=2)[1])


def get(stack, target, *headers, method="GET"):
    lines = [f"{method} {target} HTTP/1.1", f"Host: localhost:{stack.port}", "Connection: close", *headers, "", ""]
    return raw(stack, "\r\n".join(lines).encode("latin1"))


def test_health_is_open(stack):
    assert stack.send("GET", "/_postern/health/live").status == 200
    assert stack.send("GET", "/_postern/health/ready").status == 200


@pytest.mark.parametrize("target", [
    "/_postern", "/_postern/", "/_postern/x", "/_postern/auth", "/_postern/route/call", "/_postern/route/sts",
    "/_postern/error.json", "/_postern/health/", "/_postern/health/readyx", "/_postern?x", "/a/../_postern/auth",
])
def test_what_is_not_listed_below_the_prefix_is_not_there(stack, target):
    answer = get(stack, target)
    assert status(answer) == 404
    assert b"UnknownOperationException" in answer


@pytest.mark.parametrize("target", [
    "/%5fpostern/health/ready", "/%5Fpostern/console/", "//_postern/health/ready", "/x/../_postern/health/ready",
    "/./_postern/console/", "/_POSTERN/health/ready", "/_postern%2fhealth/ready",
])
def test_another_spelling_of_the_prefix_opens_nothing(stack, upstream, target):
    assert status(get(stack, target)) == 403, "an unsigned call to AWS, refused as such"
    assert upstream.requests == []


@pytest.mark.parametrize("data", [
    b"GET /../../x HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /a%00b HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nAuthorization: x\r\nAuthorization: y\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nx: 1\r\n  2\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nx : 1\r\n\r\n",
    b"\x16\x03garbage\r\n\r\n",
], ids=["dots out", "NUL", "bad escape", "no host", "two hosts", "two authorizations", "length and chunked", "folded",
        "blank before colon", "garbage"])
def test_what_is_no_http_is_refused_in_aws_s_shape(stack, data):
    answer = raw(stack, data, timeout=2)
    assert status(answer) == 400
    assert b"x-amzn-errortype: MalformedHttpRequestException" in answer


def test_headers_that_are_too_large_are_refused(stack):
    answer = get(stack, "/", "x: " + "x" * 17000)
    assert status(answer) == 431
    assert b"RequestHeaderSectionTooLarge" in answer


def test_a_target_that_is_too_long_is_refused(stack):
    answer = get(stack, "/" + "x" * 17000)
    assert status(answer) == 414
    assert b"RequestUriTooLong" in answer


def too_large(stack, *headers):
    return get(stack, "/b/k", "Content-Length: 6000000000", *headers, method="PUT")


def test_a_body_that_is_too_large_is_refused_as_json(stack):
    answer = too_large(stack, "Content-Type: application/x-amz-json-1.1")
    assert status(answer) == 413
    assert b'"__type":"EntityTooLarge"' in answer


def test_a_body_that_is_too_large_is_refused_as_s3_xml(stack):
    answer = too_large(stack, "Authorization: AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/s3/aws4_request, x")
    assert status(answer) == 413
    assert b"<Error><Code>EntityTooLarge</Code>" in answer


def test_a_body_that_is_too_large_is_refused_as_ec2_xml(stack):
    answer = too_large(stack, "Authorization: AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/ec2/aws4_request, x")
    assert b"<Response><Errors><Error><Code>EntityTooLarge</Code>" in answer


def test_a_body_that_is_too_large_is_refused_as_query_xml(stack):
    answer = too_large(stack, "Content-Type: application/x-www-form-urlencoded")
    assert b"<ErrorResponse><Error>" in answer


def test_head_gets_no_body(stack):
    answer = get(stack, "/_postern/x", method="HEAD")
    assert status(answer) == 404
    assert answer.endswith(b"\r\n\r\n")


@pytest.mark.parametrize("service, call", [
    ("ssm", lambda c: c.get_parameter(Name="/e2e/password")),
    ("s3", lambda c: c.list_buckets()),
    ("ec2", lambda c: c.describe_instances()),
    ("sqs", lambda c: c.list_queues()),
    ("iam", lambda c: c.list_users()),
    ("dynamodb", lambda c: c.list_tables()),
    ("lambda", lambda c: c.list_functions()),
    ("cloudwatch", lambda c: c.list_metrics()),
])
def test_botocore_reads_the_error_when_no_worker_answers(stack, keys, upstream, service, call):
    client = stack.client(service, keys)
    with stack.without("worker-1", "worker-2"), pytest.raises(botocore.exceptions.ClientError) as error:
        call(client)
    answer = error.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 503
    assert answer["Error"]["Code"] in ("ServiceUnavailable", "503")
    assert upstream.requests == []


def test_an_upload_that_is_refused_is_refused_without_its_body(stack):
    head = (f"PUT /b/k HTTP/1.1\r\nHost: localhost:{stack.port}\r\nConnection: close\r\n"
            "Content-Length: 500000000\r\nExpect: 100-continue\r\n\r\n")
    answer = raw(stack, head.encode(), timeout=5).removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")
    assert status(answer) == 403


def test_the_access_log_has_no_signature_and_no_token(stack, keys, token):
    client = stack.client("s3", keys, s3={"addressing_style": "path"}, signature_version="s3v4")
    url = client.generate_presigned_url("get_object", {"Bucket": "e2e-bucket", "Key": "logged"}, ExpiresIn=60)
    stack.send("GET", url.removeprefix(stack.url))
    stack.send("GET", "/_postern/aws/us-east-1/s3/", {"Authorization": f"Bearer {token}"})
    stack.send("GET", "/_postern/health/live?x")
    log = (stack.home / "log" / "access.log").read_text()
    assert "e2e-bucket" not in log, "names in paths are the agent's own"
    assert '"path":"/_postern/health/live"' in log
    for secret in ("X-Amz-Signature", keys.token, token, token.rsplit(".", 1)[1]):
        assert secret not in log
