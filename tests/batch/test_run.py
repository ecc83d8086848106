"""A batch gives every submission its row, keeps what holds, continues where it was stopped, and repeats byte for byte."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from grader.batch import job, pools, store
from grader.batch import run as run_module
from grader.batch.finish import Outputs, write_outputs
from grader.batch.intake import digest
from grader.batch.job import Task
from grader.batch.run import Batch
from grader.batch.store import StoreError
from grader.batch.watch import Watch
from grader.errors import UsageError
from grader.marks import Mark
from grader.rubric import load_rubric
from tests.batch import tiny

KEYS = ["alice", "bob", "carol", "erin", "frank", "grace"]  # without the one who hangs


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("class")
    tiny.write_class(path, hanging=False)
    return path


@pytest.fixture(autouse=True)
def _inline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_module, "local_pool", tiny.inline_pool)


@pytest.fixture(scope="module", autouse=True)
def _no_sandbox_left() -> Iterator[None]:
    yield
    job._close_sandbox()


@pytest.fixture(scope="module")
def undisturbed(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    root = tmp_path_factory.mktemp("undisturbed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_module, "local_pool", tiny.inline_pool)
        tiny.run(tiny.request(folder, root))
    return tiny.results_of(root)


def test_every_submission_has_a_row_whatever_it_did(tmp_path: Path) -> None:
    tiny.write_class(tmp_path)
    root = tmp_path / "results"
    result = tiny.run(tiny.request(tmp_path, root))
    assert {row.shown.key: row.shown.earned for row in result.rows} == {
        "alice": 9, "bob": 7, "carol": 0, "dave": 0, "erin": 9, "frank": 0, "grace": 0,
    }  # fmt: skip
    assert all(row.shown.worth == 9 for row in result.rows)
    outcomes = {row.shown.key: row.shown.outcome for row in result.rows}
    assert [key for key, outcome in outcomes.items() if outcome == "nothing"] == ["frank", "grace"]
    said = {row.shown.key: row.shown.message for row in result.rows}
    assert "cannot be read as a zip" in said["frank"]
    assert said["alice"] == ""
    assert said["carol"].startswith("2 of 2 checks ended in an error: the worker ended before it answered")
    assert said["dave"].startswith("2 of 2 checks ended in an error: Too slow, or endless")
    assert set(outcomes.values()) == {"graded", "nothing"}
    for key in outcomes:
        assert {p.name for p in (root / "reports" / key).iterdir()} == {
            "report.json",
            "report.html",
            "report.md",
        }


def test_the_same_seed_gives_the_same_bytes_and_a_second_run_changes_nothing(
    folder: Path, tmp_path: Path, undisturbed: dict[str, bytes]
) -> None:
    asked = tiny.request(folder, tmp_path)
    assert tiny.run(asked).kept == 0
    assert tiny.results_of(tmp_path) == undisturbed
    assert b"0x\xe2\x80\xa6" in undisturbed["reports/erin/report.json"]
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "reports").rglob("*.json")}
    assert tiny.run(asked).kept == len(KEYS)
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_what_changed_is_graded_again_and_nothing_else(tmp_path: Path) -> None:
    submissions, rubric = tiny.write_class(tmp_path, hanging=False)
    root = tmp_path / "results"
    first = tiny.run(tiny.request(tmp_path, root))
    (submissions / "bob" / "modules.py").write_bytes(tiny.CLASS["alice"])
    changed = tiny.run(tiny.request(tmp_path, root))
    assert changed.kept == len(KEYS) - 1
    assert changed.warnings == ()
    assert next(row for row in changed.rows if row.shown.key == "bob").shown.earned == 9
    assert tiny.run(tiny.request(tmp_path, root, seed=None)).seed == first.seed == 7
    (root / "run" / "records" / "erin.json").write_text("{}")  # damaged
    assert tiny.run(tiny.request(tmp_path, root)).kept == len(KEYS) - 1
    assert tiny.run(tiny.request(tmp_path, root, only=("linear.forward",))).kept == 0
    assert tiny.run(tiny.request(tmp_path, root, only=("linear.forward",), force=True)).kept == 0
    assert tiny.run(tiny.request(tmp_path, root, only=("linear.forward",), seed=8)).kept == 0
    rubric.write_text(tiny.RUBRIC.replace("points = 3", "points = 4"))
    assert tiny.run(tiny.request(tmp_path, root, only=("linear.forward",), seed=8)).kept == 0
    shutil.rmtree(submissions / "bob")
    fewer = tiny.run(tiny.request(tmp_path, root, only=("linear.forward",), seed=8))
    assert fewer.kept == len(KEYS) - 1
    assert fewer.warnings == ("reports of an earlier run, of submissions that are gone: 'bob'",)


def test_marks_survive_grading_again_and_can_be_taken_back(tmp_path: Path) -> None:
    submissions, _ = tiny.write_class(tmp_path, hanging=False)
    root = tmp_path / "results"
    mark = Mark(submission="carol", check="linear.forward", points=3, marks=2, marker="Ann", comment="fair")
    only = ("linear.forward",)

    def carol(**changes: Any) -> Any:
        rows = tiny.run(tiny.request(tmp_path, root, only=only, **changes)).rows
        return next(row for row in rows if row.shown.key == "carol").shown

    assert carol(marks=(mark,)).earned == 2
    assert '"marked_by": "Ann"' in (root / "reports" / "carol" / "report.json").read_text()
    assert "fair" in (root / "reports" / "carol" / "report.md").read_text()
    (submissions / "carol" / "modules.py").write_bytes(b"import os\nos._exit(1)\n" + tiny.RIGHT)
    assert carol(marks=(mark,)).earned == 2
    assert carol(marks=(mark,), force=True).earned == 2
    assert carol().earned == 0
    assert "Ann" not in (root / "reports" / "carol" / "report.json").read_text()
    (root / "reports" / "alice" / "report.json").unlink()  # comes back without grading
    assert tiny.run(tiny.request(tmp_path, root, only=only)).kept == len(KEYS)
    assert (root / "reports" / "alice" / "report.json").is_file()


def test_identical_files_get_identical_marks_whoever_hands_them_in(undisturbed: dict[str, bytes]) -> None:
    seeds = {key: json.loads(undisturbed[f"reports/{key}/report.json"])["seed"] for key in ("alice", "bob")}
    assert seeds["alice"] == job.submission_seed(7, digest({"modules.py": tiny.CLASS["alice"]}))
    assert seeds["alice"] != seeds["bob"]


@pytest.mark.parametrize("fail_at", [2, 11])
def test_a_full_disk_stops_the_batch_and_costs_nothing(
    folder: Path, tmp_path: Path, undisturbed: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, fail_at: int
) -> None:
    calls = iter(range(10_000))

    def full(descriptor: int) -> None:
        if next(calls) >= fail_at:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(store.os, "fsync", full)
        with pytest.raises(StoreError, match="No space left on device"):
            tiny.run(tiny.request(folder, tmp_path))
    assert not list(tmp_path.rglob("*.part"))
    for path in tmp_path.rglob("*.json"):
        json.loads(path.read_text())
    tiny.run(tiny.request(folder, tmp_path))
    assert tiny.results_of(tmp_path) == undisturbed


def test_our_own_failure_is_a_row_with_open_points_and_is_tried_again(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = job._grade

    def broken(task: Task, sandbox: Any) -> Any:
        if task.key == "bob":
            raise RuntimeError("planted")
        return real(task, sandbox)

    with monkeypatch.context() as patch:
        patch.setattr(job, "_grade", broken)
        result = tiny.run(tiny.request(folder, tmp_path, only=("linear.forward",)))
    bob = next(row for row in result.rows if row.shown.key == "bob")
    assert (bob.shown.outcome, bob.shown.earned, bob.shown.open) == ("internal", 0, 3)
    assert "gradmark failed here, not the submission: RuntimeError: planted" in bob.shown.message
    assert "planted" in (tmp_path / "run" / "batch.log").read_text()
    again = tiny.run(tiny.request(folder, tmp_path, only=("linear.forward",)))
    assert again.kept == len(KEYS) - 1
    assert next(row for row in again.rows if row.shown.key == "bob").shown.earned == 3


def test_another_version_on_a_worker_stops_the_batch(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_module, "version", lambda: "0.0.9")
    with pytest.raises(UsageError, match=r"a worker runs gradmark .*, and this is 0\.0\.9"):
        tiny.run(tiny.request(folder, tmp_path, only=("linear.forward",)))


def test_what_cannot_be_meant_is_refused_before_anything_is_graded(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--only elu: no check of that name"):
        tiny.run(tiny.request(folder, tmp_path, only=("elu",)))
    with pytest.raises(UsageError, match="holds the submissions"):
        Batch(tiny.request(folder, folder / "class"))
    batch = Batch(tiny.request(folder, tmp_path))
    with batch.store.locked(), pytest.raises(UsageError, match="another batch is writing its results here"):
        tiny.run(tiny.request(folder, tmp_path))
    tiny.run(tiny.request(folder, tmp_path, only=("linear.forward",)))
    with pytest.raises(UsageError, match="holds results with names"):
        tiny.run(tiny.request(folder, tmp_path, anonymous=True))


def test_anonymous_results_name_nobody(folder: Path, tmp_path: Path) -> None:
    result = tiny.run(tiny.request(folder, tmp_path, anonymous=True))
    batch = Batch(tiny.request(folder, tmp_path, anonymous=True))
    write_outputs(result, batch.store, Outputs(anonymous=True), {})
    everything = tiny.results_of(tmp_path)
    assert len(everything) == 3 * len(KEYS) + 2
    for name, data in everything.items():
        for key in KEYS:
            assert key not in name
            assert key.encode() not in data, (name, key)
    names = tmp_path / "run" / "names.csv"
    assert "alice" in names.read_text()
    assert names.stat().st_mode & 0o077 == 0


def test_a_pattern_of_another_variant_leaves_an_empty_report(tmp_path: Path) -> None:
    rubric = load_rubric("uva_dl1_a1")
    task = Task("a", "a", {"modules.py": tiny.CLASS["alice"]}, (), rubric, 1, variant="2021", only=("elu",))
    if job._only_there(task, job._submission(task)):
        pytest.skip("this rubric has ELU in every variant")
    report = job._grade(task, job._sandbox(tiny.ANY))
    assert report.parts == ()
    assert report.notes == ("no check asked for belongs to this variant",)


def test_lines_and_log_say_what_ended(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    batch = Batch(tiny.request(folder, tmp_path, only=("linear.forward",)))
    with Watch(len(KEYS), lines=True, log=batch.store.log) as watch:
        batch.run(watch)
        watch.done("x" * 300, "0 / 3 points")
    said = capsys.readouterr().err.splitlines()
    assert len(said) == len(KEYS) + 1
    assert said[0].startswith("1/6 alice: 3 / 3 points, graded, ")
    assert "carol: 0 / 3 points, graded, " in said[2]
    assert "1 of 1 checks ended in an error: the worker ended" in said[2]
    assert said[-1] == f"7/6 {'x' * 47}…: 0 / 3 points"
    assert "x" * 300 in batch.store.log.read_text()
    assert "batch of 6 submissions, rubric tiny, seed 7" in batch.store.log.read_text()


def test_patience_gives_a_submission_up_and_leaves_its_points_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tiny.toml").write_text(tiny.RUBRIC)
    (tmp_path / "class" / "dave").mkdir(parents=True)
    takes_seconds = tiny.CLASS[tiny.HANGS]
    (tmp_path / "class" / "dave" / "modules.py").write_bytes(takes_seconds)
    (tmp_path / "class" / "notes.txt").write_text("not a submission")
    monkeypatch.setattr(run_module, "local_pool", pools.local_pool)
    result = tiny.run(tiny.request(tmp_path, tmp_path / "results", patience=1))
    shown = result.rows[0].shown
    assert (shown.outcome, shown.earned, shown.open) == ("internal", 0, 9)
    assert shown.message == "gradmark did not finish within 1 s and was stopped; the points stay open"
    assert result.warnings == ("not taken for submissions: 'notes.txt'",)
    monkeypatch.setattr(run_module, "local_pool", tiny.inline_pool)
    again = tiny.run(tiny.request(tmp_path, tmp_path / "results"))
    assert (again.kept, again.rows[0].shown.outcome) == (0, "graded")
    (tmp_path / "results").rename(
        tmp_path / "class" / "results"
    )  # results in the class are no submission of it
    inside = tiny.run(tiny.request(tmp_path, tmp_path / "class" / "results"))
    assert (inside.kept, len(inside.rows)) == (1, 1)


class DeadlyFiles(dict[str, bytes]):
    """Files that end the process that reads them: a crash of ours, which no except clause sees."""

    def __iter__(self) -> Iterator[str]:
        os._exit(9)


def test_a_process_of_ours_that_dies_or_hangs_costs_its_own_submission(tmp_path: Path) -> None:
    rubric = tmp_path / "tiny.toml"
    rubric.write_text(tiny.RUBRIC)
    good = Task("a", "a", {"modules.py": tiny.CLASS["alice"]}, (), load_rubric(rubric), 1, sandbox=tiny.ANY)
    deadly = Task("b", "b", DeadlyFiles({"modules.py": b""}), (), good.rubric, 1, sandbox=tiny.ANY)
    with pools.local_pool(1, patience=120) as pool:
        futures = [pool.submit(task) for task in (good, deadly, good)]
        assert futures[0].result().record == futures[2].result().record
        with pytest.raises(OSError, match="Abnormal termination"):
            futures[1].result()
