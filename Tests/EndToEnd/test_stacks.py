"""The stack itself: its defaults, and two of them side by side."""

import json
import pathlib
import subprocess

import boto3
import pytest
from stack import REPOSITORY, Stack


@pytest.fixture(scope="module")
def defaults():
    """A stack with nothing set: its own provider, its own moto, the default policy."""
    stack = Stack()
    try:
        yield stack.up()
    finally:
        stack.down()


def moto(stack, service):
    port = (stack.home / "moto.port").read_text().strip()
    return boto3.client(service, endpoint_url=f"http://127.0.0.1:{port}", region_name="us-east-1",
                        aws_access_key_id="seed", aws_secret_access_key="seed")


def test_the_defaults_carry_a_call(defaults):
    moto(defaults, "secretsmanager").create_secret(Name="only-here", SecretString="not-a-real-one-9c21")
    result = defaults.aws("secretsmanager", "get-secret-value", "--secret-id", "only-here")
    assert result.returncode == 0, result.stderr
    assert "not-a-real-one-9c21" not in result.stdout and json.loads(result.stdout)["SecretString"]


def test_two_stacks_are_two_worlds(defaults, stack, keys):
    moto(defaults, "ssm").put_parameter(Name="/apart", Value="x", Type="String")
    assert defaults.aws("ssm", "get-parameter", "--name", "/apart").returncode == 0
    assert stack.aws("ssm", "get-parameter", "--name", "/apart").returncode in (254, 255)
    there = stack.audited()
    assert "agent-7" in there and "agent-m2m" not in there
    foreign = defaults.client("ssm", keys)
    with pytest.raises(Exception, match="UnrecognizedClient|InvalidClientTokenId|security token"):
        foreign.get_parameter(Name="/apart")


def test_up_again_changes_nothing(defaults):
    before = defaults.worker_pids()
    defaults.up()
    assert defaults.worker_pids() == before


def test_status_and_token(defaults):
    assert defaults.run("status").stdout.count(" up") >= 8
    assert defaults.run("token").stdout.count(".") == 2
    assert (defaults.home / "agent.jwt").stat().st_mode & 0o777 == 0o600


def test_down_keeps_the_data(defaults):
    before = defaults.sql("SELECT count(*) FROM postern_audit.calls")
    defaults.run("down")
    assert defaults.run("status", check=False).returncode == 1
    defaults.up()
    assert defaults.sql("SELECT count(*) FROM postern_audit.calls") == before


def test_a_home_with_blanks_works(tmp_path_factory):
    stack = Stack()
    stack.home = pathlib.Path(tmp_path_factory.mktemp("home with blanks"))
    stack.ca = str(stack.home / "tls" / "ca.pem")
    try:
        stack.up()
        assert stack.send("GET", "/_postern/health/ready").status == 200
    finally:
        stack.down()


@pytest.mark.parametrize("variable, value", [
    ("POSTERN_PORT", "http"), ("POSTERN_WORKERS", "0"), ("POSTERN_UPSTREAM", "https://example.com"),
    ("POSTERN_HOME", "/tmp/a'b"), ("POSTERN_POLICY", "/nowhere/policy.yaml"),
])
def test_a_variable_that_cannot_be_is_refused_at_once(variable, value, tmp_path):
    result = subprocess.run([REPOSITORY / "scripts" / "stack", "status" if variable != "POSTERN_POLICY" else "up"],
                            env={"PATH": "/usr/bin:/bin", "POSTERN_HOME": str(tmp_path), variable: value},
                            capture_output=True, text=True)
    assert result.returncode == 1
    assert value in result.stderr
