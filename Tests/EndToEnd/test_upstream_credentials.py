"""The gateway's own credentials: replaced when AWS no longer takes one, and telling AWS who the agent is."""

import pathlib
import re
import uuid

import botocore.exceptions
import pytest
from conftest import keep_logs
from fake_aws import FakeAWS
from stack import ROLE, Stack, cbor_text

ASSUMED = "arn:aws:iam::111122223333:role/assumed"
BEHIND = "arn:aws:iam::444455556666:role/behind"
POLICY = pathlib.Path(__file__).parent / "everything.yaml"


def with_assumed_role(text):
    role = (f'  - {{arn: "{ASSUMED}", trust: {{StringLike: {{"oidc:sub": "*"}}}}, credentials: "{BEHIND}", '
            'external_id: "site/1"}\n')
    return text if ASSUMED in text else text.replace("session: {", role + "session: {")


@pytest.fixture(scope="module")
def aws():
    return FakeAWS()


@pytest.fixture(scope="module")
def site(aws, issuer, tmp_path_factory):
    """A stack whose gateway has its credential from a container endpoint."""
    token = tmp_path_factory.mktemp("container") / "token"
    token.write_text("Bearer container-token\n")
    stack = Stack(POSTERN_UPSTREAM=aws.url, POSTERN_OIDC_ISSUER=issuer.url, POSTERN_POLICY=POLICY, POSTERN_WORKERS=1,
                  AWS_CONTAINER_CREDENTIALS_FULL_URI=f"{aws.url}/credentials",
                  AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=token)
    try:
        stack.up()
        assert stack.reconfigure(with_assumed_role)
        CALLS["ssm"](stack, stack.assume(issuer.token()))  # from now on the gateway has its own credential
        yield stack
    finally:
        keep_logs(stack)
        stack.down()


@pytest.fixture
def keys(site, issuer, aws):
    """A session of its own, for which the gateway assumes a role of its own."""
    aws.good = lambda number: True
    aws.calls.clear()
    aws.assumed.clear()
    return site.assume(issuer.token(), role=ASSUMED, session=f"q-{uuid.uuid4().hex[:8]}")


def cloudwatch(site, keys):
    headers = site.sign(keys, "monitoring", "POST", "/service/GraniteServiceVersion20100801/operation/ListMetrics",
                        {"Content-Type": "application/cbor", "Smithy-Protocol": "rpc-v2-cbor"}, b"\xa0")
    return site.send("POST", "/service/GraniteServiceVersion20100801/operation/ListMetrics", headers, b"\xa0")


CALLS = {
    "ssm": lambda site, keys: site.client("ssm", keys).describe_parameters(),
    "dynamodb": lambda site, keys: site.client("dynamodb", keys).list_tables(),
    "iam": lambda site, keys: site.client("iam", keys).list_users(),
    "sns": lambda site, keys: site.client("sns", keys).list_topics(),
    "ec2": lambda site, keys: site.client("ec2", keys).describe_regions(),
    "lambda": lambda site, keys: site.client("lambda", keys).list_functions(),
    "s3": lambda site, keys: site.client("s3", keys).list_buckets(),
}


def no_longer_good(aws, *numbers):
    aws.good = lambda number: number not in numbers


@pytest.mark.parametrize("service", CALLS)
def test_a_call_whose_credential_expired_is_sent_again_with_a_fresh_one(site, aws, keys, service):
    expired = aws.issued + 1  # what the first call of this session will be signed with
    no_longer_good(aws, expired)
    CALLS[service](site, keys)
    assert [call for call in aws.calls if call[0] == service] == [(service, expired), (service, expired + 1)]
    assert len(aws.assumed) == 2
    CALLS[service](site, keys)
    assert aws.calls[-1] == (service, expired + 1), "the fresh one stays"


def test_so_is_one_in_cbor(site, aws, keys):
    expired = aws.issued + 1
    no_longer_good(aws, expired)
    answer = cloudwatch(site, keys)
    assert answer.status == 200, answer
    assert [call for call in aws.calls if call[0] == "monitoring"] == [("monitoring", expired), ("monitoring", expired + 1)]


