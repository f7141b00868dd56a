"""The programs as systemd runs them: inherited sockets, readiness, watchdog, a restart under load."""

import concurrent.futures
import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import time

import pytest
from stack import REPOSITORY

BINARIES = pathlib.Path(os.environ.get("POSTERN_BINARIES", REPOSITORY / ".build" / "release"))
WATCHDOG = 0.4


class Service:
    """A program with a socket that outlives it, as a .socket unit's does."""

    def __init__(self, stack, name, program):
        self.command = [str(BINARIES / program), "--config", str(stack.home / "etc" / f"{name}.yaml")]
        self.environment = {"PATH": "/usr/bin:/bin", "AWS_ACCESS_KEY_ID": "AKIAPOSTERNDEMO00000",
                            "AWS_SECRET_ACCESS_KEY": "demo-secret-that-opens-nothing-000000000"}
        run = pathlib.Path(stack.sourced("admin.env")["PGHOST"]).parent
        self.path = run / f"{'auth' if program == 'postern-auth' else name}.sock"
        self.log = open(stack.home / "log" / f"service-{name}.log", "ab")
        self.notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notices.bind(f"\0postern-{os.getpid()}-{self.path.stem}")
        self.notices.settimeout(10)
        self.listening = None
        self.process = None

    def listen(self):
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()
        self.listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listening.bind(str(self.path))
        self.listening.listen(511)

    def start(self):
        """Starts the program, and returns once it is ready."""
        listening = self.listening.fileno()
        environment = self.environment | {"LISTEN_FDS": "1", "NOTIFY_SOCKET": f"@postern-{os.getpid()}-{self.path.stem}",
                                          "WATCHDOG_USEC": str(int(WATCHDOG * 1_000_000))}
        # LISTEN_PID is the program's own process id, which a shell that becomes it knows.
        self.process = subprocess.Popen(
            ["/bin/bash", "-c", f'exec 3<&{listening}; export LISTEN_PID=$$; exec "$@"', "bash", *self.command],
            env=environment, pass_fds=[listening], stdin=subprocess.DEVNULL, stderr=self.log)
        self.told(b"READY=1")

    def told(self, word):
        while (said := self.notices.recv(256)) != word:
            assert said == b"WATCHDOG=1", said

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.told(b"STOPPING=1")
        assert self.process.wait(40) == 0

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for end in (self.listening, self.notices):
            if end:
                end.close()


@pytest.fixture(scope="module")
def services(stack, seeded):
    """Both workers and postern-auth, in the place of the stack's own."""
    names = {"worker-1": "postern-worker", "worker-2": "postern-worker", "postern": "postern-auth"}
    services = [Service(stack, name, program) for name, program in names.items()]
    with stack.without("worker-1", "worker-2", "auth"):
        try:
            for service in services:
                service.listen()
                service.start()
            stack.wait_healthy()
            yield services
        finally:
            for service in services:
                service.close()


@pytest.fixture
def calls(stack, keys):
    """Calls that go on from eight threads until they are asked for: how many succeeded, and what failed."""
    end = []

    def work():
        # As SDKs do by default: without retries a run now and then loses a call to a 503 (docs/install.md).
        client = stack.client("ssm", keys, retries=2)
        done, failed = 0, []
        while not end:
            try:
                client.get_parameter(Name="/e2e/password")
                done += 1
            except Exception as error:  # noqa: BLE001 - every failure counts
                failed.append(repr(error))
        return done, failed

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        running = [pool.submit(work) for _ in range(8)]

        def result():
            end.append(True)
            parts = [future.result() for future in running]
            return sum(done for done, _ in parts), [failure for _, failed in parts for failure in failed]

        yield result
        end.append(True)


def test_a_service_reassures_the_watchdog(services):
    for service in services:
        service.notices.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while service.notices.recv(256):
                pass
        service.notices.settimeout(10)
        began = time.monotonic()
        for _ in range(4):
            assert service.notices.recv(256) == b"WATCHDOG=1"
        assert time.monotonic() - began < 4 * WATCHDOG


def test_a_reload_says_when_it_is_done(services):
    for service in services:
        service.process.send_signal(signal.SIGHUP)
        service.told(b"RELOADING=1")
        service.told(b"READY=1")


def test_no_call_of_a_retrying_client_fails_while_every_service_restarts(services, calls):
    time.sleep(1)
    for _ in range(3):
        for service in services:
            service.stop()
            time.sleep(0.3)  # as long as systemd's RestartSec
            service.start()
            time.sleep(0.3)
    done, failed = calls()
    print(f"{done} calls through 9 restarts")
    assert failed == []
    assert done > 100
