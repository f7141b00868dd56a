"""Clients beside boto3 and the AWS CLI 1: rclone, s3cmd, Debian's AWS CLI 2, and a program on aws-sdk-go-v2 (goclient/).

All of them move a large object through Postern: 64 MiB, the Go program 1 GiB; POSTERN_OBJECT_MIB sets another size.
scripts/test installs what they are made of (packages_for_client_tests in scripts/lib/packages.sh): one that is missing
fails its tests.
"""

import hashlib
import os
import pathlib
import subprocess

import pytest
from conftest import PARAMETER

pytestmark = pytest.mark.usefixtures("seeded")

GO_SOURCE = pathlib.Path(__file__).parent / "goclient"

MIB = 1024 * 1024
SIZES = {client: int(os.environ.get("POSTERN_OBJECT_MIB", size)) * MIB
         for client, size in {"rclone": 64, "s3cmd": 64, "aws": 64, "go": 1024}.items()}
# What a worker may hold more after a large object than before.
ALLOWANCE = 32 * MIB
BUCKET = "e2e-bucket"


@pytest.fixture
def big(tmp_path, client):
    path = tmp_path / "object"
    # Bytes that no detector takes for text: what masking does to others is not asked here.
    block = os.urandom(MIB).translate(bytes(range(128, 256)) * 2)
    with path.open("wb") as file:
        for number in range(SIZES[client] // MIB):
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
    return result.stdout.strip()


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


@pytest.fixture(scope="module")
def go_program(tmp_path_factory):
    """The program, built offline from Debian's packages."""
    directory = tmp_path_factory.mktemp("goclient")
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(directory), "GO111MODULE": "off", "GOPATH": "/usr/share/gocode",
                   "GOCACHE": str(directory / "cache"), "GOPROXY": "off"}
    subprocess.run(["go", "build", "-o", directory / "goclient", "."], cwd=GO_SOURCE, env=environment, check=True,
                   timeout=600)
    return str(directory / "goclient")


@pytest.fixture
def go_environment(stack):
    """What an agent has: a token and a role, no key."""
    agent = stack.sourced("agent.env")
    return {name: value for name, value in agent.items() if name.startswith("AWS_")}


@pytest.fixture
def go(stack, keys, go_program, go_environment):
    """Stands beside the clients above; brings its credentials itself."""
    def go(stack, keys, home):
        return (lambda path, key: run(go_program, "upload", path, BUCKET, key, "SHA256", **go_environment),
                lambda key, path: run(go_program, "download", BUCKET, key, path, **go_environment))
    return go


@pytest.mark.parametrize("client", ["rclone", "s3cmd", "aws", "go"])
def test_a_large_object_makes_the_round_trip(stack, keys, big, tmp_path, client, request):
    make = request.getfixturevalue("go") if client == "go" else {"rclone": rclone, "s3cmd": s3cmd, "aws": aws}[client]
    put, get = make(stack, keys, tmp_path)
    # What a worker keeps for good, it has after a small object.
    small = tmp_path / "small"
    small.write_bytes(os.urandom(MIB))
    put(str(small), "small")
    before = resident(stack)
    put(str(big), client)
    get(client, str(tmp_path / "down"))
    after = resident(stack)
    assert digest(tmp_path / "down") == digest(big)
    (tmp_path / "down").unlink()
    print(f"{client}: {SIZES[client] // MIB} MiB up and down; memory of the workers before "
          f"{[size // MIB for size in before]} MiB, after {[size // MIB for size in after]} MiB")
    assert all(now - then < ALLOWANCE for then, now in zip(before, after))


def test_go_gets_its_credentials_by_web_identity(go_program, go_environment):
    assert not any("KEY" in name for name in go_environment)
    arn = run(go_program, "identity", **go_environment)
    assert arn.startswith("arn:aws:sts::123456789012:"), arn  # moto's answer to whoever asks


def test_go_reads_a_parameter_masked(go_program, go_environment, upstream):
    value = run(go_program, "parameter", "/e2e/password", **go_environment)
    assert value.startswith("[masked:") and PARAMETER not in value
    assert upstream.saw("AmazonSSM.GetParameter")


def test_go_is_told_why_it_may_not(go_program, go_environment, upstream):
    result = subprocess.run([go_program, "create-user", "mallory"], env=go_environment, text=True, capture_output=True,
                            timeout=60)
    assert result.returncode == 1
    assert result.stderr.startswith("AccessDenied: ") and "NobodyMakesUsers" in result.stderr, result.stderr
    assert not upstream.saw("CreateUser")


def test_go_without_a_good_token_is_refused(go_program, go_environment, tmp_path, upstream):
    bad = tmp_path / "token"
    bad.write_text("eyJhbGciOiJub25lIn0.e30.")
    result = subprocess.run([go_program, "identity"], env=go_environment | {"AWS_WEB_IDENTITY_TOKEN_FILE": str(bad)},
                            text=True, capture_output=True, timeout=60)
    assert result.returncode == 1
    assert "InvalidIdentityToken" in result.stderr, result.stderr
    assert not upstream.requests


@pytest.mark.parametrize("algorithm", ["CRC32", "CRC32C", "SHA1", "SHA256"])
def test_go_streams_with_a_checksum_behind_the_body(go_program, go_environment, tmp_path, upstream, direct, algorithm):
    small = tmp_path / "part"
    small.write_bytes(os.urandom(3 * MIB + 17).translate(bytes(range(128, 256)) * 2))
    run(go_program, "stream", str(small), BUCKET, algorithm, algorithm, **go_environment)
    put = next(headers for method, path, headers, _ in upstream.requests if method == "PUT" and algorithm in path)
    assert put["x-amz-trailer"] == f"x-amz-checksum-{algorithm.lower()}"
    assert direct("s3").get_object(Bucket=BUCKET, Key=algorithm)["Body"].read() == small.read_bytes()
    run(go_program, "read", BUCKET, algorithm, str(tmp_path / "down"), **go_environment)
    assert (tmp_path / "down").read_bytes() == small.read_bytes()
