"""Clients beside boto3 and the AWS CLI 1: rclone, s3cmd and Debian's AWS CLI 2 move a large object through Postern.

POSTERN_OBJECT_MIB sets its size. A client that is not installed is left out: `apt-get install rclone s3cmd awscli`.
"""

import hashlib
import os
import pathlib
import shutil
import subprocess

import pytest

pytestmark = pytest.mark.usefixtures("seeded")

MIB = 1024 * 1024
SIZE = int(os.environ.get("POSTERN_OBJECT_MIB", "64")) * MIB
# What a worker may hold more after a large object than before.
ALLOWANCE = 32 * MIB
BUCKET = "e2e-bucket"


@pytest.fixture(scope="module")
def big(tmp_path_factory):
    path = tmp_path_factory.mktemp("clients") / "object"
    # Bytes that no detector takes for text: what masking does to others is not asked here.
    block = os.urandom(MIB).translate(bytes(range(128, 256)) * 2)
    with path.open("wb") as file:
        for number in range(SIZE // MIB):
            file.write(number.to_bytes(8, "big") + block[8:])
    yield path
    path.unlink()


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def resident(stack):
    """Bytes of memory of each worker process."""
    return [int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 for pid in stack.worker_pids()]


def run(*words, **environment):
    result = subprocess.run(words, env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"} | environment, text=True,
                            stdin=subprocess.DEVNULL, capture_output=True, timeout=900)
    assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-2000:]


def rclone(stack, keys, home):
    options = ["--ca-cert", stack.ca, "--s3-provider", "Other", "--s3-endpoint", stack.url, "--s3-region", "us-east-1",
               "--s3-access-key-id", keys.access_key, "--s3-secret-access-key", keys.secret_key, "--s3-session-token",
               keys.token, "--s3-no-check-bucket", "--s3-upload-cutoff", "5G", "--retries", "1", "--config", ""]
    return (lambda path, key: run("/usr/bin/rclone", *options, "copyto", path, f":s3:{BUCKET}/{key}"),
            lambda key, path: run("/usr/bin/rclone", *options, "copyto", f":s3:{BUCKET}/{key}", path))


def s3cmd(stack, keys, home):
    config = home / "s3cfg"
    config.write_text(f"[default]\naccess_key = {keys.access_key}\nsecret_key = {keys.secret_key}\n"
                      f"access_token = {keys.token}\nhost_base = localhost:{stack.port}\n"
                      f"host_bucket = localhost:{stack.port}\nca_certs_file = {stack.ca}\nuse_https = True\n"
                      "bucket_location = us-east-1\nmultipart_chunk_size_mb = 16\n")
    words = ["/usr/bin/s3cmd", "-c", str(config), "--no-progress"]
    return (lambda path, key: run(*words, "put", path, f"s3://{BUCKET}/{key}"),
            lambda key, path: run(*words, "get", f"s3://{BUCKET}/{key}", path))


def aws(stack, keys, home):
    environment = {"AWS_ACCESS_KEY_ID": keys.access_key, "AWS_SECRET_ACCESS_KEY": keys.secret_key,
                   "AWS_SESSION_TOKEN": keys.token, "AWS_CA_BUNDLE": stack.ca, "AWS_REGION": "us-east-1",
                   "AWS_EC2_METADATA_DISABLED": "true"}
    words = ["/usr/bin/aws", "--endpoint-url", stack.url, "s3", "cp", "--only-show-errors"]
    return (lambda path, key: run(*words, path, f"s3://{BUCKET}/{key}", **environment),
            lambda key, path: run(*words, f"s3://{BUCKET}/{key}", path, **environment))


@pytest.mark.parametrize("client", [rclone, s3cmd, aws], ids=lambda client: client.__name__)
def test_a_large_object_makes_the_round_trip(stack, keys, big, tmp_path, client):
    if shutil.which(f"/usr/bin/{client.__name__}") is None:
        pytest.skip(f"{client.__name__} is not installed")
    put, get = client(stack, keys, tmp_path)
    # What a worker keeps for good, it has after a small object.
    small = tmp_path / "small"
    small.write_bytes(os.urandom(MIB))
    put(str(small), "small")
    before = resident(stack)
    put(str(big), client.__name__)
    get(client.__name__, str(tmp_path / "down"))
    after = resident(stack)
    assert digest(tmp_path / "down") == digest(big)
    print(f"{client.__name__}: {SIZE // MIB} MiB up and down; memory of the workers before "
          f"{[size // MIB for size in before]} MiB, after {[size // MIB for size in after]} MiB")
    assert all(now - then < ALLOWANCE for then, now in zip(before, after))
