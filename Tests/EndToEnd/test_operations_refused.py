"""What is not exactly one known call is refused by name, also where the policy allows everything, and never reaches AWS."""

import base64
import gzip
import urllib.parse
import uuid
import zlib

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest

JSON = {"Content-Type": "application/x-amz-json-1.1"}
GET_PARAMETER = JSON | {"X-Amz-Target": "AmazonSSM.GetParameter"}
FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
BODY = b'{"Name": "x"}'
GET_USER = b"Action=GetUser&Version=2010-05-08"


@pytest.fixture(scope="module")
def keys(open_stack, issuer):
    return open_stack.assume(issuer.token())


@pytest.fixture(scope="module")
def ask(open_stack, keys, echo):
    """Sends what is signed with a good key; fails where anything of it reaches AWS."""

    def ask(service, method, path, headers=None, body=b"", region="us-east-1", extra=(), host=None):
        before = len(echo.records())
        signer = botocore.auth.S3SigV4Auth if service.startswith("s3") else botocore.auth.SigV4Auth
        host = host or f"localhost:{open_stack.port}"
        request = botocore.awsrequest.AWSRequest(method=method, url=f"https://{host}{path}", headers=headers or {},
                                                 data=body)
        signer(keys, service, region).add_auth(request)
        answer = open_stack.send(method, path, [("Host", host), *request.headers.items(), *extra], body)
        assert len(echo.records()) == before, "it reached AWS"
        assert answer.status in (400, 403), answer
        return answer

    return ask


