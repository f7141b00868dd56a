"""posternctl policy on what a running gateway has recorded, and policies that change while it runs."""

import contextlib
import json
import re

import botocore.exceptions
import pytest

pytestmark = pytest.mark.usefixtures("seeded")


@pytest.fixture(scope="module")
def calls(stack, keys):
    """One call that is masked, one that is refused, one that waits, and the records' ids."""
    stack.client("ssm", keys).get_parameter(Name="/e2e/password")
    for refused in (lambda: stack.client("kms", keys).list_keys(),
                    lambda: stack.client("ssm", keys).put_parameter(Name="/e2e/replay", Value="v", Type="String")):
        with contextlib.suppress(botocore.exceptions.ClientError):
            refused()
    return {operation: identifier for identifier, operation in stack.sql(
        "SELECT id, operation FROM postern_audit.record WHERE kind <> 'outcome' AND operation IS NOT NULL ORDER BY ts")}


def replay(stack, policy, *words):
    return stack.posternctl("policy", "replay", "-p", str(policy), *words)


def in_force(stack):
    """The stack's policy file."""
    text = (stack.home / "etc" / "worker-1.yaml").read_text()
    return re.search(r"\S+policy\S*\.yaml", text).group().strip("[]'\",")


def test_the_policy_in_force_changes_nothing(stack, calls):
    result = replay(stack, in_force(stack))
    assert result.returncode == 0, result.stdout + result.stderr
    assert re.search(r"^[1-9]\d* calls: 0 would be decided otherwise$", result.stdout, re.M)


def test_another_policy_changes_what_it_says(stack, calls, tmp_path):
    new = tmp_path / "new.yaml"
    new.write_text("""
Version: "2012-10-17"
Statement:
  - {Sid: Everything, Effect: Allow, Action: "*", Resource: "*"}
  - {Sid: NoPasswords, Effect: Deny, Action: "ssm:GetParameter", Resource: "arn:aws:ssm:*:*:parameter/e2e/password"}
""")
    result = replay(stack, new, "--since", "yesterday", "--json")
    assert result.returncode == 1, result.stderr
    changes = [json.loads(line) for line in result.stdout.splitlines()]
    by_id = {change["id"]: change for change in changes}
    seen = {change["operation"]: (change["before"], change["after"]) for change in changes}
    assert seen["ssm.GetParameter"] == ("Allow", "Deny")
    assert seen["kms.ListKeys"] == ("Deny", "Allow")
    assert seen["ssm.PutParameter"] == ("RequireApproval", "Allow")
    assert "NoPasswords" in by_id[calls["ssm.GetParameter"]]["statementAfter"]
    words = replay(stack, new, "--operation", "kms.ListKeys")
    assert words.returncode == 1
    assert re.search(r"kms\.ListKeys: Deny -> Allow by Everything", words.stdout), words.stdout


@pytest.mark.parametrize("words", [["--database", "host=/nowhere dbname=x"], ["--since", "when pigs fly"]])
def test_what_cannot_be_found_out_is_no_change_and_no_success(stack, calls, words):
    assert replay(stack, in_force(stack), *words).returncode == 2


def test_a_policy_that_does_not_parse_is_neither_success_nor_change(stack, tmp_path):
    broken = tmp_path / "broken.yaml"
    broken.write_text("Statement: {Effect: Alow, Action: '*', Resource: '*'}")
    result = replay(stack, broken)
    assert result.returncode == 2
    assert "broken.yaml:1:" in result.stderr and 'did you mean "Allow"' in result.stderr


def test_a_recorded_call_is_explained(stack, calls):
    result = stack.posternctl("policy", "explain", "-p", in_force(stack), "--record", calls["ssm.GetParameter"])
    assert result.returncode == 0, result.stderr
    assert "decided then: Allow by ReadAnything" in result.stdout
    assert "now: Allow: ssm:GetParameter on arn:aws:ssm:" in result.stdout
    assert "NobodyMakesUsers" not in result.stdout


def test_a_refused_call_is_explained_by_nginx_request_id(stack, calls):
    request = stack.sql(f"SELECT request_id FROM postern_audit.record WHERE id = '{calls['kms.ListKeys']}'")[0][0]
    result = stack.posternctl("policy", "explain", "-p", in_force(stack), "--record", request.replace("-", ""))
    assert result.returncode == 0, result.stderr
    assert "decided then: Deny\n" in result.stdout and "now: DefaultDeny" in result.stdout


@pytest.mark.parametrize("identifier", ["00000000-0000-7000-8000-000000000000", "no-such-id", "'; DROP TABLE x; --"])
def test_an_id_of_no_call_is_said(stack, identifier):
    result = stack.posternctl("policy", "explain", "-p", in_force(stack), "--record", identifier)
    assert result.returncode != 0
    assert "there is no record of a call" in result.stderr


@pytest.mark.parametrize("call, expected", [
    (["--", "ssm", "get-parameter", "--name", "/e2e/password", "--with-decryption"],
     "ssm:GetParameter on arn:aws:ssm:us-east-1:*:parameter/e2e/password is allowed by ReadAnything"),
    (["--account", "111122223333", "--", "aws", "s3api", "put-object", "--bucket", "b", "--key", "k", "--acl",
      "private", "--region", "eu-west-1"], "s3:PutObjectAcl (Permissions management"),
    (["ssm.PutParameter", "--input", '{"Name": "/a", "Value": "v"}'], "RequireApproval: ssm:PutParameter on arn:aws:ssm:us-east-1:*:parameter/a"),
    (["--", "dynamodb", "transact-write-items", "--transact-items", '[{"Put": {"TableName": "t"}}]'],
     "dynamodb:PutItem on arn:aws:dynamodb:us-east-1:*:table/t is allowed by WriteObjects"),
    (["--", "ec2", "terminate-instances", "--instance-ids", "i-1", "i-2"], "ec2:TerminateInstances (Write"),
])
def test_a_described_call_is_explained_with_its_resources(stack, call, expected):
    result = stack.posternctl("policy", "explain", "-p", in_force(stack), *call)
    assert result.returncode == 0, result.stderr
    assert expected in result.stdout


@pytest.mark.parametrize("call, complaint", [
    (["--", "s3", "cp", "a", "b"], "s3api"), (["--", "ssm", "get-parametre"], "no operation"), (["--", "sms", "x"], "no service"),
    (["ssm.GetParameter", "--input", "[1]"], "not a JSON object"), (["ssm.GetParameter", "--input", "{", "--region", "x"], "not a JSON"),
    (["ssm.GetParameter", "--input", "{}", "--region", "mars-1"], "no region"), ([], "Name a call"),
])
def test_what_is_no_call_is_said(stack, call, complaint):
    result = stack.posternctl("policy", "explain", "-p", in_force(stack), *call)
    assert result.returncode != 0
    assert complaint in result.stderr
