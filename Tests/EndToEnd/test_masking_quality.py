"""What the masking engine finds and what it leaves, on labelled answers of a fixed seed: docs/masking.md has the aims."""

import os
import pathlib
import subprocess
import sys

import pytest

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "scripts"
PROGRAM = pathlib.Path(os.environ.get("POSTERN_BINARIES", SCRIPTS.parent / ".build" / "release")) / "postern-bench-masking"


@pytest.mark.parametrize("options, recall", [
    (["--seed", "20", "--secrets", "1500", "--benign", "750", "--examples"], 99.5),
    (["--seed", "21", "--secrets", "1500", "--benign", "1500", "--held-out"], 99.0),
])
def test_secrets_are_found_and_nothing_else_is_harmed(options, recall):
    corpus = subprocess.run([sys.executable, SCRIPTS / "make-masking-corpus", *options], capture_output=True, check=True)
    result = subprocess.run([sys.executable, SCRIPTS / "measure-masking", "--show", "3", "--minimum-recall", str(recall),
                             "--maximum-harm", "0.1", "--maximum-changed", "0.5", PROGRAM],
                            input=corpus.stdout, capture_output=True)
    assert result.returncode == 0, result.stdout.decode()[-6000:] + result.stderr.decode()[-2000:]
