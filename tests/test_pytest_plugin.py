"""The plugin, in pytest processes of their own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

EXAMPLES = Path(__file__).parent.parent / "submissions_example" / "uva_dl1_a1"


def run(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "--gradmark-allow-unconfined",
        *arguments,
    ]
    return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)


def test_checks_are_items_with_names_outcomes_and_markers(tmp_path: Path) -> None:
    target = tmp_path / "junit.xml"
    wrong = str(EXAMPLES / "elu_alpha_forgotten")
    done = run(
        tmp_path, "--gradmark", "uva_dl1_a1", wrong, "-k", "elu. or q4a", "--junitxml", str(target), "-q"
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "derivative does not use alpha" in done.stdout
    assert "Traceback" not in done.stdout
    cases = {case.get("name"): case for case in ElementTree.parse(target).iter("testcase")}
    assert cases["elu.forward"].find("failure") is None
    assert cases["elu.gradient"].find("failure") is not None


def test_markers_and_xdist_on_an_archive(tmp_path: Path) -> None:
    right = shutil.make_archive(str(tmp_path / "right"), "gztar", EXAMPLES / "full_marks")
    done = run(
        tmp_path, "--gradmark", "uva_dl1_a1", right, "-m", "public", "-k", "softmax or elu", "-n", "2", "-q"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "6 passed" in done.stdout


def test_nothing_of_a_submission_runs_in_the_process_of_the_tests(tmp_path: Path) -> None:
    hostile = tmp_path / "hostile"
    hostile.mkdir()
    canary = tmp_path / "canary"
    attack = f"open({str(canary)!r}, 'w')"
    for name in ("conftest.py", "__init__.py", "evil.py"):
        (hostile / name).write_text(attack)
    arguments = ("--gradmark", "uva_dl1_a1", "-k", "linear and forward", "-q")
    assert run(tmp_path, *arguments, str(hostile)).returncode == 1  # graded: nothing is there
    (hostile / "pytest.ini").write_text("[pytest]\npythonpath = .\naddopts = -p evil\n")
    apart = run(tmp_path, *arguments, f"--gradmark-submission={hostile}")
    assert apart.returncode == 1, apart.stdout + apart.stderr
    assert not canary.exists()
    named = run(tmp_path, *arguments, str(hostile))
    assert f"--gradmark-submission={hostile}" in named.stderr, named.stdout + named.stderr


def test_the_fixtures_check_ones_own_layers(tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text(
        "import numpy as np\n"
        "class Double:\n"
        "    def forward(self, x): return 2 * x\n"
        "    def backward(self, dout): return 2 * dout\n"
        "class Wrong(Double):\n"
        "    def backward(self, dout): return 3 * dout\n"
        "def test_right(gradient_check): gradient_check(Double(), np.ones((3, 2)) + np.arange(2))\n"
        "def test_wrong(gradient_check): gradient_check(Wrong(), np.ones((3, 2)) + np.arange(2))\n",
        "utf-8",
    )
    done = run(tmp_path, "-q")
    assert "1 failed, 1 passed" in done.stdout, done.stdout


def test_without_the_option_nothing_is_collected_by_it(tmp_path: Path) -> None:
    (tmp_path / "test_x.py").write_text("def test_x(): pass\n", "utf-8")
    assert "1 passed" in run(tmp_path, "-q").stdout