def test_a_call_is_sent_again_once_and_then_told_what_aws_says(site, aws, keys):
    own = aws.issued
    aws.good = lambda number: number <= own
    with pytest.raises(botocore.exceptions.ClientError) as error:
        CALLS["ssm"](site, keys)
    assert error.value.response["Error"]["Code"] == "ExpiredTokenException"
    assert len([call for call in aws.calls if call[0] == "ssm"]) == 2
    aws.calls.clear()
    for _ in range(3):
        with pytest.raises(botocore.exceptions.ClientError):
            CALLS["ssm"](site, keys)
    assert len([call for call in aws.calls if call[0] == "ssm"]) == 3, "no storm of calls"
    assert len(aws.assumed) == 2, "nor of credentials"


def test_cbor_is_told_too(site, aws, keys):
    own = aws.issued
    aws.good = lambda number: number <= own
    answer = cloudwatch(site, keys)
    assert answer.status == 400
    assert cbor_text("x#ExpiredTokenException") in answer.body


@pytest.mark.parametrize("streaming", [True, False], ids=["aws-chunked", "plain"])
def test_a_streamed_upload_is_not_sent_again_but_the_next_one_has_the_fresh_credential(site, aws, keys, streaming):
    expired = aws.issued + 1
    no_longer_good(aws, expired)
    config = {} if streaming else {"request_checksum_calculation": "when_required"}
    s3 = site.client("s3", keys, s3={"addressing_style": "path"}, **config)
    with pytest.raises(botocore.exceptions.ClientError) as error:
        s3.put_object(Bucket="bucket", Key="key", Body=b"x" * 100_000)
    assert error.value.response["Error"]["Code"] == "ExpiredToken"
    assert [call for call in aws.calls if call[0] == "s3"] == [("s3", expired)]
    s3.put_object(Bucket="bucket", Key="key", Body=b"x" * 100_000)
    assert aws.calls[-1] == ("s3", expired + 1)


def test_another_refusal_is_not_asked_about_twice(site, aws, keys, monkeypatch):
    import fake_aws
    denied = (400, "application/x-amz-json-1.1", b'{"__type":"AccessDeniedException","message":"no"}', {})
    monkeypatch.setitem(fake_aws.REFUSALS, "ssm", denied)
    own = aws.issued
    aws.good = lambda number: number <= own
    with pytest.raises(botocore.exceptions.ClientError) as error:
        CALLS["ssm"](site, keys)
    assert error.value.response["Error"]["Code"] == "AccessDeniedException"
    assert len([call for call in aws.calls if call[0] == "ssm"]) == 1


def test_the_audit_has_one_call_whatever_it_took(site, aws, keys):
    no_longer_good(aws, aws.issued + 1)
    answer = CALLS["dynamodb"](site, keys)
    identifier = answer["ResponseMetadata"]["HTTPHeaders"]["x-postern-request-id"]
    assert site.audited_times(identifier) == 1


def test_the_gateways_own_credential_is_asked_for_as_containers_do_and_replaced_too(site, aws, issuer):
    aws.good = lambda number: True
    keys = site.assume(issuer.token(), role=ROLE)
    CALLS["ssm"](site, keys)
    expired = aws.calls[-1][1]
    no_longer_good(aws, expired)
    aws.calls.clear()
    CALLS["ssm"](site, keys)
    assert [number for _, number in aws.calls] == [expired, aws.issued]


def test_an_own_credential_that_sts_no_longer_takes_is_replaced_as_well(site, aws, issuer):
    aws.good = lambda number: True
    import time
    time.sleep(10.5)  # one replacement in ten seconds: agents can provoke them
    CALLS["ssm"](site, site.assume(issuer.token(), role=ROLE))
    own = aws.calls[-1][1]
    no_longer_good(aws, own)
    aws.calls.clear()
    CALLS["ssm"](site, site.assume(issuer.token(), role=ASSUMED, session="q-own"))
    assert [service for service, _ in aws.calls] == ["sts", "sts", "ssm"]


# CloudTrail names the agent: against moto's STS.


@pytest.fixture(scope="module")
def moto_site(recorder, issuer, seeded):
    seeded("iam").create_role(RoleName="behind", AssumeRolePolicyDocument="{}")
    stack = Stack(POSTERN_UPSTREAM=recorder.url, POSTERN_OIDC_ISSUER=issuer.url, POSTERN_POLICY=POLICY, POSTERN_WORKERS=1)
    try:
        stack.up()
        assert stack.reconfigure(with_assumed_role)
        yield stack
    finally:
        keep_logs(stack)
        stack.down()


