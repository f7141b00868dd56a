"""What in AWS's answers leads elsewhere leads to the gateway instead: endpoints, redirects, and the URLs in copies."""

import base64
import json
import urllib.parse

import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.exceptions
import pytest
from conftest import ACCESS_POINT


@pytest.fixture(scope="module")
def keys(open_stack, issuer):
    return open_stack.assume(issuer.token())


def script(status, headers, body, kind):
    """An answer for the echo to give word for word."""
    text = json.dumps({"status": status, "headers": headers, "body": body, "kind": kind})
    return base64.urlsafe_b64encode(text.encode()).decode()


@pytest.fixture(scope="module")
def ask(open_stack, keys):
    """Sends a signed request; AWS answers what the test says."""

    def ask(service, method, path, status, headers=(), body="", request_headers=None, region="us-east-1", host=None):
        scripted = script(status, headers, body, "json" if body.startswith("{") else "xml")
        host = host or f"localhost:{open_stack.port}"
        signed = botocore.awsrequest.AWSRequest(method=method, url=f"https://{host}{path}", headers=request_headers or {})
        signer = botocore.auth.S3SigV4Auth if service == "s3" else botocore.auth.SigV4Auth
        signer(keys, service, region).add_auth(signed)
        pairs = [("Host", host), ("User-Agent", f"x/y/scripted/{scripted}"), *signed.headers.items()]
        return open_stack.send(method, path, pairs)

    return ask


REDIRECT = """<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>PermanentRedirect</Code><Message>The bucket is elsewhere.</Message><Bucket>films</Bucket>
<Endpoint>films.s3.eu-west-1.amazonaws.com</Endpoint></Error>"""


@pytest.mark.parametrize("status", ["301 Moved Permanently", "307 Temporary Redirect"])
def test_a_bucket_s_redirect_leads_back_to_the_gateway(ask, open_stack, status):
    answer = ask("s3", "GET", "/films/a%20b?versionId=1", status,
                 [("Location", "https://films.s3.eu-west-1.amazonaws.com/a%20b"), ("x-amz-bucket-region", "eu-west-1")],
                 REDIRECT)
    assert answer.status == int(status[:3])
    assert answer.headers["location"] == f"https://localhost:{open_stack.port}/films/a%20b?versionId=1"
    assert answer.headers["x-amz-bucket-region"] == "eu-west-1"
    assert b"PermanentRedirect" in answer.body


def test_the_head_of_a_bucket_elsewhere_tells_its_region(ask):
    answer = ask("s3", "HEAD", "/films", "301 Moved Permanently", [("x-amz-bucket-region", "eu-central-1")])
    assert (answer.status, answer.headers["x-amz-bucket-region"], answer.body) == (301, "eu-central-1", b"")


def test_a_wrong_region_is_told_as_aws_tells_it(ask):
    body = ("<Error><Code>AuthorizationHeaderMalformed</Code><Message>the region 'us-east-1' is wrong</Message>"
            "<Region>eu-west-1</Region></Error>")
    answer = ask("s3", "GET", "/films", "400 Bad Request", [("x-amz-bucket-region", "eu-west-1")], body)
    assert answer.status == 400 and b"<Region>eu-west-1</Region>" in answer.body
    assert answer.headers["x-amz-bucket-region"] == "eu-west-1"


def test_botocore_follows_a_bucket_to_its_region_through_the_gateway(open_stack, keys, echo):
    before = len(echo.records())
    scripted = script("301 Moved Permanently", [("x-amz-bucket-region", "eu-west-1")], REDIRECT, "xml")
    client = open_stack.client("s3", keys, user_agent=f"x/y/scripted/{scripted}",
                               s3={"addressing_style": "path"})
    with pytest.raises(botocore.exceptions.ClientError) as error:
        client.get_object(Bucket="films", Key="k")
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 301
    hosts = [dict(record["headers"])["host"] for record in echo.records()[before:]]
    # The second try is signed for the region that AWS told, and so goes there, by way of the gateway.
    assert hosts[0] == "s3.us-east-1.amazonaws.com" or hosts[0] == "s3.amazonaws.com"
    assert "s3.eu-west-1.amazonaws.com" in hosts


def test_a_location_that_is_data_stays(ask):
    answer = ask("lambda", "GET", "/2015-03-31/functions/f", "200 OK", [("Location", "https://elsewhere.example.com/")], "{}")
    assert answer.headers.get("location") == "https://elsewhere.example.com/"


def test_what_is_nginx_s_or_a_hop_s_own_in_an_answer_does_not_arrive(ask):
    answer = ask("s3", "GET", "/films?location", "200 OK",
                 [("X-Accel-Redirect", "/_postern/health/live"), ("X-Accel-Buffering", "no"), ("Status", "500 Oops"),
                  ("Set-Cookie", "a=b"), ("Connection", "x-secret"), ("Keep-Alive", "timeout=5"),
                  ("X-Postern-Identity", "x"), ("x-amz-meta-kept", "1")], "<LocationConstraint/>")
    assert answer.status == 200 and b"LocationConstraint" in answer.body
    assert answer.headers["x-amz-meta-kept"] == "1"
    assert not {"x-accel-redirect", "set-cookie", "status", "x-postern-identity", "keep-alive"} & answer.headers.keys()


