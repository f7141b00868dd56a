"""What was signed is what is verified, decided on and sent."""

import json
import urllib.parse
import urllib.request
import ssl

import botocore.auth
import pytest

pytestmark = pytest.mark.usefixtures("seeded")

JSON = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "AmazonSSM.GetParameter"}
BODY = json.dumps({"Name": "/e2e/password"}).encode()


@pytest.fixture
def signed(stack, keys):
    return stack.sign(keys, "ssm", "POST", "/", JSON, BODY)


def test_the_signed_call_itself_passes(stack, signed, upstream):
    assert stack.send("POST", "/", signed, BODY).status == 200
    assert len(upstream.requests) == 1


def refused(answer, upstream):
    assert answer.status in (400, 403), answer
    assert answer.code, answer
    assert upstream.requests == []


def test_a_changed_body_is_refused(stack, signed, upstream):
    other = json.dumps({"Name": "/e2e/passwore"}).encode()
    refused(stack.send("POST", "/", signed, other), upstream)


def test_a_changed_signed_header_is_refused(stack, signed, upstream):
    refused(stack.send("POST", "/", {**signed, "X-Amz-Target": "AmazonSSM.DeleteParameter"}, BODY), upstream)


def test_another_method_is_refused(stack, signed, upstream):
    refused(stack.send("PUT", "/", signed, BODY), upstream)


def test_another_path_is_refused(stack, signed, upstream):
    refused(stack.send("POST", "/other", signed, BODY), upstream)


def test_an_added_query_is_refused(stack, signed, upstream):
    refused(stack.send("POST", "/?Action=DeleteParameter", signed, BODY), upstream)


def test_another_host_is_refused(stack, signed, upstream):
    refused(stack.send("POST", "/", {**signed, "Host": "ssm.eu-west-1.localhost"}, BODY), upstream)


@pytest.mark.parametrize("name", ["x-amz-acl", "X-Amz-Meta-Extra", "x-amz-copy-source", "x-amz-tagging"])
def test_an_amz_header_that_is_not_signed_is_refused(stack, signed, upstream, name):
    refused(stack.send("POST", "/", {**signed, name: "x"}, BODY), upstream)


@pytest.mark.parametrize("name", ["X_Amz_Target", "X-Amz_Target"])
def test_an_underscore_twin_of_a_signed_header_is_refused(stack, signed, upstream, name):
    refused(stack.send("POST", "/", [*signed.items(), (name, "AmazonSSM.DeleteParameter")], BODY), upstream)


def test_a_second_value_of_a_signed_header_is_refused(stack, signed, upstream):
    refused(stack.send("POST", "/", [*signed.items(), ("X-Amz-Target", "AmazonSSM.DeleteParameter")], BODY), upstream)


def test_a_repeated_json_key_is_refused(stack, keys, upstream):
    body = b'{"Name": "/e2e/colour", "Name": "/e2e/password"}'
    refused(stack.send("POST", "/", stack.sign(keys, "ssm", "POST", "/", JSON, body), body), upstream)


def test_an_old_signature_is_refused(stack, keys, upstream, monkeypatch):
    import datetime
    import botocore.compat
    old = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *_, **__: old, raising=False)
    headers = stack.sign(keys, "ssm", "POST", "/", JSON, BODY)
    assert "20200101" in headers["Authorization"], "this botocore takes its time elsewhere"
    refused(stack.send("POST", "/", headers, BODY), upstream)


def test_a_scope_of_another_service_is_refused(stack, keys, upstream):
    refused(stack.send("POST", "/", stack.sign(keys, "sqs", "POST", "/", JSON, BODY), BODY), upstream)


def test_underscored_and_dotted_metadata_reach_aws(stack, keys, upstream):
    stack.client("s3", keys).put_object(Bucket="e2e-bucket", Key="meta", Body=b"x",
                                        Metadata={"a_b": "1", "a.c": "2", "a-d": "3"})
    (_, _, headers, _), = upstream.requests
    sent = {name.lower(): value for name, value in headers.items() if name.lower().startswith("x-amz-meta-")}
    assert sent == {"x-amz-meta-a_b": "1", "x-amz-meta-a.c": "2", "x-amz-meta-a-d": "3"}


@pytest.mark.parametrize("key", ["a//b", "a b", "a%2Fb", "a+b", "é", "a/./b", "~x", "a=b&c", "x" * 900])
def test_an_odd_key_makes_the_round_trip(stack, keys, key, direct):
    client = stack.client("s3", keys)
    client.put_object(Bucket="e2e-bucket", Key=key, Body=b"odd")
    assert client.get_object(Bucket="e2e-bucket", Key=key)["Body"].read() == b"odd"


def open_url(stack, url):
    context = ssl.create_default_context(cafile=stack.ca)
    return urllib.request.urlopen(url, context=context, timeout=20)


def test_a_presigned_url_works_at_the_gateway(stack, keys, direct):
    direct("s3").put_object(Bucket="e2e-bucket", Key="presigned", Body=b"hello")
    client = stack.client("s3", keys, s3={"addressing_style": "path"}, signature_version="s3v4")
    url = client.generate_presigned_url("get_object", {"Bucket": "e2e-bucket", "Key": "presigned"}, ExpiresIn=60)
    with open_url(stack, url) as response:
        assert response.read() == b"hello"


@pytest.mark.parametrize("change", [("presigned", "meta"), ("X-Amz-Expires=60", "X-Amz-Expires=6000")])
def test_a_changed_presigned_url_is_refused(stack, keys, upstream, change):
    client = stack.client("s3", keys, s3={"addressing_style": "path"}, signature_version="s3v4")
    url = client.generate_presigned_url("get_object", {"Bucket": "e2e-bucket", "Key": "presigned"}, ExpiresIn=60)
    answer = stack.send("GET", url.replace(*change).removeprefix(stack.url))
    refused(answer, upstream)


def test_an_expired_presigned_url_is_refused(stack, keys, upstream):
    import time
    client = stack.client("s3", keys, s3={"addressing_style": "path"}, signature_version="s3v4")
    url = client.generate_presigned_url("get_object", {"Bucket": "e2e-bucket", "Key": "presigned"}, ExpiresIn=1)
    time.sleep(2.1)
    refused(stack.send("GET", url.removeprefix(stack.url)), upstream)


def test_header_and_query_credentials_at_once_are_refused(stack, keys, upstream):
    client = stack.client("s3", keys, s3={"addressing_style": "path"}, signature_version="s3v4")
    url = client.generate_presigned_url("get_object", {"Bucket": "e2e-bucket", "Key": "presigned"}, ExpiresIn=60)
    path = url.removeprefix(stack.url)
    headers = stack.sign(keys, "s3", "GET", path, signer=botocore.auth.S3SigV4Auth)
    refused(stack.send("GET", path, headers), upstream)


def test_the_agents_credentials_do_not_reach_aws(stack, keys, upstream):
    stack.client("ssm", keys).get_parameter(Name="/e2e/password")
    stack.client("s3", keys).list_buckets()
    assert len(upstream.requests) == 2
    for secret in (keys.access_key, keys.secret_key, keys.token):
        assert not upstream.saw(secret)