CASES = {
    "a service that nobody knows": (("nosuchservice", "POST", "/", GET_PARAMETER, BODY), {}, "nosuchservice"),
    "a region that nobody knows": (("ssm", "POST", "/", GET_PARAMETER, BODY), {"region": "eu-nowhere-9"}, "eu-nowhere-9"),
    "a target that nobody knows": (("ssm", "POST", "/", JSON | {"X-Amz-Target": "AmazonSSM.GetNothing"}, BODY), {}, "GetNothing"),
    "a target of another service": (("sqs", "POST", "/", GET_PARAMETER, BODY), {}, "AmazonSSM"),
    "a target without a dot": (("ssm", "POST", "/", JSON | {"X-Amz-Target": "GetParameter"}, BODY), {}, "GetParameter"),
    "a target and a CBOR protocol": (("ssm", "POST", "/", GET_PARAMETER | {"smithy-protocol": "rpc-v2-cbor"}, BODY), {}, None),
    "a target and an action in the URL": (("ssm", "POST", "/?Action=GetUser", GET_PARAMETER, BODY), {}, None),
    "a target and a path": (("ssm", "POST", "/path", GET_PARAMETER, BODY), {}, None),
    "a target and another method": (("ssm", "PUT", "/", GET_PARAMETER, BODY), {}, None),
    "a target with a form": (("ssm", "POST", "/", GET_PARAMETER | FORM, b"Name=x"), {}, None),
    "a target with a content type that nobody knows": (("ssm", "POST", "/", GET_PARAMETER | {"Content-Type": "text/plain"}, BODY), {}, None),
    "two targets": (("ssm", "POST", "/", GET_PARAMETER, BODY), {"extra": [("X-Amz-Target", "AmazonSSM.PutParameter")]}, None),
    "two content types": (("ssm", "POST", "/", GET_PARAMETER, BODY), {"extra": [("Content-Type", "text/plain")]}, None),
    "an action in URL and body": (("iam", "POST", "/?Action=ListUsers&Version=2010-05-08", FORM, GET_USER), {}, None),
    "an action in the URL of a POST": (("iam", "POST", "/?Action=GetUser&Version=2010-05-08", FORM), {}, None),
    "two actions": (("iam", "POST", "/", FORM, GET_USER + b"&Action=CreateUser"), {}, "twice"),
    "an action that nobody knows": (("iam", "POST", "/", FORM, b"Action=GetNothing&Version=2010-05-08"), {}, "GetNothing"),
    "an action without a version": (("iam", "POST", "/", FORM, b"Action=GetUser"), {}, "Version"),
    "a version that nobody knows": (("iam", "POST", "/", FORM, b"Action=GetUser&Version=1999-01-01"), {}, "1999-01-01"),
    "a form that is not UTF-8": (("iam", "POST", "/", FORM, GET_USER + b"&UserName=%FF"), {}, None),
    "a form with a broken encoding": (("iam", "POST", "/", FORM, GET_USER + b"&UserName=%zz"), {}, None),
    "a form parameter twice": (("iam", "POST", "/", FORM, GET_USER + b"&UserName=a&UserName=b"), {}, None),
    "a JSON key twice": (("ssm", "POST", "/", GET_PARAMETER, b'{"Name": "a", "Name": "b"}'), {}, None),
    "a JSON key twice, once escaped": (("ssm", "POST", "/", GET_PARAMETER, b'{"Name": "a", "N\\u0061me": "b"}'), {}, None),
    "JSON with something behind it": (("ssm", "POST", "/", GET_PARAMETER, BODY + b"{}"), {}, None),
    "JSON with a comment": (("ssm", "POST", "/", GET_PARAMETER, b'{/**/"Name": "a"}'), {}, None),
    "JSON that is a list": (("ssm", "POST", "/", GET_PARAMETER, b"[]"), {}, None),
    "JSON that is not UTF-8": (("ssm", "POST", "/", GET_PARAMETER, b'{"Name": "\xff"}'), {}, None),
    "JSON without a bottom": (("ssm", "POST", "/", GET_PARAMETER, b"[" * 100_000), {}, None),
    "a body of zeros in gzip": (("monitoring", "POST", "/", JSON | {"X-Amz-Target": "GraniteServiceVersion20100801.PutMetricData", "Content-Encoding": "gzip"}, gzip.compress(bytes(200_000_000), 1)), {}, None),
    "an encoding that nobody knows": (("ssm", "POST", "/", GET_PARAMETER | {"Content-Encoding": "br"}, BODY), {}, None),
    "a path that nobody knows": (("lambda", "GET", "/2015-03-31/nothing"), {}, None),
    "a method that a path does not have": (("lambda", "PATCH", "/2015-03-31/functions/x"), {}, None),
    "a query key that nobody knows, on a bucket": (("s3", "DELETE", "/my-bucket?nothing"), {}, None),
    "a query key that nobody knows, on an object": (("s3", "PUT", "/my-bucket/key?nothing=1"), {}, None),
    "two sub-resources": (("s3", "GET", "/my-bucket?acl&policy"), {}, None),
    "a sub-resource twice": (("s3", "GET", "/my-bucket?acl&acl"), {}, None),
    "a CBOR operation that nobody knows": (("monitoring", "POST", "/service/GraniteServiceVersion20100801/operation/Nothing", {"smithy-protocol": "rpc-v2-cbor", "Content-Type": "application/cbor"}, b"\xa0"), {}, "Nothing"),
    "CBOR that ends early": (("monitoring", "POST", "/service/GraniteServiceVersion20100801/operation/ListMetrics", {"smithy-protocol": "rpc-v2-cbor", "Content-Type": "application/cbor"}, b"\xbf"), {}, None),
    "XML with entities": (("s3", "POST", "/my-bucket?delete", {"Content-Type": "application/xml"}, b'<!DOCTYPE d [<!ENTITY e "x">]><Delete><Object><Key>&e;</Key></Object></Delete>'), {}, None),
    "XML that is cut off": (("s3", "POST", "/my-bucket?delete", {"Content-Type": "application/xml"}, b"<Delete><Object>"), {}, None),
    "a payload that is not signed": (("ssm", "POST", "/", GET_PARAMETER | {"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"}, BODY), {}, None),
    "a host that is not the gateway's": (("ssm", "POST", "/", GET_PARAMETER, BODY), {"host": "ssm.us-east-1.amazonaws.com"}, None),
    "a SimpleDB call": (("sdb", "POST", "/", FORM, b"Action=ListDomains&Version=2009-04-15&SignatureVersion=2&AWSAccessKeyId=x"), {}, "version 2"),
    "a customer's endpoint of another region": (("cloudsearch", "GET", "/2013-01-01/search?q=x&format=sdk&pretty=true"), {}, "_postern/endpoint"),
    "a customer's endpoint that is not listed": (("neptune-db", "GET", "/_postern/endpoint/db.cluster-other.eu-west-1.neptune.amazonaws.com/status"), {"region": "eu-west-1"}, "db.cluster-other"),
    "a host of somebody's as the customer's endpoint": (("neptune-db", "GET", "/_postern/endpoint/evil.example.com/status"), {"region": "eu-west-1"}, "evil.example.com"),
    "a customer's endpoint of another service": (("neptune-db", "GET", "/_postern/endpoint/abc123.data.mediastore.eu-west-1.amazonaws.com/status"), {"region": "eu-west-1"}, "abc123.data.mediastore"),
    "a customer's endpoint for an ordinary service": (("ssm", "POST", "/_postern/endpoint/abc123.data.mediastore.eu-west-1.amazonaws.com/", GET_PARAMETER, BODY), {"region": "eu-west-1"}, "abc123.data.mediastore"),
    "a listed endpoint in another region": (("neptune-db", "GET", "/_postern/endpoint/db.cluster-abc123.eu-west-1.neptune.amazonaws.com/status"), {"region": "us-east-1"}, "db.cluster-abc123"),
    "an S3 Express session": (("s3express", "GET", "/films--use1-az4--x-s3?session"), {}, "AWS_S3_DISABLE_EXPRESS_SESSION_AUTH"),
    "a Multi-Region Access Point": (("s3", "GET", "/arn:aws:s3::111122223333:accesspoint%2Fabc.mrap/key"), {}, "Multi-Region Access Point"),
    "an access point on Outposts": (("s3", "GET", "/arn:aws:s3-outposts:us-east-1:111122223333:outpost%2Fop-1%2Faccesspoint%2Fx/key"), {}, "Outposts"),
    "an access point of another region": (("s3", "GET", "/arn:aws:s3:eu-west-1:111122223333:accesspoint%2Freports/key"), {}, "another service or region"),
    "an access point whose slash is not encoded": (("s3", "GET", "/arn:aws:s3:us-east-1:111122223333:accesspoint/reports/key"), {}, "%2F"),
    "a copy without a source's key": (("s3", "PUT", "/my-bucket/key", {"x-amz-copy-source": "nokey"}), {}, "Copy Source must mention"),
    "a copy of a part without a source's key": (("s3", "PUT", "/my-bucket/key?partNumber=1&uploadId=x", {"x-amz-copy-source": "bucket/"}), {}, "Copy Source must mention"),
}  # fmt: skip


