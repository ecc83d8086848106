"""What is handed to other services: as far as it can be tried without them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from grader.errors import RubricError, UsageError
from grader.packaging import github_workflow, gitlab_pipeline, package_gradescope
from grader.packaging.course_files import course_files
from grader.packaging.gradescope import pinned
from grader.rubric import load_rubric

RUBRIC = """
schema = 1
id = "tiny"
title = "Tiny"
[[parts]]
id = "softmax"
title = "Softmax"
target = "modules:SoftMaxModule"
layer = "softmax"
checks = [{ kind = "forward", points = 2 }, { kind = "gradient", points = 3, audience = "hidden" }]
"""


@pytest.fixture
def autograder(tmp_path: Path) -> Path:
    """A clean folder in the service's layout: source unpacked, submission beside it."""
    rubric = tmp_path / "tiny.toml"
    rubric.write_text(RUBRIC, "utf-8")
    package = package_gradescope(str(rubric), tmp_path / "autograder.zip", allow_unconfined=True)
    root = tmp_path / "autograder"
    with zipfile.ZipFile(package) as archive:
        archive.extractall(root / "source")
    (root / "submission").mkdir()
    return root


def run(root: Path) -> dict[str, object]:
    environment = {**os.environ, "AUTOGRADER_ROOT": str(root), "GRADMARK_PYTHON": sys.executable}
    subprocess.run(["bash", str(root / "source" / "run_autograder")], env=environment, check=True, cwd="/")
    return dict(json.loads((root / "results" / "results.json").read_text("utf-8")))


def test_the_zip_has_what_the_service_looks_for(autograder: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "autograder.zip") as archive:
        modes = {info.filename: info.external_attr >> 16 & 0o777 for info in archive.infolist()}
    assert modes["setup.sh"] == modes["run_autograder"] == 0o755
    for script in ("setup.sh", "run_autograder"):
        subprocess.run(["bash", "-n", str(autograder / "source" / script)], check=True)


def test_the_zip_is_the_same_each_time(tmp_path: Path) -> None:
    first = package_gradescope("uva_dl1_a1", tmp_path / "a.zip").read_bytes()
    assert package_gradescope("uva_dl1_a1", tmp_path / "b.zip").read_bytes() == first


def test_versions_are_pinned() -> None:
    pins = pinned()
    assert any(pin.startswith("numpy==") for pin in pins)
    assert any(pin.startswith("torch==") for pin in pins)
    assert all("==" in pin and "+" not in pin for pin in pins)


def test_a_submission_is_graded_in_the_service_layout(autograder: Path, full_marks: Path) -> None:
    (autograder / "submission" / "modules.py").write_bytes((full_marks / "modules.py").read_bytes())
    result = run(autograder)
    tests = result["tests"]
    assert isinstance(tests, list)
    assert sum(test["score"] for test in tests) == 5
    assert {test["visibility"] for test in tests} >= {"visible"}


def test_what_cannot_be_graded_still_gives_results(autograder: Path) -> None:
    (autograder / "source" / "course" / "rubric.toml").write_text("schema = ", "utf-8")
    result = run(autograder)
    assert result["score"] == 0
    assert "not valid TOML" in str(result["output"])


def test_the_rubrics_and_the_solution_that_a_rubric_names_are_packed(tmp_path: Path) -> None:
    course = tmp_path / "course"
    (course / "solution").mkdir(parents=True)
    (course / "solution" / "m.py").write_text("f = abs\n", "utf-8")
    (course / "tiny.toml").write_text(RUBRIC, "utf-8")
    script = '[[parts]]\nid = "p"\ntitle = "P"\nchecks = [{ kind = "script", script = "from m import f\\ny = f(-1)", compare = ["y"] }]\n'
    head = 'schema = 1\nid = "r"\ntitle = "R"\ninclude = ["tiny.toml"]\nextends = "uva_dl1_a1"\nsolution = "solution"\n'
    (course / "r.toml").write_text(head + script, "utf-8")
    packed = course_files(str(course / "r.toml"))
    assert set(packed) == {*("rubric.toml", "tiny.toml", "uva_dl1_a1", "uva_dl1_a1_written", "solution/m.py")}
    (tmp_path / "clean" / "solution").mkdir(parents=True)
    for name, data in packed.items():
        (tmp_path / "clean" / name).write_bytes(data)
    here, there = load_rubric(course / "r.toml"), load_rubric(tmp_path / "clean" / "rubric.toml")
    assert (there.parts, there.source_hash) == (here.parts, here.source_hash)
    assert there.solution == str(tmp_path / "clean" / "solution")
    (course / "r.toml").write_text(head.replace('"tiny.toml"', '"../course/tiny.toml"') + script, "utf-8")
    with pytest.raises(RubricError, match="lies outside the rubric's folder"):
        course_files(str(course / "r.toml"))


def test_an_unknown_rubric_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RubricError):
        package_gradescope("nothing", tmp_path / "a.zip")


@pytest.mark.parametrize("make", [github_workflow, gitlab_pipeline])
def test_workflows_name_the_rubric_and_the_limit(make: object) -> None:
    text = make("rubrics/mine.toml", submission="hw1", fail_under=50.0)  # type: ignore[operator]
    assert "grade hw1 --rubric rubrics/mine.toml" in text
    assert "--fail-under 50" in text
    assert "@" not in text.replace("actions/checkout@", "").replace("setup-python@", "").replace(
        "upload-artifact@", ""
    )


def test_a_job_names_a_rubric_from_the_root_of_its_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rubric = tmp_path / "course" / "my rubrics" / "r.toml"
    rubric.parent.mkdir(parents=True)
    rubric.write_text(RUBRIC, "utf-8")
    (tmp_path / "course" / ".git").mkdir()
    monkeypatch.chdir(rubric.parent)
    for typed in ("r.toml", str(rubric), "../my rubrics/r.toml"):
        assert "--rubric 'my rubrics/r.toml' --isolation" in github_workflow(typed)
    assert "--rubric uva_dl1_a1 " in gitlab_pipeline("uva_dl1_a1")
    for typed in ("nothing", "/elsewhere/r.toml", "../r.toml"):
        with pytest.raises(UsageError, match="put it into the repository"):
            gitlab_pipeline(typed)