def assume_role_forms(upstream):
    import urllib.parse
    return [dict(urllib.parse.parse_qsl(body.decode())) for _, _, headers, body in upstream.requests
            if headers["Host"] == "sts.us-east-1.amazonaws.com" and b"Action=AssumeRole" in body]


def tags(form):
    return {form[f"Tags.member.{n}.Key"]: form[f"Tags.member.{n}.Value"] for n in range(1, 10) if f"Tags.member.{n}.Key" in form}


def test_sts_is_told_who_calls_and_the_call_is_made_with_what_it_gives(moto_site, issuer, upstream):
    keys = moto_site.assume(issuer.token(sub="auth0|agent=7"), role=ASSUMED, session="query-8f3a")
    found = moto_site.client("ssm", keys, user_agent_appid="claude-code").describe_parameters()
    assert found["Parameters"] == [], "moto looks into the account of the role that was assumed: it has none"
    form, = assume_role_forms(upstream)
    assert form["RoleArn"] == BEHIND and form["ExternalId"] == "site/1" and form["DurationSeconds"] == "3600"
    assert form["RoleSessionName"] == keys.access_key, "the session as the audit names it"
    assert form["SourceIdentity"] == "auth0=7cagent=3d7"
    assert tags(form) == {
        "postern:session": keys.access_key, "postern:issuer": issuer.url, "postern:subject": "auth0=7cagent=3d7",
        "postern:query": "query-8f3a", "postern:app": "claude-code"}
    _, _, headers, _ = next(request for request in upstream.requests if "DescribeParameters" in (request[2]["X-Amz-Target"] or ""))
    used = re.search(r"Credential=(\w+)/", headers["Authorization"]).group(1)
    assert used.startswith(("ASIA", "LSIA")) and used != keys.access_key
    assert headers["X-Amz-Security-Token"] and headers["X-Amz-Security-Token"] != keys.token
    row, = moto_site.sql(f"SELECT DISTINCT subject, query_id, app FROM postern_audit.record WHERE session_id = '{keys.access_key}'"
                         " AND kind = 'intent'")
    assert row == ["auth0|agent=7", "query-8f3a", "claude-code"]


def test_one_session_is_assumed_once_and_another_never_shares_it(moto_site, issuer, upstream):
    sessions = [moto_site.assume(issuer.token(sub=f"agent-{n}"), role=ASSUMED) for n in (1, 2)]
    for _ in range(3):
        for keys in sessions:
            moto_site.client("ssm", keys).describe_parameters()
    assert sorted(form["SourceIdentity"] for form in assume_role_forms(upstream)) == ["agent-1", "agent-2"]


@pytest.mark.parametrize("subject", ["x", "a" * 65, "sys|" * 30, "repo:acme/app:ref:refs/heads/main", "aws:thing", "a b"])
def test_no_subject_leaves_sts_s_character_set_or_is_cut(moto_site, issuer, upstream, subject):
    keys = moto_site.assume(issuer.token(sub=subject), role=ASSUMED)
    moto_site.client("ssm", keys).describe_parameters()
    form, = assume_role_forms(upstream)
    assert re.fullmatch(r"[\w+=,.@-]{2,64}", form["SourceIdentity"], re.ASCII)
    assert not form["SourceIdentity"].startswith("aws:")
    value = tags(form)["postern:subject"]
    assert re.fullmatch(r"[\w.:/=+@ -]{1,256}", value, re.ASCII)
    assert re.sub(r"=(..)", lambda m: bytes.fromhex(m.group(1)).decode(), value) == subject, "nothing is lost"


def test_a_subject_that_no_tag_can_hold_is_refused_and_nothing_is_sent(moto_site, issuer, upstream):
    keys = moto_site.assume(issuer.token(sub="|" * 100), role=ASSUMED)
    with pytest.raises(botocore.exceptions.ClientError) as error:
        moto_site.client("ssm", keys).describe_parameters()
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert "longer" in str(error.value)
    assert upstream.requests == []