@pytest.mark.parametrize("title", CASES)
def test_refuses(ask, title):
    words, more, mention = CASES[title]
    answer = ask(*words, **more)
    assert answer.code or b"__type" in answer.body, answer  # CBOR has its code in it as text, too
    assert mention is None or mention in answer.body.decode(errors="replace"), answer


UNSIGNED = {
    "nothing": ("GET", "/my-bucket/key", {}, b""),
    "a form with an action of its own": ("POST", "/", FORM, GET_USER),
    "a version 2 signature": ("GET", "/my-bucket/key", {"Authorization": "AWS AKIAIOSFODNN7EXAMPLE:c2lnbmF0dXJl"}, b""),
    "a version 4A signature": ("GET", "/my-bucket/key", {"Authorization": "AWS4-ECDSA-P256-SHA256 Credential=A/20260101/s3/aws4_request, SignedHeaders=host, Signature=00", "X-Amz-Region-Set": "*"}, b""),
    "a version 2 URL": ("GET", "/my-bucket/key?AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=x&Expires=2000000000", {}, b""),
    "a form upload": ("POST", "/my-bucket", {"Content-Type": "multipart/form-data; boundary=x"}, b"--x--\r\n"),
    "basic authentication": ("GET", "/my-bucket/key", {"Authorization": "Basic eDp4"}, b""),
    "a bearer token of nobody": ("GET", "/_postern/aws/us-east-1/s3/my-bucket", {"Authorization": "Bearer eyJhbGciOiJub25lIn0.e30."}, b""),
    "a path that climbs": ("GET", "/../../etc/passwd", {}, b""),
    "a zero in the path": ("GET", "/my-bucket/%00", {}, b""),
    "a page of the gateway's": ("GET", "/_postern/nothing", {}, b""),
}  # fmt: skip


@pytest.mark.parametrize("title", UNSIGNED)
def test_refuses_without_a_signature_of_its_own(open_stack, echo, title):
    method, path, headers, body = UNSIGNED[title]
    before = len(echo.records())
    answer = open_stack.send(method, path, headers, body)
    assert answer.status in (400, 403, 404), answer
    assert answer.code, answer
    assert len(echo.records()) == before


def sent_with_trailer(stack, keys, body, checksum, name="x-amz-checksum-crc32", declared=None):
    """The answer to an upload of botocore's default form whose trailer says this."""
    path = f"/my-bucket/{uuid.uuid4()}"  # the trailer is not signed: the same request a second time is a replay
    headers = {"Content-Encoding": "aws-chunked", "X-Amz-Trailer": declared or name,
               "X-Amz-Decoded-Content-Length": str(len(body)), "X-Amz-Content-SHA256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER"}
    request = botocore.awsrequest.AWSRequest(method="PUT", url=stack.url + path, headers=headers)
    request.context["payload_signing_enabled"] = False
    request.context["checksum"] = {"request_algorithm": {"in": "trailer"}}
    botocore.auth.S3SigV4Auth(keys, "s3", "us-east-1").add_auth(request)
    framed = f"{len(body):x}\r\n".encode() + body + f"\r\n0\r\n{name}:{checksum}\r\n\r\n".encode()
    return stack.send("PUT", path, {"Host": f"localhost:{stack.port}", **dict(request.headers.items())}, framed)


