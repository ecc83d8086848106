"""Running a check: what an earlier check has found out about an import is not tried again."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from grader.checks import CHECKS
from grader.checks.context import Context, Finding
from grader.checks.running import run_check
from grader.errors import WorkerDied, WorkerError, WorkerTimeout
from grader.model import Verdict
from grader.rubric import load_rubric
from grader.sandbox import Sandbox
from grader.submission import submission_from_files
from tests.grading_support import full_marks_with, grade_files

FILES = {
    "modules.py": b"import helper",
    "helper.py": b"while True:\n    pass",
    "mlp_numpy.py": b"import numpy",
}


@pytest.mark.parametrize("kind", [WorkerTimeout, WorkerDied])
def test_an_import_that_does_not_end_is_tried_once(
    monkeypatch: pytest.MonkeyPatch, kind: type[WorkerError]
) -> None:
    rubric = load_rubric("uva_dl1_a1")
    linear, mlp = (next(part for part in rubric.parts if part.id == name) for name in ("linear", "mlp_numpy"))
    calls = []

    def never(spec: object, context: Context) -> Finding:
        calls.append(context.id)
        raise kind("no answer; it was in helper.py line 2, in <module>", importing="helper.py")

    for name in ("forward", "gradient", "network"):
        monkeypatch.setitem(CHECKS, name, never)
    submission = submission_from_files(FILES, name="s")
    first = Context(rubric, linear, linear.checks[0], submission, None, 0)  # type: ignore[arg-type]
    assert "it was in helper.py" in run_check(first.spec, first).message
    second = replace(first, spec=linear.checks[1])
    found = run_check(second.spec, second)
    assert found.verdict is Verdict.ERRORED
    assert found.message.startswith("importing helper.py failed before: no answer")
    elsewhere = replace(first, part=mlp, spec=mlp.checks[0])  # imports another file: it is tried
    run_check(elsewhere.spec, elsewhere)
    assert calls == ["linear.forward", "mlp_numpy.network"]


def test_the_file_that_is_being_imported_is_known(sandbox) -> None:  # type: ignore[no-untyped-def]
    from grader.sandbox import Program

    program = Program()
    program.import_("outer")
    files = {"outer.py": b"import inner", "inner.py": b"def f():\n    while True:\n        pass\nf()"}
    with sandbox.worker(files, packages=()) as worker, pytest.raises(WorkerTimeout) as caught:
        worker.run(program, timeout=1.5)
    assert caught.value.importing == "inner.py"
    assert re.search(r"it was in inner.py line [23], in f", str(caught.value))


FORWARD, BACKWARD = "out = x @ self.params", "self.grads['weight'] = "


@pytest.mark.parametrize(
    ("convention", "line", "loop", "earned"),
    [
        ("module_class", FORWARD, "while True", {"linear.init": 2}),
        ("module_class", FORWARD, "while len(x) == 1", {"linear.forward": 3, "linear.contract": 1.6}),
        ("any", BACKWARD, "while True", {"linear.forward": 3, "linear.init": 2}),
    ],
)
def test_what_does_not_end_costs_what_needs_it(
    sandbox: Sandbox, convention: str, line: str, loop: str, earned: dict[str, float]
) -> None:
    rubric = load_rubric("uva_dl1_a1")
    linear = rubric.parts[0].model_copy(update={"convention": convention})
    limits = rubric.limits.model_copy(update={"seconds": 2.0})
    rubric = rubric.model_copy(update={"parts": (linear,), "limits": limits})
    hangs = f"{loop}:\n            import time; time.sleep(1)\n        {line}"
    files = full_marks_with(modules=(line, hangs))
    report = grade_files(sandbox, files, "linear.[fgc]*", *earned, variant="2025", rubric=rubric)
    assert {check.id: check.earned for check in report.checks if check.earned} == pytest.approx(earned)
