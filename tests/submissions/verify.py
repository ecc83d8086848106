"""Judge a submission of the corpus without the grader: plain PyTorch autograd in one process, no sandbox.

It is how the manifest's claims were proven, and it shares no code with what the manifest tests:

    python -m tests.submissions.verify [NAME ...]     the claims that do not hold, and nothing if all do

Checks are named as in ``rubrics/uva_dl1_a1.toml``. Each submission runs in a child process in a scratch folder, with a
small made-up ``cifar10_utils`` (ten patterns in noise) in place of the course's.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.submissions import Entry, entries, load, write

CHILD = "tests.submissions.judge.child"
ROOT = Path(__file__).parents[2]
DATA = Path(__file__).with_name("made_up_cifar10_utils.py")
SECONDS = 300
DIES = {
    "wrong/softmax_hangs",
    "wrong/linear_segfault",
    "wrong/cross_entropy_os_exit",
    "wrong/elu_eats_memory",
}
UNSEEN = {
    "wrong/train_no_zero_grad",  # the made-up data is too easy for it to matter
    "wrong/clear_cache_passes",  # not looked at, as the next ones
    "wrong/mlp_input_layer_not_told",
    "wrong/evaluate_averages_precision_of_batches",
    "wrong/train_chooses_on_the_test_set",
}


def judge(name: str, *, training: bool = True) -> dict[str, str]:
    """What each check found in one submission: "" where it is right, else one line that says what is wrong."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "one" / "two"
        write(name, folder)
        if "cifar10_utils.py" not in load(name):
            (folder / "cifar10_utils.py").write_bytes(DATA.read_bytes())
        (folder / "data").mkdir()
        result = Path(scratch) / "result.json"
        command = [sys.executable, "-m", CHILD, str(result), "all" if training else "layers"]
        try:
            run = subprocess.run(
                command, cwd=folder, capture_output=True, timeout=SECONDS, check=False, env=environment
            )
        except subprocess.TimeoutExpired:
            run = None
        found = dict(json.loads(line) for line in result.read_text().splitlines()) if result.exists() else {}
        if run is None or run.returncode != 0:
            tail = (
                "timed out"
                if run is None
                else run.stderr.decode(errors="replace").strip().rsplit("\n", 1)[-1]
            )
            found["died"] = f"in or after {list(found)[-1:]}: {tail}"
        return found


def _follows(check: str, entry: Entry) -> bool:
    """Whether a wrong layer explains the loss here: this judge computes with the true layers, not with the own ones."""
    part = check.partition(".")[0]
    layers = ("linear", "elu", "relu", "leaky_relu", "softmax", "cross_entropy")
    wrong_layers = {loss.partition(".")[0] for loss in entry.loses if loss.partition(".")[0] in layers}
    if part in wrong_layers and not check.endswith(".init"):
        return any(not loss.endswith((".init", ".contract")) for loss in entry.loses if loss.startswith(part))
    follow_up = check.startswith("mlp_numpy.") or check == "metrics.evaluate_model"
    return follow_up and bool(
        wrong_layers | ({"mlp_numpy"} & {loss.partition(".")[0] for loss in entry.loses})
    )


def disagreements(entry: Entry) -> list[str]:
    """Claims of the manifest that do not hold for one submission."""
    found = judge(entry.name, training=entry.trains or entry.name.startswith("right/"))
    said = []
    for check, why in found.items():
        if check == "died" and entry.name in DIES:
            continue
        if why and not entry.allows_loss(check) and not _follows(check, entry):
            said.append(f"{entry.name}: {check}: should be right, but {why}")
        if not why and entry.expects_loss(check) and entry.name not in UNSEEN:
            said.append(f"{entry.name}: {check}: should be wrong, but nothing was found")
    return said


def main(names: list[str]) -> int:
    """Print every claim that does not hold."""
    count = 0
    for name in names or entries():
        for line in disagreements(entries()[name]):
            print(line, flush=True)
            count += 1
    print(f"{count} claims do not hold")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
