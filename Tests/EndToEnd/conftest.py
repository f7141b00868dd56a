import json
import os
import pathlib
import sys

import boto3
import botocore.credentials
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from conformance import CUSTOMERS  # noqa: E402
from echo import Echo  # noqa: E402
from stack import REGION, UPSTREAM_KEYS, Issuer, Recorder, Stack, moto_server  # noqa: E402

SECRET = "not-a-real-password-7f3a9c"
ACCESS_POINT = "arn:aws:s3:eu-west-1:444455556666:accesspoint/reports"
PARAMETER = "not-a-real-parameter-51d0e2"


def pytest_addoption(parser):
    parser.addoption("--all-operations", action="store_true", help="every operation of the catalogue, not a sample")


@pytest.fixture(scope="session")
def moto():
    with moto_server() as port:
        yield port


@pytest.fixture(scope="session")
def recorder(moto):
    return Recorder(moto)


@pytest.fixture(scope="session")
def issuer():
    return Issuer()


@pytest.fixture(scope="session")
def stack(recorder, issuer):
    """The stack that most tests share: its upstream records, its issuer is the test's."""
    stack = Stack(POSTERN_UPSTREAM=recorder.url, POSTERN_OIDC_ISSUER=issuer.url,
                  POSTERN_POLICY=pathlib.Path(__file__).parent / "policy.yaml", POSTERN_WORKERS=2)
    try:
        stack.up()
        token = stack.home / "agent.jwt"
        token.write_text(issuer.token())
        token.chmod(0o600)
        yield stack
    finally:
        keep_logs(stack)
        stack.down()


@pytest.fixture(scope="session")
def echo(tmp_path_factory):
    """A server in AWS's place that answers everything with the least."""
    echo = Echo(tmp_path_factory.mktemp("echo") / "records")
    yield echo
    echo.stop()


@pytest.fixture(scope="session")
def open_stack(issuer, echo):
    """A stack whose policy allows everything, with the echo as its upstream."""
    stack = Stack(POSTERN_UPSTREAM=echo.url, POSTERN_OIDC_ISSUER=issuer.url,
                  POSTERN_POLICY=pathlib.Path(__file__).parent / "everything.yaml",
                  POSTERN_CUSTOMER_ENDPOINTS=json.dumps({name: [host] for name, host in CUSTOMERS.items()}),
                  POSTERN_ACCESS_POINTS=json.dumps([ACCESS_POINT]),
                  AWS_ACCESS_KEY_ID=UPSTREAM_KEYS.access_key, AWS_SECRET_ACCESS_KEY=UPSTREAM_KEYS.secret_key)
    try:
        yield stack.up()
    finally:
        keep_logs(stack)
        stack.down()


@pytest.fixture(scope="module")
def console(recorder):
    """A stack with the local provider, so that its users can log in."""
    stack = Stack(POSTERN_UPSTREAM=recorder.url, POSTERN_POLICY=pathlib.Path(__file__).parent / "policy.yaml",
                  POSTERN_WORKERS=1)
    try:
        yield stack.up()
    finally:
        keep_logs(stack)
        stack.down()


def keep_logs(stack):
    """CI's only look into a stack that is gone."""
    directory = os.environ.get("POSTERN_TEST_LOGS")
    if directory and (stack.home / "log").is_dir():
        target = pathlib.Path(directory) / stack.home.name
        target.mkdir(parents=True, exist_ok=True)
        for log in (stack.home / "log").iterdir():
            (target / log.name).write_bytes(log.read_bytes()[-200_000:])


@pytest.fixture
def token(issuer):
    return issuer.token()


@pytest.fixture(scope="session")
def keys(stack, issuer):
    """Gateway credentials of one session."""
    return stack.assume(issuer.token())


@pytest.fixture
def upstream(recorder):
    """The recorder, empty."""
    recorder.clear()
    return recorder


@pytest.fixture(scope="session")
def direct(moto):
    """boto3 clients straight to moto, for seeding and for looking behind Postern's back."""
    def client(service):
        return boto3.client(service, endpoint_url=f"http://127.0.0.1:{moto}", region_name=REGION,
                            aws_access_key_id="seed", aws_secret_access_key="seed")
    return client


@pytest.fixture(scope="session")
def seeded(direct):
    """A secret, a parameter and a bucket, all obviously fake."""
    direct("secretsmanager").create_secret(Name="e2e/database", SecretString=SECRET)
    direct("ssm").put_parameter(Name="/e2e/password", Value=PARAMETER, Type="SecureString")
    direct("s3").create_bucket(Bucket="e2e-bucket")
    return direct


@pytest.fixture(scope="session")
def stranger():
    """Credentials that Postern never gave out, shaped like AWS's."""
    return botocore.credentials.Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", None)