def crc32(body):
    return base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()


@pytest.mark.parametrize("size", [5, 3_000_000])
def test_a_body_that_does_not_fit_its_trailing_checksum_never_becomes_an_object(open_stack, keys, echo, size):
    body = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    before = len(echo.records())
    answer = sent_with_trailer(open_stack, keys, body, crc32(body[:-1] + b"y"))
    assert (answer.status, answer.code) == (400, "BadDigest"), answer
    assert len(echo.records()) == before, "AWS got a whole request"
    assert sent_with_trailer(open_stack, keys, body, crc32(body)).status == 200
    assert len(echo.records()) == before + 1


@pytest.mark.parametrize("name, checksum, declared", [
    ("x-amz-checksum-crc32", "AAAA", None), ("x-amz-checksum-sha256", "AAAAAA==", None),
    ("x-amz-checksum-crc32", "NhCmhg==", "x-amz-checksum-crc32c"),
    ("x-amz-checksum-crc32", "NhCmhg==", "x-amz-checksum-crc32,x-amz-checksum-sha256"),
])
def test_another_trailer_than_the_declared_one_is_refused(open_stack, keys, echo, name, checksum, declared):
    before = len(echo.records())
    answer = sent_with_trailer(open_stack, keys, b"hello", checksum, name, declared)
    assert answer.status == 400 and answer.code in ("BadDigest", "MalformedTrailerError"), answer
    assert len(echo.records()) == before


def copy_snapshot(stack, keys, url=None, **parameters):
    """A CopySnapshot call as SDKs make it, its URL signed with `keys`."""
    inner = {"Action": "CopySnapshot", "Version": "2016-11-15", "SourceRegion": "eu-west-1",
             "SourceSnapshotId": "snap-1", "DestinationRegion": "us-east-1"} | parameters
    request = botocore.awsrequest.AWSRequest(method="GET", url=f"{stack.url}/?" + urllib.parse.urlencode(inner))
    botocore.auth.SigV4QueryAuth(keys, "ec2", "eu-west-1", expires=3600).add_auth(request)
    outer = {"Action": "CopySnapshot", "Version": "2016-11-15", "SourceRegion": "eu-west-1", "SourceSnapshotId": "snap-1",
             "DestinationRegion": "us-east-1", "PresignedUrl": url(request.url) if url else request.url}
    return ("ec2", "POST", "/", FORM, urllib.parse.urlencode(outer).encode())


def test_refuses_an_embedded_url_of_another_key(ask, open_stack, stranger):
    assert "presigned URL" in ask(*copy_snapshot(open_stack, stranger)).body.decode()


def test_refuses_an_embedded_url_that_was_changed(ask, open_stack, keys):
    words = copy_snapshot(open_stack, keys, url=lambda url: url.replace("snap-1", "snap-2"))
    assert "presigned URL" in ask(*words).body.decode()


def test_refuses_an_embedded_url_of_another_operation(ask, open_stack, keys):
    assert "presigned URL" in ask(*copy_snapshot(open_stack, keys, Action="DeleteSnapshot")).body.decode()


def test_refuses_an_embedded_url_that_is_not_signed(ask, open_stack, keys):
    words = copy_snapshot(open_stack, keys, url=lambda url: url.split("&X-Amz-Algorithm")[0])
    assert "presigned URL" in ask(*words).body.decode()


def test_makes_an_embedded_url_anew(open_stack, echo, keys):
    service, method, path, headers, body = copy_snapshot(open_stack, keys)
    signed = open_stack.sign(keys, service, method, path, headers, body)
    assert open_stack.send(method, path, signed, body).status == 200
    record = echo.records()[-1]
    url = dict(urllib.parse.parse_qsl(record["body"].decode()))["PresignedUrl"]
    assert url.startswith("https://ec2.eu-west-1.amazonaws.com/?Action=CopySnapshot&")
    assert "AKIACONFORMANCE00000" in url
    assert keys.access_key not in record["body"].decode()
    before, _, after = body.partition(b"PresignedUrl=")
    assert record["body"].startswith(before)
    assert after.partition(b"&")[2] == record["body"].partition(b"PresignedUrl=")[2].partition(b"&")[2]
