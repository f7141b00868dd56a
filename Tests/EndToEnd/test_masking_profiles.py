"""Masking profiles of the configuration: what answers keep, and calls that carry a secret away."""

import io
import json
import textwrap
import uuid
import zipfile

import botocore.config
import botocore.exceptions
import pytest

from stack import Stack

TOKEN = "gh" + "p_" + "q7Zp2Lk9Xw4Rt8Vb1Nc5Hd6Jf3Gm0Ks4Ty2Ua"
PROFILES = """
strict: {requests: deny, unreadable: deny}
asking: {requests: ask}
own:
  detectors: {email: off}
  excepted:
    - {operation: ssm.GetParameter, path: Parameter/Value}
  members:
    - {operation: ssm.DescribeParameters, path: Parameters/Description}
  own:
    - type: acme-key
      pattern: 'acme_[0-9a-f]{12}'
      context: [vault]
      tests: {masks: ["vault acme_0123456789ab"], keeps: ["acme_0123456789ab"]}
"""
POLICY = """
Version: "2012-10-17"
Statement:
  - {Sid: Strict, Effect: Allow, Action: ["s3:*", "logs:*"], Resource: "*", Mask: strict}
  - {Sid: Asking, Effect: Allow, Action: ["sns:*", "secretsmanager:*"], Resource: "*", Mask: asking}
  - {Sid: Own, Effect: Allow, Action: "ssm:*", Resource: "*", Mask: own}
  - {Sid: Plain, Effect: Allow, Action: "sqs:*", Resource: "*"}
"""


@pytest.fixture(scope="module")
def guarded(recorder, issuer, tmp_path_factory):
    """A stack with profiles of its own."""
    directory = tmp_path_factory.mktemp("profiles")
    directory.joinpath("masking.yaml").write_text(PROFILES.strip() + "\n")
    directory.joinpath("policy.yaml").write_text(POLICY)
    stack = Stack(POSTERN_UPSTREAM=recorder.url, POSTERN_OIDC_ISSUER=issuer.url, POSTERN_WORKERS=1,
                  POSTERN_MASKING=directory / "masking.yaml", POSTERN_POLICY=directory / "policy.yaml")
    try:
        yield stack.up()
    finally:
        stack.down()


@pytest.fixture(scope="module")
def agent(guarded, issuer):
    keys = guarded.assume(issuer.token())
    return lambda service, **config: guarded.client(service, keys, **config)


@pytest.fixture(scope="module")
def bucket(direct):
    direct("s3").create_bucket(Bucket="guarded-bucket")
    return "guarded-bucket"


def archive():
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        file.writestr("a.txt", "hello")
    return data.getvalue()


def denied(call, *words):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call()
    error = caught.value.response["Error"]
    assert error["Code"] in ("AccessDenied", "AccessDeniedException"), error
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    for word in words:
        assert word in error["Message"], error["Message"]
    return error["Message"]


@pytest.mark.parametrize("text", [TOKEN, f"config:\n  token: {TOKEN}\n", json.dumps({"a": {"b": f"x {TOKEN}"}})])
def test_an_object_with_a_secret_is_not_uploaded(guarded, agent, bucket, upstream, text):
    denied(lambda: agent("s3").put_object(Bucket=bucket, Key="config", Body=text.encode()), "github-token (1)")
    assert not [path for _, path, _, _ in upstream.requests if "config" in path]
    audited = guarded.audited()
    assert "github-token (1)" in audited
    assert TOKEN not in audited


def test_its_metadata_and_its_name_are_looked_at_too(agent, bucket, upstream):
    denied(lambda: agent("s3").put_object(Bucket=bucket, Key="a", Body=b"x", Metadata={"note": TOKEN}), "github-token")
    denied(lambda: agent("s3").put_object(Bucket=bucket, Key=f"a/{TOKEN}", Body=b"x"), "github-token")
    assert not upstream.requests


@pytest.mark.parametrize("signed", [True, False])
def test_an_object_without_one_is_uploaded_as_it_is(agent, bucket, direct, signed):
    client = agent("s3", s3={"payload_signing_enabled": signed})
    body = ("one line of text, sha256:" + "0a1b2c3d" * 8 + "\n").encode() * 50_000
    client.put_object(Bucket=bucket, Key="clean", Body=body)
    assert direct("s3").get_object(Bucket=bucket, Key="clean")["Body"].read() == body


def test_what_cannot_be_inspected_follows_the_profile(agent, bucket, direct):
    denied(lambda: agent("s3").put_object(Bucket=bucket, Key="a.zip", Body=archive()), "cannot be inspected", "zip")
    large = b"line of text\n" * (3 << 20)
    denied(lambda: agent("s3").put_object(Bucket=bucket, Key="large", Body=large), "longer than 32 MiB")
    direct("s3").put_object(Bucket=bucket, Key="archive", Body=archive())
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        agent("s3").get_object(Bucket=bucket, Key="archive")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 502
    assert "zip" in caught.value.response["Error"]["Message"]


def test_log_lines_with_a_secret_are_not_written(agent, direct):
    name = f"group-{uuid.uuid4()}"
    direct("logs").create_log_group(logGroupName=name)
    direct("logs").create_log_stream(logGroupName=name, logStreamName="a")
    put = lambda text: agent("logs").put_log_events(  # noqa: E731
        logGroupName=name, logStreamName="a", logEvents=[{"timestamp": 1, "message": text}])
    denied(lambda: put(f"retrying with DB_PASSWORD=Tr0ub4dor-{TOKEN[5:9]}"), "secret (1)")


