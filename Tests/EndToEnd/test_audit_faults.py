"""Every forwarded call has exactly one durable intent, and every outcome an intent: with real workers, whatever dies."""

import collections
import contextlib
import json
import os
import pathlib
import random
import signal
import subprocess
import tempfile
import time

import pytest
from echo import Echo
from load import Load
from stack import Stack, within

REFUSED = "the call was not made"  # what the worker says where it cannot record; nginx's own 503 promises nothing
ENOUGH = 10_000
LONGEST = 120  # seconds


@pytest.fixture
def echo(tmp_path):
    echo = Echo(tmp_path / "records")
    yield echo
    echo.stop()


def a_site(issuer, echo, kept):
    stack = Stack(POSTERN_UPSTREAM=echo.url, POSTERN_OIDC_ISSUER=issuer.url, POSTERN_WORKERS=2,
                  POSTERN_POLICY=pathlib.Path(__file__).parent / "everything.yaml",
                  POSTERN_AUDIT=f'checkpoint_every: 2s, checkpoint_export: {{file: "{kept}"}}')
    stack.kept = kept
    return stack


@pytest.fixture
def site(issuer, echo, tmp_path):
    stack = a_site(issuer, echo, tmp_path / "checkpoints")
    try:
        yield stack.up()
    finally:
        stack.down()


def forwarded(echo):
    """How often each call's name reached the upstream."""
    return collections.Counter(json.loads(record["body"])["Name"] for record in echo.records()
                               if record["tag"] == "load")


class Trail:
    """What the audit has of the calls."""

    def __init__(self, stack):
        rows = stack.sql("SELECT parameters->>'Name', id FROM postern_audit.record WHERE kind = 'intent'")
        self.intents = collections.Counter(name for name, _ in rows)
        self.names = {identifier: name for name, identifier in rows}
        assert len(self.names) == len(rows), "no two intents of one id"
        self.outcomes = {}
        for identifier, code in stack.sql("SELECT id, coalesce(error_code, '') FROM postern_audit.record WHERE kind = 'outcome'"):
            assert identifier in self.names, "every outcome has an intent"
            assert identifier not in self.outcomes, "and no intent two"
            self.outcomes[identifier] = code

    def check(self, sent, results):
        for name, count in sent.items():
            assert count == 1, f"{name} was sent {count} times"
            assert self.intents[name] == 1, f"{name} was forwarded and has {self.intents[name]} intents"
        for identifier, code in self.outcomes.items():
            if code == "AuditDeadlineExceeded":
                assert sent[self.names[identifier]] == 0, "its outcome says that it was never forwarded"
        for name, status, message, _ in results:
            if status == 200:
                assert sent[name] == 1
            elif REFUSED in (message or ""):
                assert sent[name] == 0, f"{name}: refused, but sent"

    def unknown(self):
        """Names of the calls whose outcome nobody knows."""
        return {name for identifier, name in self.names.items() if identifier not in self.outcomes}


def verified(stack):
    result = stack.posternctl("audit", "verify", "--checkpoint", str(stack.kept))
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout.strip()


def kill_a_worker(stack, chance):
    with contextlib.suppress(ProcessLookupError, IndexError):
        os.kill(chance.choice(stack.worker_pids()), signal.SIGKILL)
    return 1


def stop_the_database(stack, chance):
    with stack.stopped(stack.database_pids()):
        time.sleep(chance.uniform(0.2, 3.5))
    return 0


def restart_the_database(stack, chance):
    os.kill(stack.postmaster_pid(), chance.choice([signal.SIGINT, signal.SIGQUIT]))  # fast, immediate
    time.sleep(chance.uniform(0.3, 1.5))
    stack.up()
    return 0


