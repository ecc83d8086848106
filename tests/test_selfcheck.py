"""A student's self-check: public checks, again on every save, only what changed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.commands.check import what_changed
from grader.errors import GraderError, UsageError
from grader.grading import GradeRequest, read_request
from grader.model import Report, Verdict
from grader.sandbox import Sandbox, SandboxSettings
from grader.selfcheck import Difference, affected, compare_runs, self_check, watch
from tests.grading_support import full_marks_with


def write(folder: Path, **changes: tuple[str, str]) -> GradeRequest:
    for name, data in full_marks_with(**changes).items():
        (folder / name).write_bytes(data)
    return GradeRequest(submission=folder, sandbox=SandboxSettings.own_code(), device="cpu")


def test_public_checks_of_own_code_run(tmp_path: Path, sandbox: Sandbox) -> None:
    request = write(tmp_path)
    report = self_check(request, sandbox)
    assert all(check.audience == "public" for check in report.checks)
    assert not any(check.kind == "training" for check in report.checks)
    assert not [c.id for c in report.checks if c.verdict not in (Verdict.PASSED, Verdict.MANUAL)]


def test_a_save_concerns_what_reads_the_file(tmp_path: Path) -> None:
    submission, rubric = read_request(write(tmp_path))
    assert "mlp_torch.network" in affected(submission, rubric, {"mlp_pytorch.py"})
    assert "linear.forward" not in affected(submission, rubric, {"mlp_pytorch.py"})
    concerned = affected(submission, rubric, {"modules.py"})
    assert {"linear.forward", "mlp_numpy.network"} <= set(concerned)  # the network imports the modules
    assert "mlp_torch.network" not in concerned


def test_watching_checks_again_and_says_what_changed(tmp_path: Path, sandbox: Sandbox) -> None:
    request = write(tmp_path, modules=("dx = dout * np.where", "dx = 2 * dout * np.where"))
    request = GradeRequest(
        submission=tmp_path,
        sandbox=SandboxSettings.own_code(),
        only=("elu.gradient", "softmax.forward"),
        device="cpu",
    )
    seen: list[tuple[Report | GraderError, Difference]] = []

    def saves() -> Iterator[set[str]]:
        write(tmp_path)
        yield {str(tmp_path / "modules.py")}

    watch(
        request, sandbox, changes=saves(), show=lambda report, difference: seen.append((report, difference))
    )
    assert len(seen) == 2
    assert [check.id for check in seen[1][1].mended] == ["elu.gradient"]
    assert not seen[0][1].any
    before, after = seen[0][0], seen[1][0]
    assert isinstance(before, Report)
    assert isinstance(after, Report)
    mended, points = what_changed(before, after, seen[1][1])
    assert mended == "mended  elu.gradient"
    assert points.endswith(f"{after.earned:g} of {after.points:g} points (before: {before.earned:g})")
    broken = what_changed(after, before, compare_runs(after, before))
    assert broken[0] == "broken  elu.gradient"
    assert "The gradient of x is wrong" in broken[1]
    assert what_changed(after, after, Difference((), ()))[0].endswith("points (as before)")


def test_a_save_during_the_first_check_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[int] = []

    def slow_check(*_: object, **__: object) -> Report:
        for number in range(40 if not runs else 0):  # the watcher starts meanwhile
            (tmp_path / "modules.py").write_text(f"x = {number}")
            time.sleep(0.05)
        runs.append(1)
        raise UsageError("nothing to check")

    def show(result: Report | GraderError, _: Difference) -> None:
        assert isinstance(result, UsageError)
        if len(runs) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr("grader.selfcheck.self_check", slow_check)
    with pytest.raises(KeyboardInterrupt):
        watch(write(tmp_path), Sandbox(SandboxSettings.own_code()), show=show)
    assert len(runs) == 2


def test_files_of_another_homework_are_not_checked_with_a_built_in_one(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    (tmp_path / "layers.py").write_text("def affine_forward(x, w, b): ...")
    request = GradeRequest(submission=tmp_path, sandbox=SandboxSettings.own_code(), device="cpu")
    with pytest.raises(UsageError, match="none of the files that a built-in homework asks for"):
        self_check(request, sandbox)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file or folder"):
        watch(
            GradeRequest(submission=tmp_path / "none"),
            Sandbox(SandboxSettings.own_code()),
            show=lambda *_: None,
        )
