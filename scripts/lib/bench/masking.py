"""The masking engine alone: how fast it is on one core, and beside detect-secrets and presidio-analyzer on the same bodies.

Times are CPU seconds of the process, because other work may share the machine.
"""

import json
import os
import pathlib
import subprocess
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parents[3]
SCRIPTS = REPOSITORY / "scripts"
PEERS = ["detect-secrets==1.5.0", "presidio-analyzer==2.2.360"]


def run(bodies=600):
    program = pathlib.Path(os.environ["POSTERN_BINARIES"]) / "postern-bench-masking"
    print(subprocess.run([program, "speed"], capture_output=True, text=True, check=True).stdout)
    corpus = subprocess.run([sys.executable, SCRIPTS / "make-masking-corpus", "--held-out", "--seed", "5", "--secrets", str(bodies),
                             "--benign", str(bodies)], capture_output=True, text=True, check=True).stdout
    # Peers read text: bodies of the wire forms that they could not open anyway are left out for all.
    chosen = [line for line in corpus.splitlines() if json.loads(line)["form"] in (0, 1) and "cbor" not in json.loads(line)["contentType"]]
    print(f"{len(chosen)} bodies, {sum(len(json.loads(line)['hex']) // 2 for line in chosen) / 1e6:.2f} MB:")
    measured = subprocess.run([sys.executable, SCRIPTS / "measure-masking", program], input="\n".join(chosen), capture_output=True,
                              text=True)
    print("postern: " + "; ".join(line for line in measured.stdout.splitlines() if line.startswith(("recall", "harmed", "changed"))))
    python = environment()
    for name in ("detect-secrets", "presidio"):
        peer = subprocess.run([python, "-P", pathlib.Path(__file__).with_name("masking_peers.py"), name], input="\n".join(chosen),
                              capture_output=True, text=True)
        print(peer.stdout.strip() or f"{name}: did not run: {peer.stderr.strip().splitlines()[-1:]}")


def environment():
    """The Python of a virtual environment with the peers, made once."""
    directory = REPOSITORY / ".venv-peers"
    python = directory / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", directory], check=True)
    subprocess.run([python, "-m", "pip", "install", "-q", *PEERS], check=True)
    return python
