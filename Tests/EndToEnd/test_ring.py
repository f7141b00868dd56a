"""Keys of the ring change while agents work: no program is told, no session is lost, an old one ends when it must."""

import time

import botocore.exceptions
import pytest
from conftest import keep_logs
from stack import Stack


@pytest.fixture(scope="module")
def site(recorder, issuer, seeded):
    stack = Stack(POSTERN_UPSTREAM=recorder.url, POSTERN_OIDC_ISSUER=issuer.url, POSTERN_WORKERS=2)
    try:
        yield stack.up()
    finally:
        keep_logs(stack)
        stack.down()


def rotate(site, spread, overlap):
    done = site.posternctl("keys", "rotate", "--ring", str(site.home / "etc" / "ring.json"), "--spread", str(spread),
                           "--overlap", str(overlap))
    assert done.returncode == 0, done.stderr


def read(site, keys):
    return site.client("ssm", keys).get_parameter(Name="/e2e/password")["Parameter"]["Name"]


def test_sessions_outlive_a_rotation_and_end_with_their_key(site, issuer):
    old = site.assume(issuer.token())
    rotate(site, spread=3, overlap=8)
    rotated = time.monotonic()
    # Before the new key is used, after it is, with both kinds of session, at both workers.
    while time.monotonic() - rotated < 6:
        assert read(site, old) and read(site, site.assume(issuer.token()))
        time.sleep(0.2)
    new = site.assume(issuer.token())
    time.sleep(max(0, 13 - (time.monotonic() - rotated)))
    for _ in range(4):
        assert read(site, new)
        with pytest.raises(botocore.exceptions.ClientError) as refused:
            read(site, old)
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
