"""Nothing that a client sends can become an identity: at nginx, at postern-auth and at the worker."""

import json

import pytest

pytestmark = pytest.mark.usefixtures("seeded")

# Names that proxies, CGI programs and Postern itself give a meaning, in every spelling that CGI makes the same.
NAMES = [
    "X-Postern-Identity", "X_Postern_Identity", "X-POSTERN_IDENTITY", "x.postern.identity", "Postern-Identity",
    "POSTERN_IDENTITY", "HTTP_POSTERN_IDENTITY", "HTTP-POSTERN-IDENTITY", "POSTERN_REFUSAL", "X-Postern-Refusal",
    "POSTERN_ROUTE", "POSTERN_HOST", "POSTERN_REQUEST_ID", "X-Postern-Request-Id", "X-Postern-Subject", "X-Postern-Session",
    "REMOTE_USER", "Remote-User", "X-Remote-User", "X-Forwarded-User", "X-Forwarded-Email", "X-Forwarded-Groups",
    "X-Forwarded-Preferred-Username", "X-Auth-Request-User", "X-Auth-Request-Email", "X-Auth-Request-Groups", "X-User",
    "X-WebAuth-User", "X-Amzn-Oidc-Identity", "X-Amzn-Oidc-Data", "X-Amzn-Oidc-Accesstoken", "X-Goog-Iap-Jwt-Assertion",
    "Cf-Access-Jwt-Assertion", "X-MS-Client-Principal", "X-SSL-Client-DN", "SSL_CLIENT_S_DN", "X-Client-Cert", "Client-Cert",
    "REMOTE_ADDR", "X-Real-IP", "X-Forwarded-For", "X_Forwarded_For", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded",
    "True-Client-IP", "CF-Connecting-IP", "X-Client-IP", "X-Cluster-Client-IP", "REQUEST_METHOD", "REQUEST_URI",
    "X-Original-URL", "X-Rewrite-URL", "X-Original-Method", "X-HTTP-Method-Override", "X-Method-Override", "SCRIPT_NAME",
    "SCRIPT_FILENAME", "PATH_INFO", "DOCUMENT_ROOT", "QUERY_STRING", "SERVER_NAME", "GATEWAY_INTERFACE", "Proxy",
    "AUTH_TYPE", "X-Accel-Redirect", "X-Sendfile", "Cookie", "Proxy-Authorization", "X-Amzn-Trace-Id",
]
VALUE = "eyJzdWIiOiJyb290In0.c2lnbmF0dXJl"
BODY = json.dumps({"Name": "/e2e/password"}).encode()
TARGET = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "AmazonSSM.GetParameter"}


@pytest.mark.parametrize("name", NAMES)
def test_a_header_is_no_credential(stack, upstream, name):
    for headers in ([(name, VALUE)], [(name, VALUE), (name, "root")]):
        answer = stack.send("POST", "/", [*TARGET.items(), *headers], BODY)
        assert answer.status == 403, answer
    assert upstream.requests == []


@pytest.mark.parametrize("name", NAMES)
def test_a_header_changes_nothing_about_who_calls(stack, keys, upstream, name):
    headers = stack.sign(keys, "ssm", "POST", "/", TARGET, BODY)
    answer = stack.send("POST", "/", [*headers.items(), (name, VALUE)], BODY)
    if "Method-Override" in name:
        assert answer.status == 400 and b"Method override headers are not accepted" in answer.body
        assert upstream.requests == []
        return
    assert answer.status == 200, answer
    identifier = answer.headers["x-postern-request-id"]
    assert identifier != VALUE
    row, = stack.sql("SELECT issuer, subject, role, session_id, source_ip, operation FROM postern_audit.calls"
                     f" WHERE replace(request_id::text, '-', '') = '{identifier}'")
    assert row[1:] == ["agent-7", "arn:aws:iam::111122223333:role/agent", keys.access_key, "127.0.0.1", "ssm.GetParameter"]
    (method, path, _, body), = upstream.requests
    assert (method, path, body) == ("POST", "/", BODY)


SPELLINGS = ["X-Amz-Security-Token", "x-amz-security-token", "X_Amz_Security_Token", "X-Amz-Security_Token"]


@pytest.mark.parametrize("name", SPELLINGS)
@pytest.mark.parametrize("comes_first", [True, False], ids=["before", "after"])
def test_a_second_session_token_is_refused_however_it_is_spelt(stack, keys, upstream, name, comes_first):
    headers = list(stack.sign(keys, "ssm", "POST", "/", TARGET, BODY).items())
    other = [(name, "another")]
    answer = stack.send("POST", "/", other + headers if comes_first else headers + other, BODY)
    assert answer.status in (400, 403), answer
    assert upstream.requests == []


@pytest.mark.parametrize("second", ["Authorization", "AUTHORIZATION", "authorization"])
def test_a_second_authorization_is_refused(stack, keys, token, upstream, second):
    headers = list(stack.sign(keys, "ssm", "POST", "/", TARGET, BODY).items())
    for pairs in (headers + [(second, f"Bearer {token}")], [(second, f"Bearer {token}")] + headers):
        assert stack.send("POST", "/", pairs, BODY).status in (400, 403)
    assert upstream.requests == []


def test_a_signature_and_a_presigned_query_at_once_are_refused(stack, keys, upstream):
    headers = stack.sign(keys, "s3", "GET", "/e2e-bucket?X-Amz-Credential=AKIA/20260101/us-east-1/s3/aws4_request")
    answer = stack.send("GET", "/e2e-bucket?X-Amz-Credential=AKIA/20260101/us-east-1/s3/aws4_request", headers)
    assert answer.status in (400, 403), answer
    assert upstream.requests == []


@pytest.mark.parametrize("names", [("X-Postern-Role", "X_Postern_Role"), ("X-Postern-Role", "X-Postern-Role"),
                                   ("X-Postern-Query", "X_POSTERN_QUERY"), ("x-postern-query", "X-Postern-Query")])
def test_what_postern_reads_itself_may_be_there_once(stack, token, upstream, names):
    role = "arn:aws:iam::111122223333:role/agent"
    pairs = [("Authorization", f"Bearer {token}"), *TARGET.items(), (names[0], role), (names[1], role)]
    answer = stack.send("POST", "/_postern/aws/us-east-1/ssm/", pairs, BODY)
    assert answer.status in (400, 403), answer
    assert b"at most once" in answer.body
    assert upstream.requests == []


@pytest.mark.parametrize("pairs", [
    [("Content_Length", "5")], [("Content-Length", str(len(BODY))), ("Content_Length", "5")],
    [("Transfer_Encoding", "chunked")], [("X_Amz_Date", "20260101T000000Z")], [("X_Amz_Target", "AmazonSSM.DeleteParameter")],
    [("X_Amz_Content_Sha256", "UNSIGNED-PAYLOAD")], [("Content_Type", "application/xml")],
], ids=lambda pairs: "+".join(name for name, _ in pairs))
def test_an_underscore_that_collides_with_what_was_signed_never_wins(stack, keys, upstream, pairs):
    """The name as it came is lost in CGI: either the call is refused, or it is exactly what was signed."""
    headers = stack.sign(keys, "ssm", "POST", "/", TARGET, BODY)
    answer = stack.send("POST", "/", [*headers.items(), *pairs], BODY)
    if answer.status == 200:
        (_, _, sent, body), = upstream.requests
        assert body == BODY and sent["X-Amz-Target"] == TARGET["X-Amz-Target"]
        assert sent["Content-Type"] == TARGET["Content-Type"]
    else:
        assert answer.status in (400, 403), answer
        assert upstream.requests == []
