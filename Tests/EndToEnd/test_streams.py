"""Objects of a size that no buffer holds."""

import hashlib
import os

import boto3.s3.transfer
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