def test_an_error_behind_a_200_is_in_the_audit(ask, open_stack):
    answer = ask("s3", "POST", "/films/k?uploadId=1", "200 OK", body="   <?xml version='1.0'?><Error><Code>InternalError</Code></Error>")
    assert answer.status == 200 and b"InternalError" in answer.body
    rows = open_stack.sql("SELECT error_code FROM postern_audit.calls WHERE operation = 's3.CompleteMultipartUpload' "
                          "ORDER BY ts DESC LIMIT 1")
    assert rows == [["InternalError"]]


def test_discovered_endpoints_are_the_gateway_s(open_stack, keys):
    for service in ("timestream-query", "timestream-write"):
        answer = open_stack.client(service, keys).describe_endpoints()
        assert [endpoint["Address"] for endpoint in answer["Endpoints"]] == [f"localhost:{open_stack.port}"]


def test_a_discovered_cell_is_where_the_call_goes(open_stack, keys, echo):
    before = len(echo.records())
    open_stack.client("timestream-query", keys).query(QueryString="SELECT 1")
    hosts = [dict(record["headers"])["host"] for record in echo.records()[before:]]
    assert hosts[-1] == "cell-1.timestream.eu-west-1.amazonaws.com"


def test_a_listed_access_point_is_reached_as_sdks_write_it(ask, echo, open_stack):
    before = len(echo.records())
    host = f"reports-444455556666.localhost:{open_stack.port}"
    assert ask("s3", "GET", "/a%20b", "200 OK", region="eu-west-1", host=host).status == 200
    record = echo.records()[before]
    assert dict(record["headers"])["host"] == "reports-444455556666.s3-accesspoint.eu-west-1.amazonaws.com"
    assert record["target"] == "/a%20b"
    resources = open_stack.sql("SELECT resources FROM postern_audit.calls WHERE operation = 's3.GetObject' ORDER BY ts DESC LIMIT 1")
    assert f"{ACCESS_POINT}/object/a b" in resources[0][0]


@pytest.mark.parametrize("service, action, version, inner", [
    ("ec2", "CopySnapshot", "2016-11-15", {"SourceSnapshotId": "snap-1", "DestinationRegion": "us-east-1"}),
    ("rds", "CopyDBSnapshot", "2014-10-31", {"SourceDBSnapshotIdentifier": "a", "TargetDBSnapshotIdentifier": "b"}),
    ("rds", "CreateDBInstanceReadReplica", "2014-10-31", {"DBInstanceIdentifier": "b", "SourceDBInstanceIdentifier": "a"}),
    ("rds", "CopyDBClusterSnapshot", "2014-10-31",
     {"SourceDBClusterSnapshotIdentifier": "a", "TargetDBClusterSnapshotIdentifier": "b"}),
])
def test_a_copy_s_url_is_made_by_botocore_and_made_anew(open_stack, keys, echo, service, action, version, inner):
    before = len(echo.records())
    client = open_stack.client(service, keys)
    method = {"CopyDBSnapshot": "copy_db_snapshot", "CopySnapshot": "copy_snapshot",
              "CreateDBInstanceReadReplica": "create_db_instance_read_replica",
              "CopyDBClusterSnapshot": "copy_db_cluster_snapshot"}[action]
    inner = {name: value for name, value in inner.items() if name != "DestinationRegion"}
    client.meta.events.register("before-send", answered_as(service, action))
    getattr(client, method)(SourceRegion="eu-west-1", **inner)
    (record,) = echo.records()[before:]
    form = dict(urllib.parse.parse_qsl(record["body"].decode()))
    url = next(value for name, value in form.items() if name.lower() == "presignedurl")
    assert urllib.parse.urlsplit(url).netloc == f"{service}.eu-west-1.amazonaws.com"
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))
    assert query["Action"] == action and query["Version"] == version
    assert query["X-Amz-Credential"].startswith("AKIACONFORMANCE00000/")
    assert keys.access_key not in record["body"].decode() and keys.token[:40] not in record["body"].decode()


def answered_as(service, action):
    """Tells the echo which answer botocore reads."""
    def mark(request, **_):
        request.headers["User-Agent"] = "x/y/ec2/" if service == "ec2" else f"x/y/query/{action}Result"
    return mark


@pytest.mark.parametrize("change", [lambda url: url.replace("SourceDBSnapshotIdentifier=a", "SourceDBSnapshotIdentifier=c"),
                                    lambda url: url.replace("eu-west-1", "eu-west-2"),
                                    lambda url: url.replace("https://", "http://"),
                                    lambda url: url.split("&X-Amz-Signature")[0]])
def test_a_changed_url_in_a_copy_is_refused(open_stack, keys, echo, change):
    before = len(echo.records())
    client = open_stack.client("rds", keys)

    def spoil(params, **_):
        params["body"]["PreSignedUrl"] = change(params["body"]["PreSignedUrl"])

    client.meta.events.register_last("before-call", spoil)
    with pytest.raises(botocore.exceptions.ClientError) as error:
        client.copy_db_snapshot(SourceRegion="eu-west-1", SourceDBSnapshotIdentifier="a", TargetDBSnapshotIdentifier="b")
    assert "presigned URL" in error.value.response["Error"]["Message"]
    assert len(echo.records()) == before


def test_a_search_as_the_model_has_it_goes_to_the_customer_s_domain(ask, echo):
    target = "/2013-01-01/search?format=sdk&pretty=true&q=x"
    assert ask("cloudsearch", "GET", target, "200 OK", body="{}", region="eu-west-1").status == 200
    record = echo.records()[-1]
    assert dict(record["headers"])["host"] == "search-films-abc123.eu-west-1.cloudsearch.amazonaws.com"
    assert record["target"] == target