def test_a_message_with_a_secret_waits_for_a_person(guarded, agent, direct):
    topic = direct("sns").create_topic(Name="guarded")["TopicArn"]
    publish = lambda text: agent("sns").publish(TopicArn=topic, Message=text)  # noqa: E731
    assert publish("all is well")["MessageId"]
    text = denied(lambda: publish(f"use {TOKEN}"), "needs approval, because the call carries", "github-token (1)")
    identifier = text.split("Approval ")[1].split()[0]
    assert guarded.posternctl("approvals", "approve", identifier).returncode == 0
    assert publish(f"use {TOKEN}")["MessageId"]
    rows = guarded.sql("SELECT findings FROM postern_audit.calls WHERE operation = 'sns.Publish' ORDER BY ts")
    assert json.loads(rows[-1][0]) == {"request-github-token": 1}
    assert TOKEN not in guarded.audited()


def test_places_for_secrets_take_secrets(agent):
    name = f"e2e/{uuid.uuid4()}"
    assert agent("secretsmanager").create_secret(Name=name, SecretString=TOKEN)["Name"] == name
    client = agent("secretsmanager", retries=0)
    assert client.put_secret_value(SecretId=name, SecretString=json.dumps({"password": TOKEN}))["Name"] == name


def test_the_default_profile_does_not_look_at_calls(agent, direct):
    url = direct("sqs").create_queue(QueueName="plain")["QueueUrl"]
    assert agent("sqs").send_message(QueueUrl=url, MessageBody=TOKEN)["MessageId"]


def test_answers_are_masked_by_the_profile_that_the_statement_names(agent, direct):
    ssm = direct("ssm")
    ssm.put_parameter(Name="/own/plain", Value=f"{TOKEN} jane.doe@example.org", Type="String", Description="some words")
    ssm.put_parameter(Name="/own/note", Value="x", Type="String", Description="y",
                      Tags=[{"Key": "vault", "Value": "acme_0123456789ab"}, {"Key": "mail", "Value": "jane.doe@example.org"}])
    client = agent("ssm")
    assert client.get_parameter(Name="/own/plain")["Parameter"]["Value"] == f"{TOKEN} jane.doe@example.org"
    values = {tag["Key"]: tag["Value"] for tag in client.list_tags_for_resource(
        ResourceType="Parameter", ResourceId="/own/note")["TagList"]}
    assert values["mail"] == "jane.doe@example.org"
    # Other tests of the session have parameters too: more than one page of them.
    pages = client.get_paginator("describe_parameters").paginate()
    described = [item for page in pages for item in page["Parameters"] if item["Name"].startswith("/own/")]
    assert {item["Description"][:15] for item in described} == {"[masked:secret:"}


def test_posternctl_runs_the_very_profile(guarded, tmp_path):
    configuration = str(guarded.home / "etc" / "postern.yaml")
    table = tmp_path / "cases.yaml"
    table.write_text(textwrap.dedent(f"""
        - name: own detector
          body: 'vault: acme_0123456789ab of jane.doe@example.org'
          masks: [acme_0123456789ab]
          keeps: [jane.doe@example.org]
          finds: {{acme-key: 1}}
        - {{name: no context, body: 'acme_0123456789ab', keeps: [acme_0123456789ab]}}
        - {{name: member, operation: ssm.GetParameter, content_type: application/json,
            body: '{{"Parameter":{{"Type":"SecureString","Value":"{TOKEN}"}}}}', keeps: ["{TOKEN}"]}}
    """))
    run = lambda *words: guarded.posternctl("mask", "test", str(table), "--config", configuration, *words)  # noqa: E731
    good = run("--profile", "own")
    assert (good.returncode, good.stdout) == (0, "3 cases, 0 failures\n"), good.stdout + good.stderr
    bad = run("--profile", "strict")
    assert bad.returncode != 0
    assert "own detector: not masked: acme_0123456789ab" in bad.stdout
    assert "3 cases, 2 failures" in bad.stdout
    missing = run("--profile", "nowhere")
    assert missing.returncode != 0
    assert "there are asking, default, own, strict" in missing.stderr


@pytest.mark.parametrize("right, wrong, message", [
    ("jwt", "Mask: stricter", "Mask: stricter, which the configuration's masking.profiles do not have"),
    ("pattern: 'acme_[0-9a-f]{12}'", "pattern: 'acme_('", "detector acme-key: its pattern"),
    ("masks: [\"vault acme", "masks: [\"vault acm", "it finds nothing in"),
    ("email: off", "emial: off", "nothing is called emial"),
    ("ssm.GetParameter,", "ssm.GetParamter,", "AWS has no operation ssm.GetParamter"),
])
def test_config_check_refuses_a_profile_by_its_line(guarded, tmp_path, right, wrong, message):
    text = (guarded.home / "etc" / "postern.yaml").read_text()
    if message.startswith("Mask"):
        policy = tmp_path / "policy.yaml"
        policy.write_text(POLICY.replace("Mask: strict", wrong))
        text = text.replace(text.split("policy: [")[1].split("]")[0], f'"{policy}"')
    else:
        assert right in text
        text = text.replace(right, wrong)
    broken = tmp_path / "postern.yaml"
    broken.write_text(text)
    result = guarded.posternctl("config", "check", str(broken))
    assert result.returncode != 0
    assert message in result.stderr
    if not message.startswith("Mask"):
        assert f"{broken}:" in result.stderr
