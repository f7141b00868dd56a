"""The main job, with the real AWS CLI and boto3: masked, denied, approved, audited."""

import json
import re

import botocore.exceptions
import pytest
from conftest import PARAMETER, SECRET

pytestmark = pytest.mark.usefixtures("seeded")

APPROVAL = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
CLIENT_ERROR = (254, 255)  # of AWS CLI 2 and 1


def approval_id(text):
    found = APPROVAL.search(text)
    assert found, f"no approval id in: {text}"
    return found.group()


def test_a_secret_comes_back_masked(stack, upstream):
    result = stack.aws("secretsmanager", "get-secret-value", "--secret-id", "e2e/database")
    assert result.returncode == 0, result.stderr
    answer = json.loads(result.stdout)
    assert answer["Name"] == "e2e/database"
    assert answer["SecretString"].startswith("[masked:")
    assert SECRET not in result.stdout + result.stderr
    assert len(upstream.requests) == 1


def test_a_parameter_comes_back_masked_to_boto3(stack, keys):
    parameter = stack.client("ssm", keys).get_parameter(Name="/e2e/password", WithDecryption=True)["Parameter"]
    assert parameter["Value"].startswith("[masked:")
    assert PARAMETER not in str(parameter)


def test_the_same_secret_has_the_same_mask_in_a_session(stack, keys):
    client = stack.client("ssm", keys)
    values = {client.get_parameter(Name="/e2e/password")["Parameter"]["Value"] for _ in range(2)}
    assert len(values) == 1


def test_a_forbidden_call_is_denied_with_the_statement_that_did(stack, upstream):
    result = stack.aws("iam", "create-user", "--user-name", "mallory")
    assert result.returncode in CLIENT_ERROR
    assert "AccessDenied" in result.stderr
    assert "NobodyMakesUsers" in result.stderr
    assert upstream.requests == []


def test_what_no_statement_allows_is_denied(stack, keys, upstream):
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        stack.client("kms", keys).list_keys()
    assert refused.value.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException")
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 403)
    assert upstream.requests == []


@pytest.fixture
def put_parameter():
    return ("ssm", "put-parameter", "--name", "/e2e/colour", "--value", "blue", "--type", "String", "--overwrite")


def test_a_risky_call_waits_for_a_person_and_then_succeeds_once(stack, upstream, direct, put_parameter):
    first = stack.aws(*put_parameter)
    assert first.returncode in CLIENT_ERROR
    assert "AccessDenied" in first.stderr
    assert upstream.requests == []
    identifier = approval_id(first.stderr)

    pending = stack.posternctl("approvals", "list")
    assert identifier in pending.stdout, pending.stderr
    shown = stack.posternctl("approvals", "show", identifier)
    assert "/e2e/colour" in shown.stdout, shown.stderr
    approved = stack.posternctl("approvals", "approve", identifier)
    assert approved.returncode == 0, approved.stdout + approved.stderr

    second = stack.aws(*put_parameter)
    assert second.returncode == 0, second.stderr
    assert direct("ssm").get_parameter(Name="/e2e/colour")["Parameter"]["Value"] == "blue"

    third = stack.aws(*put_parameter)
    assert third.returncode in CLIENT_ERROR, "a grant is for one call"
    assert len(upstream.requests) == 1


def test_an_approval_is_for_exactly_that_call(stack, upstream, put_parameter):
    identifier = approval_id(stack.aws(*put_parameter[:-2], "SecureString", "--overwrite").stderr)
    assert stack.posternctl("approvals", "approve", identifier).returncode == 0
    other = list(put_parameter)
    other[other.index("blue")] = "red"
    assert stack.aws(*other).returncode in CLIENT_ERROR
    assert upstream.requests == []


def test_a_refused_approval_stays_refused(stack, upstream):
    call = ("ssm", "put-parameter", "--name", "/e2e/never", "--value", "x", "--type", "String")
    identifier = approval_id(stack.aws(*call).stderr)
    assert stack.posternctl("approvals", "deny", identifier).returncode == 0
    again = stack.aws(*call)
    assert again.returncode in CLIENT_ERROR and "AccessDenied" in again.stderr
    assert upstream.requests == []


def test_every_call_is_in_the_audit_tables(stack):
    stack.aws("secretsmanager", "get-secret-value", "--secret-id", "e2e/database")
    stack.aws("iam", "create-user", "--user-name", "mallory")
    everything = stack.audited()
    assert "GetSecretValue" in everything and "CreateUser" in everything
    assert "NobodyMakesUsers" in everything
    assert "agent-7" in everything
    assert SECRET not in everything and PARAMETER not in everything


def test_the_request_id_that_the_agent_sees_is_in_the_audit_tables(stack, keys):
    answer = stack.client("secretsmanager", keys).list_secrets()
    identifier = answer["ResponseMetadata"]["HTTPHeaders"]["x-postern-request-id"]
    assert stack.audited_times(identifier) == 1


@pytest.mark.parametrize("role", ["postern_worker", "postern_auditor", "postern_console", "postern_auth"])
@pytest.mark.parametrize("statement", ["DELETE FROM {table}", "UPDATE {table} SET ts = now()", "TRUNCATE {table}"])
def test_no_role_of_a_process_changes_an_audit_row(stack, role, statement):
    tables = [row[0] for row in stack.sql(
        "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = 'postern_audit'"
        " AND tablename ~ '^(record|checkpoint)'")]
    assert len(tables) > 1
    for table in tables:
        with pytest.raises(AssertionError, match="permission denied|append-only"):
            stack.sql(statement.format(table=table), user=role)


def test_the_audit_chain_verifies(stack):
    result = stack.posternctl("audit", "verify")
    assert result.returncode == 0, result.stdout + result.stderr
