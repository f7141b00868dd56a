"""Secrets in every place of requests and answers: none of them is ever in the database, its log, or any other one."""

import collections
import http.server
import importlib.machinery
import importlib.util
import json
import os
import pathlib
import random
import re
import subprocess
import threading
import time
import urllib.parse

import botocore.exceptions
import pytest
from stack import REPOSITORY, Stack

POLICY = """
Version: "2012-10-17"
Statement:
  - {Sid: Everything, Effect: Allow, NotAction: ["ssm:PutParameter", "sns:*"], Resource: "*"}
  - {Sid: Ask, Effect: RequireApproval, Action: "ssm:PutParameter", Resource: "*",
     Approval: {Approvers: [approvers], Quorum: 1, ExpiresAfter: 15m, GrantLasts: 5m, Hold: 0s}}
"""


def corpus():
    """The makers of random secrets that the masking's own tests use."""
    path = str(REPOSITORY / "scripts" / "make-masking-corpus")
    loader = importlib.machinery.SourceFileLoader("make_masking_corpus", path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("make_masking_corpus", loader))
    loader.exec_module(module)
    return module


class Secrets:
    """Gives out secrets, and remembers what to look for, and where it was put."""

    def __init__(self, seed):
        module = corpus()
        self.makers = module.formats(module.Maker(seed))
        self.kinds = sorted(self.makers)
        self.turn = 0
        self.places = {}

    def take(self, place, fits=None, longest=4000):
        while True:
            kind = self.kinds[self.turn % len(self.kinds)]
            self.turn += 1
            secret = self.makers[kind]()
            if len(secret) <= longest and "\n" not in secret and (fits is None or re.fullmatch(fits, secret)):
                break
        core = max(re.findall(r"[A-Za-z0-9]+", secret), key=len)
        middle = len(core) // 2
        self.places[core[max(0, middle - 8):middle + 8].encode()] = (place, kind, secret)
        return secret


