"""Every example reaches exactly the points per part that its expected.toml says.

Parts that train take minutes: they are graded where GRADMARK_TRAIN_EXAMPLES is set; the check-by-check expectations
(``loses``) are tested for a selection in tests/submissions. ``python -m tests.test_examples`` writes the points anew.
"""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path

import pytest

from grader.grading import GradeRequest, open_session
from grader.sandbox import Sandbox, SandboxSettings

EXAMPLES = Path(__file__).parent.parent / "submissions_example" / "uva_dl1_a1"
NAMES = sorted(path.parent.name for path in EXAMPLES.glob("*/expected.toml"))
TRAINED = ("train_numpy", "train_torch")
SEED = 1


def points_per_part(name: str, sandbox: Sandbox, *, training: bool) -> dict[str, float]:
    """What grading gives, rounded to hundredths."""
    request = GradeRequest(EXAMPLES / name, device="cpu", seed=SEED, stamp=False)
    session = open_session(request, sandbox)
    wanted = [part.id for part in session.prepare().parts if training or part.id not in TRAINED]
    session = open_session(
        GradeRequest(EXAMPLES / name, device="cpu", seed=SEED, stamp=False, only=tuple(wanted)), sandbox
    )
    return {part.id: round(part.earned, 2) for part in session.grade().parts}


@pytest.mark.parametrize("name", NAMES)
def test_an_example_reaches_its_points(name: str, sandbox: Sandbox) -> None:
    expected = tomllib.loads((EXAMPLES / name / "expected.toml").read_text("utf-8"))["points"]
    training = "GRADMARK_TRAIN_EXAMPLES" in os.environ
    got = points_per_part(name, sandbox, training=training)
    assert got == {part: expected[part] for part in got}
    assert set(expected) - set(got) <= (set() if training else set(TRAINED))


def _write() -> None:
    """Set the points of parts that do not train as they come out, those of training from what ``loses`` leaves."""
    import fnmatch

    with Sandbox(SandboxSettings()) as sandbox:
        for name in NAMES:
            path = EXAMPLES / name / "expected.toml"
            text = re.sub(r"\n*\[points\]\n.*", "\n", path.read_text("utf-8"), flags=re.DOTALL)
            loses = tomllib.loads(text)["loses"]
            found = points_per_part(name, sandbox, training=False)
            view = open_session(GradeRequest(EXAMPLES / name, device="cpu"), sandbox).prepare()
            for part in view.parts:
                if part.id in TRAINED:
                    kept = [
                        check.points
                        for check in part.checks
                        if not any(fnmatch.fnmatch(f"{part.id}.{check.id or check.kind}", p) for p in loses)
                    ]
                    found[part.id] = round(sum(kept), 2)
            lines = "".join(f"{part.id} = {found[part.id]:g}\n" for part in view.parts)
            path.write_text(f"{text.rstrip()}\n\n[points]\n{lines}", "utf-8")
            print(name, found, flush=True)


if __name__ == "__main__":
    _write()
