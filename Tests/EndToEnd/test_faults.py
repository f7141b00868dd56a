"""What happens when a part is gone."""

import concurrent.futures
import contextlib
import os
import signal
import subprocess
import time

import botocore.exceptions
import pytest

pytestmark = pytest.mark.usefixtures("seeded")

SERVER_ERRORS = (500, 503)


def read(client):
    return client.get_parameter(Name="/e2e/password")["Parameter"]["Value"]


def test_a_stopped_database_closes_the_gate_within_2_seconds(stack, keys, upstream):
    client = stack.client("ssm", keys)
    read(client)
    upstream.clear()
    with stack.stopped(stack.database_pids()):
        began = time.monotonic()
        with pytest.raises(botocore.exceptions.ClientError) as error:
            read(client)
        took = time.monotonic() - began
        assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
        assert error.value.response["Error"]["Code"]
        assert took < 3, f"the deadline of 2 s and the way, but it took {took:.1f} s"
        assert upstream.requests == []
    stack.wait_healthy()
    assert read(client).startswith("[masked:")


def test_a_restarted_database_is_found_again(stack, keys, upstream):
    client = stack.client("ssm", keys)
    stack.sql("SELECT 1")
    os.kill(stack.postmaster_pid(), signal.SIGINT)  # fast shutdown
    time.sleep(1)
    with pytest.raises(botocore.exceptions.ClientError) as error:
        read(client)
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    assert upstream.requests == []
    stack.up()
    stack.wait_healthy()
    assert read(client).startswith("[masked:")


def test_a_killed_worker_costs_no_retrying_client_its_call(stack, keys):
    client = stack.client("ssm", keys, retries=4)
    victim = stack.worker_pids()[0]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        calls = [pool.submit(read, client) for _ in range(40)]
        os.kill(victim, signal.SIGKILL)
        assert all(call.result().startswith("[masked:") for call in calls)
    deadline = time.monotonic() + 10
    while victim in stack.worker_pids() or len(stack.worker_pids()) < 2:
        assert time.monotonic() < deadline, "the supervisor starts it again"
        time.sleep(0.05)
    stack.wait_healthy()


def test_a_hanging_worker_does_not_stop_the_other(stack, keys):
    client = stack.client("ssm", keys, retries=6, read_timeout=2)
    with stack.stopped(stack.worker_pids()[:1]):
        assert read(client).startswith("[masked:")
    stack.wait_healthy()


def test_a_worker_that_is_asked_to_end_finishes_its_calls(stack, keys):
    client = stack.client("ssm", keys, retries=4)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        calls = [pool.submit(read, client) for _ in range(40)]
        os.kill(stack.worker_pids()[1], signal.SIGTERM)
        assert all(call.result().startswith("[masked:") for call in calls)
    stack.wait_healthy()


def test_no_call_fails_while_nginx_is_reloaded_50_times(stack, keys):
    ends = time.monotonic() + 12
    failures, done = [], [0]

    def caller():
        client = stack.client("ssm", keys, retries=2)
        while time.monotonic() < ends:
            try:
                assert read(client).startswith("[masked:")
                done[0] += 1
            except Exception as error:  # noqa: BLE001 - every kind of failure counts
                failures.append(repr(error))

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        callers = [pool.submit(caller) for _ in range(4)]
        master = int((stack.home / "nginx" / "nginx.pid").read_text())
        for _ in range(50):
            os.kill(master, signal.SIGHUP)
            time.sleep(0.2)
        for call in callers:
            call.result()
    assert failures == []
    assert done[0] > 50


def test_a_dead_authenticator_refuses_everything(stack, keys, upstream):
    client = stack.client("ssm", keys)
    with stack.without("auth"), pytest.raises(botocore.exceptions.ClientError) as error:
        read(client)
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    assert upstream.requests == []
    deadline = time.monotonic() + 10
    while True:  # ready tells about the worker; the authenticator fetches the issuer's keys first
        with contextlib.suppress(botocore.exceptions.ClientError):
            read(client)
            break
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_no_process_has_a_secret_in_its_arguments(stack):
    listing = subprocess.run(["ps", "axww", "-o", "args"], capture_output=True, text=True).stdout
    for process in [line for line in listing.splitlines() if str(stack.home) in line]:
        assert "SECRET" not in process.upper() or "console-secret" in process
        assert "demo-secret-that-opens-nothing" not in process


def test_only_the_worker_has_the_aws_credential(stack):
    for name in ("auth.child", "console.child"):
        environment = open(f"/proc/{stack.pid(name)}/environ", "rb").read()
        assert b"AWS_" not in environment
    assert all(b"AWS_SECRET_ACCESS_KEY=" in open(f"/proc/{pid}/environ", "rb").read() for pid in stack.worker_pids())