class Leaky:
    """A server in AWS's place whose answer is what the test put there last."""

    def __init__(self):
        leaky = self
        self.status, self.fields, self.body = 200, {}, b"{}"

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                self.send_response_only(leaky.status)
                for name, value in leaky.fields.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(leaky.body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(leaky.body)

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = answer

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def says(self, body, status=200, kind="application/x-amz-json-1.1", **fields):
        self.status, self.body = status, body if isinstance(body, bytes) else body.encode()
        self.fields = {"Content-Type": kind} | {name.replace("_", "-"): value for name, value in fields.items()}


@pytest.fixture(scope="module")
def leaky():
    return Leaky()


@pytest.fixture(scope="module")
def site(leaky, issuer, tmp_path_factory):
    directory = tmp_path_factory.mktemp("secrets")
    (directory / "policy.yaml").write_text(POLICY)
    stack = Stack(POSTERN_UPSTREAM=leaky.url, POSTERN_OIDC_ISSUER=issuer.url, POSTERN_POLICY=directory / "policy.yaml",
                  POSTERN_WORKERS=1, POSTERN_AUDIT=f'sinks: {{file: "{directory}/sink"}}, '
                                                   f'checkpoint_export: {{file: "{directory}/checkpoints"}}')
    stack.kept = directory
    try:
        yield stack.up()
    finally:
        stack.down()


class Agent:
    """Raw calls with a bearer token."""

    def __init__(self, stack, token):
        self.stack, self.token = stack, token

    def call(self, service, target="/", method="POST", body="", kind="application/x-amz-json-1.1", **fields):
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": kind}
        headers |= {name.replace("_", "-"): value for name, value in fields.items()}
        body = body if isinstance(body, bytes) else body.encode()
        return self.stack.send(method, f"/_postern/aws/us-east-1/{service}{target}", headers, body)

    def ssm(self, operation, parameters, **fields):
        return self.call("ssm", body=json.dumps(parameters), X_Amz_Target=f"AmazonSSM.{operation}", **fields)


FORM = "application/x-www-form-urlencoded"
TOKEN = r"[A-Za-z0-9_.=@-]{20,64}"  # what a session name, an app id or a label may be
FIELD = r"[!-~]{20,400}"


def cbor_text(text):
    data = text.encode()
    return b"\x79" + len(data).to_bytes(2, "big") + data


def requests_with_secrets(agent, leaky, take):
    """One secret in each place of a request; the answer is empty."""
    quote = urllib.parse.quote
    leaky.says("{}")
    agent.ssm("GetParameter", {"Name": "/app/" + take("name of a parameter", TOKEN)})
    agent.ssm("PutParameter", {"Name": "/app/x", "Value": take("parameter to approve"), "Type": "String"})
    agent.ssm("PutParameter", {"Name": "/app/" + take("name to approve", TOKEN), "Value": "x", "Description": take("description to approve")},
              User_Agent=take("user agent to approve", FIELD))
    agent.ssm("DescribeParameters", {"Filters": [{"Key": "Name", "Values": [take("parameter in a list")]}]})
    agent.call("secretsmanager", body=json.dumps({"SecretId": "x", "SecretString": take("parameter known by model")}),
               X_Amz_Target="secretsmanager.PutSecretValue")
    agent.call("sns", body=f"Action=Publish&Version=2010-03-31&TopicArn=arn:aws:sns:us-east-1:111122223333:t&Message={quote(take('denied form'), safe='')}", kind=FORM)
    agent.call("sqs", body=json.dumps({"QueueUrl": "https://sqs.us-east-1.amazonaws.com/111122223333/q", "MessageBody": take("message")}),
               kind="application/x-amz-json-1.0", X_Amz_Target="AmazonSQS.SendMessage")
    agent.call("ec2", body=f"Action=DescribeInstances&Version=2016-11-15&Filter.1.Name=tag:x&Filter.1.Value.1={quote(take('form of EC2'), safe='')}", kind=FORM)
    agent.call("iam", body=f"Action=GetUser&Version=2010-05-08&UserName={quote(take('form of IAM', TOKEN), safe='')}", kind=FORM)
    agent.call("lambda", "/2015-03-31/functions/f/invocations", body=json.dumps({"x": take("payload of REST JSON")}), kind="application/json")
    agent.call("lambda", f"/2015-03-31/functions/{take('path', TOKEN)}", "GET")
    agent.call("s3", "/bucket?tagging", "PUT", f"<Tagging><TagSet><Tag><Key>k</Key><Value>{take('XML', FIELD.replace('!-~', '!-%(-;=?-~'))}</Value></Tag></TagSet></Tagging>", "application/xml")
    agent.call("s3", f"/bucket?prefix={quote(take('query'), safe='')}", "GET")
    agent.call("s3", f"/bucket/{quote(take('key of an object', TOKEN), safe='')}", "GET")
    agent.call("s3", "/bucket/key", "PUT", take("object"), "text/plain", x_amz_meta_note=take("metadata", FIELD))
    agent.call("monitoring", "/service/GraniteServiceVersion20100801/operation/ListMetrics", "POST",
               b"\xa1" + cbor_text("Namespace") + cbor_text(take("CBOR")), "application/cbor", smithy_protocol="rpc-v2-cbor")
    agent.ssm("GetParameter", {"Name": "x"}, User_Agent=take("user agent", FIELD))
    agent.ssm("GetParameter", {"Name": "x"}, User_Agent=f"aws-cli/2 app/{take('app id', TOKEN)} x")
    agent.ssm("GetParameter", {"Name": "x"}, X_Postern_Query=take("query label", TOKEN))
    agent.ssm("GetParameter", {"Name": "x"}, traceparent=take("traceparent", FIELD), Cookie=take("cookie", FIELD), Referer=take("referer", FIELD))
    agent.ssm(take("operation", r"[A-Za-z0-9]{20,}"), {"Name": "x"})
    agent.ssm("GetParameter", {take("name of a member"): "x"})
    agent.call(take("service", r"[A-Za-z0-9]{20,60}"), body="{}")
    agent.call("ssm", body=take("body that is no JSON"), X_Amz_Target="AmazonSSM.GetParameter")
    agent.stack.send("POST", "/", {"Authorization": f"Bearer {take('bad credential', FIELD)}", "User-Agent": take("agent of nobody", FIELD)}, b"{}")


def answers_with_secrets(agent, leaky, take):
    """One secret in each place of an answer."""
    def ssm():
        return agent.ssm("GetParameter", {"Name": "x"})

    def s3(target="/bucket/key", method="GET"):
        return agent.call("s3", target, method)

    leaky.says(json.dumps({"Parameter": {"Name": "x", "Value": take("answer by model")}}))
    ssm()
    leaky.says(json.dumps({"Parameter": {"Name": take("answer by content"), "ARN": "x"}}))
    ssm()
    leaky.says(json.dumps({"__type": "ValidationException", "message": f"bad value {take('message of JSON')} here"}), 400)
    ssm()
    leaky.says(json.dumps({"__type": take("code of JSON", FIELD), "message": "m"}), 400)
    ssm()
    leaky.says("{}", 400, x_amzn_errortype=take("code in a field", TOKEN))
    ssm()
    leaky.says("{}", x_amzn_requestid=take("request id", TOKEN))
    ssm()
    leaky.says("{}", x_amzn_note=take("field of an answer", FIELD))
    ssm()
    leaky.says(f"<Error><Code>{take('code of XML', TOKEN)}</Code><Message>{take('message of XML', TOKEN)}</Message></Error>", 403, "application/xml")
    s3()
    leaky.says(f"<ListBucketResult><Name>bucket</Name><Contents><Key>{take('XML', TOKEN)}</Key></Contents></ListBucketResult>", 200, "application/xml")
    s3("/bucket?list-type=2")
    leaky.says(f"<DescribeInstancesResponse><requestId>{take('request id of XML', TOKEN)}</requestId></DescribeInstancesResponse>", 200, "text/xml")
    agent.call("ec2", body="Action=DescribeInstances&Version=2016-11-15", kind=FORM)
    leaky.says(take("object"), 200, "text/plain", x_amz_meta_note=take("metadata", FIELD))
    s3()
    leaky.says(b"\xa1" + cbor_text("NextToken") + cbor_text(take("CBOR")), 200, "application/cbor", smithy_protocol="rpc-v2-cbor")
    agent.call("monitoring", "/service/GraniteServiceVersion20100801/operation/ListMetrics", "POST", b"\xa0", "application/cbor",
               smithy_protocol="rpc-v2-cbor")
    leaky.says(json.dumps({"cut": take("answer that breaks off")})[:-1], 200)
    ssm()
    leaky.says("moved", 307, Location=f"https://s3.us-west-2.amazonaws.com/{take('redirect', TOKEN)}")
    s3()


def found_in(path, needles):
    """Which of the needles lie in a file."""
    data = path.read_bytes()
    return [needle for needle in needles if needle in data]


def test_no_secret_is_on_record_anywhere(site, issuer, leaky):
    seed = int(os.environ.get("POSTERN_SEED", random.randrange(1 << 32)))
    print(f"seed: POSTERN_SEED={seed}")
    secrets = Secrets(seed)
    agent = Agent(site, issuer.token())
    while len(secrets.places) < 200:
        requests_with_secrets(agent, leaky, secrets.take)
        answers_with_secrets(agent, leaky, secrets.take)
        leaky.says("{}")
        keys = site.assume(issuer.token(), session=secrets.take("session name", TOKEN))
        try:
            site.client("s3", keys).get_object(Bucket="bucket", Key=secrets.take("key of a signed call", TOKEN))
        except botocore.exceptions.ClientError:
            pass
    time.sleep(2.5)
    recorded = int(site.sql("SELECT count(*) FROM postern_audit.record")[0][0])
    assert recorded > len(secrets.places), "what is looked through is not empty"
    assert int(site.sql("SELECT count(*) FROM postern.approval")[0][0]) > 5
    needles = list(secrets.places)
    leaks = collections.defaultdict(set)
    # The database as text, its files and its write-ahead log as bytes, PostgreSQL's own log among them.
    site.sql("CHECKPOINT", user="postgres")
    dump = subprocess.run(["pg_dump", "-U", "postgres", "postern"], env=site.sourced("admin.env"), capture_output=True, cwd="/",
                          timeout=120, check=True).stdout
    (site.kept / "dump").write_bytes(dump)
    cluster = pathlib.Path((site.home / "cluster-directory").read_text().strip())
    assert any((cluster / "pg_wal").iterdir()) and (cluster / "server.log").stat().st_size > 0
    looked = 0
    for place in (cluster, site.home / "log", site.kept):
        for path in place.rglob("*"):
            if path.is_file():
                looked += path.stat().st_size
                for needle in found_in(path, needles):
                    leaks[secrets.places[needle][:2]].add(str(path.relative_to(place.parent)))
    print(f"{len(needles)} secrets, {recorded} records, {looked >> 20} MiB looked through")
    assert looked > 20 << 20
    assert not leaks, "\n".join(f"{place}: {sorted(paths)}" for place, paths in leaks.items())