def test_every_forwarded_call_has_one_intent_whatever_dies(site, echo, issuer):
    seed = int(os.environ.get("POSTERN_SEED", random.randrange(1 << 32)))
    print(f"seed: POSTERN_SEED={seed}")
    chance = random.Random(seed)
    load = Load(site, issuer.token())
    faults, kills = collections.Counter(), 0
    began = time.monotonic()
    while time.monotonic() - began < LONGEST:
        time.sleep(chance.uniform(0.1, 1.2))
        fault = chance.choices([kill_a_worker, stop_the_database, restart_the_database], [6, 1, 1])[0]
        kills += fault(site, chance)
        faults[fault.__name__] += 1
        is_through = len(faults) == 3 and kills >= 10
        if is_through and int(site.sql("SELECT count(*) FROM postern_audit.record WHERE kind = 'intent'")[0][0]) >= ENOUGH:
            break
    site.wait_healthy()
    results = load.end()
    time.sleep(2.5)  # the outcomes of the last calls
    sent, trail = forwarded(echo), Trail(site)
    slowest = max(seconds for _, status, _, seconds in results if status == 503)
    print(f"{len(results)} calls, {sum(sent.values())} forwarded, {len(trail.unknown())} of unknown outcome, {dict(faults)}, "
          f"slowest refusal {slowest:.2f} s, {time.monotonic() - began:.0f} s")
    assert sum(sent.values()) >= ENOUGH
    trail.check(sent, results)
    # A connection has one call at a time: only those of a killed worker can have lost their outcome.
    assert len(trail.unknown()) <= kills * 16
    print(verified(site))


@pytest.fixture
def small_disk():
    """A file system of 160 MB, for the database."""
    place = pathlib.Path(tempfile.mkdtemp(prefix="postern-disk."))
    place.chmod(0o755)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=160m,mode=755", "tmpfs", place], capture_output=True).returncode:
        place.rmdir()
        pytest.skip("no right to mount a file system")
    yield place
    subprocess.run(["umount", place], check=True)
    place.rmdir()


@pytest.fixture
def small_site(issuer, echo, small_disk, tmp_path):
    """A stack whose database lives there."""
    stack = a_site(issuer, echo, tmp_path / "checkpoints")
    cluster = small_disk / "cluster"
    subprocess.run(["install", "-d", "-m", "0700", *(["-o", "postgres"] if os.getuid() == 0 else []), cluster], check=True)
    (stack.home / "cluster-directory").write_text(f"{cluster}\n")
    stack.cluster = cluster
    try:
        yield stack.up()
    finally:
        stack.down()


def fill(place):
    """Leaves no room at all."""
    with open(place / "ballast", "wb") as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(65_536))
            file.flush()


def test_a_full_disk_closes_the_gate_and_an_empty_one_opens_it(small_site, echo, issuer, small_disk):
    site = small_site
    workers = site.worker_pids()
    load = Load(site, issuer.token(), connections=4)
    assert within(20, lambda: len(forwarded(echo)) > 200)
    fill(small_disk)
    full = time.monotonic()
    # What the write-ahead log and the tables have in reserve is used up first.
    assert within(60, lambda: site.send("GET", "/_postern/health/ready").status == 503), "a full disk closes the gate"
    time.sleep(3)
    before = len(forwarded(echo))
    time.sleep(3)
    assert len(forwarded(echo)) == before, "nothing is forwarded"
    print(f"closed within {time.monotonic() - full - 6:.1f} s of the disk being full")
    (small_disk / "ballast").unlink()
    database_died = not is_running(site.cluster)
    if database_died:  # a full disk under the write-ahead log ends PostgreSQL: its operator starts it again
        site.up()
    site.wait_healthy(30)
    assert within(20, lambda: len(forwarded(echo)) > before + 200), "calls are served again"
    assert site.worker_pids() == workers, "no worker was started anew"
    results = load.end()
    time.sleep(2.5)
    refused = [(status, message, seconds) for _, status, message, seconds in results if status != 200]
    assert refused and all(status == 503 and REFUSED in message for status, message, _ in refused), refused[:3]
    slowest = max(seconds for *_, seconds in refused)
    print(f"{len(results)} calls, {len(refused)} refused, the slowest in {slowest:.2f} s; PostgreSQL died: {database_died}")
    assert slowest < 3, "the deadline of 2 s and the way"
    Trail(site).check(forwarded(echo), results)
    print(verified(site))


def is_running(cluster):
    """Whether a PostgreSQL server is there."""
    try:
        os.kill(int((cluster / "postmaster.pid").read_text().split()[0]), 0)
    except (FileNotFoundError, ProcessLookupError):
        return False
    return True
