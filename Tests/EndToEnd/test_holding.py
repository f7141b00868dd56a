"""Calls that are held while a person looks: approved in time, left by their agent, or held to the end."""

import concurrent.futures
import http.client
import json
import ssl
import time
import uuid

import botocore.exceptions
import pytest
from conftest import keep_logs
from stack import Stack, within
from test_main_job import approval_id
from test_metrics import scrape

POLICY = """
Version: "2012-10-17"
Statement:
  - {Sid: AskLong, Effect: RequireApproval, Action: "ssm:PutParameter", Resource: "arn:aws:ssm:*:*:parameter/long/*",
     Approval: {Approvers: [approvers], Hold: 20s}}
  - {Sid: AskShort, Effect: RequireApproval, Action: "ssm:PutParameter", Resource: "arn:aws:ssm:*:*:parameter/short/*",
     Approval: {Approvers: [approvers], Hold: 2s}}
  - {Sid: Reads, Effect: Allow, Action: "ssm:*", Resource: "*"}
"""


@pytest.fixture(scope="module")
def site(recorder, issuer, tmp_path_factory):
    policy = tmp_path_factory.mktemp("holding") / "policy.yaml"
    policy.write_text(POLICY)
    stack = Stack(POSTERN_UPSTREAM=recorder.url, POSTERN_OIDC_ISSUER=issuer.url, POSTERN_POLICY=policy, POSTERN_WORKERS=2)
    try:
        yield stack.up()
    finally:
        keep_logs(stack)
        stack.down()


@pytest.fixture(scope="module")
def keys(site, issuer):
    return site.assume(issuer.token())


def put(site, keys, name):
    return site.client("ssm", keys).put_parameter(Name=name, Value="x", Type="String", Overwrite=True)


def body_of(name):
    return json.dumps({"Name": name, "Value": "x", "Type": "String", "Overwrite": True}).encode()


def fresh_name(patience):
    return f"/{patience}/{uuid.uuid4().hex[:12]}"


def pending(site, name):
    """The approval that waits for a call about this parameter."""
    rows = site.sql(f"SELECT id FROM postern.approval WHERE state = 'pending' AND resources::text LIKE '%{name}%'")
    return rows[0][0] if rows else None


def decide(site, how, identifier):
    done = site.posternctl("approvals", how, identifier, "--reason", "test")
    assert done.returncode == 0, done.stderr


def sent(recorder, name):
    return sum(name.encode() in body for _, _, _, body in recorder.requests)


def held(site):
    return scrape(site)["postern_held_calls"]


def test_a_call_that_is_approved_while_it_is_held_simply_succeeds(site, keys, upstream):
    name = fresh_name("long")
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        call = pool.submit(put, site, keys, name)
        assert within(10, lambda: pending(site, name)) and not call.done()
        assert sent(upstream, name) == 0
        decide(site, "approve", pending(site, name))
        decided = time.monotonic()
        assert call.result(timeout=10)["ResponseMetadata"]["HTTPStatusCode"] == 200
        assert time.monotonic() - decided < 5, "the decision did not wake the call"
    assert sent(upstream, name) == 1


def test_a_call_that_is_denied_while_it_is_held_is_refused(site, keys, upstream):
    name = fresh_name("long")
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        call = pool.submit(put, site, keys, name)
        assert within(10, lambda: pending(site, name))
        decide(site, "deny", pending(site, name))
        with pytest.raises(botocore.exceptions.ClientError) as refused:
            call.result(timeout=10)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert sent(upstream, name) == 0


def test_a_call_that_nobody_decides_on_is_refused_when_its_hold_ends_and_can_be_repeated(site, keys, upstream):
    name = fresh_name("short")
    began = time.monotonic()
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        put(site, keys, name)
    assert 1.9 < time.monotonic() - began < 15
    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"
    identifier = approval_id(refused.value.response["Error"]["Message"])
    decide(site, "approve", identifier)
    put(site, keys, name)
    assert sent(upstream, name) == 1


def test_an_agent_that_leaves_ends_its_hold_but_not_its_request(site, keys, upstream):
    name = fresh_name("long")
    headers = site.sign(keys, "ssm", "POST", "/", {"Content-Type": "application/x-amz-json-1.1",
                                                    "X-Amz-Target": "AmazonSSM.PutParameter"}, body_of(name))
    agent = http.client.HTTPSConnection("localhost", site.port, context=ssl.create_default_context(cafile=site.ca))
    agent.request("POST", "/", body_of(name), headers)
    assert within(10, lambda: pending(site, name)) and within(5, lambda: held(site) == 1)
    agent.close()
    assert within(10, lambda: held(site) == 0), "the hold outlives its agent"
    assert pending(site, name), "the request went with its agent"
    decide(site, "approve", pending(site, name))
    assert sent(upstream, name) == 0, "made for nobody"
    put(site, keys, name)
    assert sent(upstream, name) == 1


def test_held_calls_take_no_place_from_others(site, keys, upstream):
    # More than both workers have threads (2 x 48).
    names = [fresh_name("long") for _ in range(120)]
    with concurrent.futures.ThreadPoolExecutor(120) as pool:
        calls = [pool.submit(put, site, keys, name) for name in names]
        assert within(15, lambda: held(site) == 120), held(site)
        for _ in range(20):
            site.client("ssm", keys).describe_parameters(MaxResults=10)
        assert held(site) == 120
        denied = site.sql("SELECT postern.decide_approval(id, 'deny', 'https://idp', 'person', NULL, 'r', 'console', NULL) "
                          "FROM postern.approval WHERE state = 'pending' AND resources::text LIKE '%/long/%'",
                          user="postern_console")
        assert denied == [["denied"]] * 120
        for call in calls:
            with pytest.raises(botocore.exceptions.ClientError):
                call.result(timeout=30)
    assert not any(sent(upstream, name) for name in names)
