"""Who may come in, and who may not."""

import json
import time

import botocore.credentials
import botocore.exceptions
import pytest
from joserfc.jwk import OctKey

pytestmark = pytest.mark.usefixtures("seeded")


def refused(stack, token, **kinds):
    with pytest.raises(botocore.exceptions.ClientError) as error:
        stack.assume(token, **kinds)
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 403)
    return error.value.response["Error"]["Code"]


def test_a_good_token_is_exchanged_for_credentials_that_are_not_aws_s(stack, token):
    keys = stack.assume(token)
    assert not keys.access_key.startswith(("AKIA", "ASIA"))
    assert keys.token


def test_an_es256_token_is_good_too(stack, issuer):
    assert stack.assume(issuer.token(key=issuer.ec)).access_key


@pytest.mark.parametrize("claims", [
    {"exp": int(time.time()) - 600, "iat": int(time.time()) - 4000, "nbf": int(time.time()) - 4000},
    {"nbf": int(time.time()) + 3600},
    {"aud": "somebody-else"},
    {"aud": None},
    {"iss": "http://127.0.0.1:1"},
    {"iss": None},
    {"exp": None},
    {"sub": None},
    {"sub": ""},
], ids=["expired", "not yet", "other audience", "no audience", "other issuer", "no issuer", "no expiry", "no subject",
        "empty subject"])
def test_a_token_with_wrong_claims_is_refused(stack, issuer, claims):
    assert refused(stack, issuer.token(**claims)) in ("InvalidIdentityToken", "ExpiredTokenException", "AccessDenied")


def test_a_token_by_another_key_is_refused(stack, issuer):
    assert refused(stack, issuer.token(key=issuer.stranger)) == "InvalidIdentityToken"


def test_an_unsigned_token_is_refused(stack, issuer):
    _, body, _ = issuer.token().split(".")
    header = "eyJhbGciOiJub25lIn0"  # {"alg":"none"}
    assert refused(stack, f"{header}.{body}.") == "InvalidIdentityToken"


def test_a_token_signed_with_the_public_key_as_password_is_refused(stack, issuer):
    from joserfc import jwt
    key = OctKey.import_key(issuer.rsa.as_pem(private=False))
    forged = jwt.encode({"alg": "HS256", "kid": "rsa-1"}, {
        "iss": issuer.url, "aud": "postern", "sub": "agent-7", "exp": int(time.time()) + 600}, key)
    assert refused(stack, forged) == "InvalidIdentityToken"


def test_a_changed_token_is_refused(stack, token):
    header, body, signature = token.split(".")
    other = body[:-2] + ("A" if body[-2] != "A" else "B") + body[-1]
    assert refused(stack, f"{header}.{other}.{signature}") == "InvalidIdentityToken"


@pytest.mark.parametrize("text", ["not-a-token", "a.b.c", "x" * 20000])
def test_what_is_no_token_is_refused(stack, text):
    refused(stack, text)


def test_a_role_that_is_not_configured_is_refused(stack, token):
    assert refused(stack, token, role="arn:aws:iam::111122223333:role/administrator") == "AccessDenied"


def test_a_long_lived_key_of_aws_s_is_refused_with_a_hint(stack, stranger, upstream):
    with pytest.raises(botocore.exceptions.ClientError) as error:
        stack.client("ssm", stranger).get_parameter(Name="/e2e/password")
    answer = error.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert answer["Error"]["Code"] in ("UnrecognizedClientException", "InvalidClientTokenId")
    assert upstream.requests == []


def test_an_unknown_access_key_is_refused(stack, keys, upstream):
    unknown = botocore.credentials.Credentials(keys.access_key[:-4] + "0000", keys.secret_key, keys.token)
    with pytest.raises(botocore.exceptions.ClientError) as error:
        stack.client("ssm", unknown).get_parameter(Name="/e2e/password")
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert upstream.requests == []


def test_a_key_without_its_session_token_is_refused(stack, keys, upstream):
    bare = botocore.credentials.Credentials(keys.access_key, keys.secret_key, None)
    with pytest.raises(botocore.exceptions.ClientError) as error:
        stack.client("ssm", bare).get_parameter(Name="/e2e/password")
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert upstream.requests == []


def test_a_wrong_secret_key_is_refused(stack, keys, upstream):
    wrong = botocore.credentials.Credentials(keys.access_key, keys.secret_key[:-1] + "x", keys.token)
    with pytest.raises(botocore.exceptions.ClientError) as error:
        stack.client("ssm", wrong).get_parameter(Name="/e2e/password")
    assert error.value.response["Error"]["Code"] in ("InvalidSignatureException", "SignatureDoesNotMatch")
    assert upstream.requests == []


SPOOFS = [
    "POSTERN_IDENTITY", "Postern-Identity", "X-Postern-Identity", "HTTP_POSTERN_IDENTITY", "POSTERN_ROUTE",
    "POSTERN-ROUTE", "POSTERN_REFUSAL", "REMOTE_USER", "REMOTE_ADDR", "X-Forwarded-For", "Forwarded",
]


@pytest.mark.parametrize("name", SPOOFS)
def test_a_header_never_makes_an_identity(stack, upstream, name):
    body = json.dumps({"Name": "/e2e/password"}).encode()
    answer = stack.send("POST", "/", [
        ("Content-Type", "application/x-amz-json-1.1"), ("X-Amz-Target", "AmazonSSM.GetParameter"),
        (name, "eyJzdWIiOiJyb290In0.c2lnbmF0dXJl"),
    ], body)
    assert answer.status == 403, answer
    assert answer.code
    assert upstream.requests == []


def test_a_signed_call_that_brings_an_identity_header_is_still_itself(stack, keys, upstream):
    body = json.dumps({"Name": "/e2e/password"}).encode()
    headers = stack.sign(keys, "ssm", "POST", "/", {"Content-Type": "application/x-amz-json-1.1",
                                                    "X-Amz-Target": "AmazonSSM.GetParameter"}, body)
    answer = stack.send("POST", "/", {**headers, "X-Postern-Identity": "e30.AAAA"}, body)
    assert answer.status == 200, answer
    assert b"[masked:" in answer.body


def test_a_bearer_token_opens_the_plain_url(stack, token, upstream):
    body = json.dumps({"Name": "/e2e/password"}).encode()
    answer = stack.send("POST", "/_postern/aws/us-east-1/ssm/", {
        "Authorization": f"Bearer {token}", "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": "AmazonSSM.GetParameter"}, body)
    assert answer.status == 200, answer
    assert b"[masked:" in answer.body
    assert not upstream.saw(token), "the agent's token must not reach AWS"


@pytest.mark.parametrize("claims", [{"exp": 1}, {"aud": "x"}], ids=["expired", "other audience"])
def test_a_bad_bearer_token_is_refused(stack, issuer, upstream, claims):
    answer = stack.send("GET", "/_postern/aws/us-east-1/s3/", {"Authorization": f"Bearer {issuer.token(**claims)}"})
    assert answer.status == 403, answer
    assert answer.code
    assert upstream.requests == []


def test_a_refused_call_is_audited(stack, stranger):
    answer = stack.send("GET", "/?marker=refused-and-audited", stack.sign(stranger, "s3", "GET", "/"))
    assert answer.status == 403
    identifier = answer.headers["x-postern-request-id"]
    assert stack.audited_times(identifier) == 1
