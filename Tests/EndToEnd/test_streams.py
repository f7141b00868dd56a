"""Objects of a size that no buffer holds."""

import hashlib
import os

import boto3.s3.transfer
import botocore.auth
import pytest

pytestmark = pytest.mark.usefixtures("seeded")

SIZE = 100 * 1024 * 1024


@pytest.fixture(scope="module")
def big(tmp_path_factory):
    path = tmp_path_factory.mktemp("big") / "object"
    block = os.urandom(1024 * 1024)
    with path.open("wb") as file:
        for number in range(SIZE // len(block)):
            file.write(number.to_bytes(8, "big") + block[8:])
    return path


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def test_100_mb_go_up_in_one_request_and_down_again(stack, keys, big, tmp_path):
    client = stack.client("s3", keys, read_timeout=300)
    single = boto3.s3.transfer.TransferConfig(multipart_threshold=2 * SIZE)
    client.upload_file(str(big), "e2e-bucket", "big", Config=single)
    client.download_file("e2e-bucket", "big", str(tmp_path / "down"), Config=single)
    assert digest(tmp_path / "down") == digest(big)


def test_100_mb_go_up_in_parts(stack, keys, big, direct, tmp_path):
    parts = boto3.s3.transfer.TransferConfig(multipart_threshold=8 * 1024 * 1024, multipart_chunksize=16 * 1024 * 1024,
                                             max_concurrency=4)
    stack.client("s3", keys, read_timeout=300).upload_file(str(big), "e2e-bucket", "parts", Config=parts)
    direct("s3").download_file("e2e-bucket", "parts", str(tmp_path / "down"))
    assert digest(tmp_path / "down") == digest(big)


def test_a_worker_s_memory_stays_flat(stack, keys, big):
    def resident():
        return sum(int(open(f"/proc/{pid}/statm").read().split()[1]) * 4096 for pid in stack.worker_pids())

    client = stack.client("s3", keys, read_timeout=300)
    single = boto3.s3.transfer.TransferConfig(multipart_threshold=2 * SIZE)
    client.upload_file(str(big), "e2e-bucket", "flat", Config=single)
    before = resident()
    for _ in range(2):
        client.upload_file(str(big), "e2e-bucket", "flat", Config=single)
        for chunk in client.get_object(Bucket="e2e-bucket", Key="flat")["Body"].iter_chunks(1 << 20):
            del chunk
    assert resident() - before < 32 * 1024 * 1024


class UnsignedPayload(botocore.auth.S3SigV4Auth):
    """Signs the head alone, as for a body that nobody knows yet."""

    def payload(self, request):
        return "UNSIGNED-PAYLOAD"


def test_an_object_without_a_length_reaches_s3_without_one(stack, keys, upstream):
    """S3 answers 411 to it; the gateway makes up no length."""
    path = "/e2e-no-length/object"
    headers = stack.sign(keys, "s3", "PUT", path, signer=UnsignedPayload) | {"Transfer-Encoding": "chunked"}
    answer = stack.send("PUT", path, headers, b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n")
    assert upstream.requests, answer.body
    method, target, seen, body = upstream.requests[-1]
    assert (method, target, body) == ("PUT", path, b"hello world")
    assert seen["Transfer-Encoding"] == "chunked" and seen["Content-Length"] is None
