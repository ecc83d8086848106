"""Mutants, and what a self-test says about a rubric that looks away."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from grader.errors import UsageError
from grader.rubric import Rubric, load_rubric
from grader.sandbox import SandboxSettings
from grader.selftest import SelfTestSettings, catalogued, generated, selftest
from grader.selftest.operators import OPERATORS, mutations
from grader.submission import load_submission
from tests.grading_support import FULL

LOOSE = SandboxSettings(require=1, allow_unconfined=True)
SOURCE = """
class L:
    def backward(self, dout):
        self.grads['w'] = dout.T @ self.x
        self.grads['b'] = -dout.sum(axis=0, keepdims=True) * 2.0
        self.n += 1
        for y in reversed(self.ys):
            if y > 0:
                y = np.sqrt(y) + 1
        return dout
    def clear_cache(self):
        self.x = self.x + 1
"""


def test_every_operator_makes_a_mutant_that_is_python() -> None:
    tree = ast.parse(SOURCE)
    made = list(mutations(tree, "L"))
    assert len({source for _, source in made}) == len(made) >= len(OPERATORS)
    for _, source in made:
        ast.parse(source)
        assert source != ast.unparse(tree)
    assert not any("clear_cache" in label for label, _ in made)


def test_the_catalogue_fits_its_solution() -> None:
    rubric = load_rubric("uva_dl1_a1")
    mutants = catalogued(FULL.parent / "mutants.toml", load_submission(FULL).files, rubric)
    assert len(mutants) >= 100
    assert {m.part for m in mutants} >= {
        "linear",
        "elu",
        "softmax",
        "cross_entropy",
        "mlp_numpy",
        "metrics",
        "train_numpy",
    }
    assert all(m.source != load_submission(FULL).files[m.file] for m in mutants)


def test_a_catalogue_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mutants.toml"
    rubric = load_rubric("uva_dl1_a1")
    for text, words in (
        (
            '[[mutants]]\nfile = "modules.py"\nold = "nothing of it"\nnew = "x"\nbreaks = "linear"\n',
            "does not contain",
        ),
        (
            '[[mutants]]\nfile = "modules.py"\nold = "x"\nnew = "y"\nbreaks = "lineer"\n',
            "is no check or part",
        ),
        ('[[mutants]]\nfile = "modules.py"\n', "is missing"),
        ("", "holds no"),
    ):
        path.write_text(text, "utf-8")
        with pytest.raises(UsageError, match=words):
            catalogued(path, load_submission(FULL).files, rubric)


def test_what_several_parts_are_about_is_changed_once() -> None:
    script = {"kind": "script", "script": "from m import L, other\ny = L()", "expected": "y = 1"}
    layer = {"id": "a", "title": "A", "target": "m:L", "layer": "linear", "checks": [{"kind": "forward"}]}
    parts = [layer, {"id": "b", "title": "B", "checks": [script]}]
    rubric = Rubric.model_validate({"schema": 1, "id": "r", "title": "R", "parts": parts})
    files = {"m.py": (SOURCE + "\ndef other(x):\n    return x + 1\n").encode()}
    found = list(generated(files, rubric))
    assert len({mutant.source for mutant in found}) == len(found)
    assert {mutant.breaks for mutant in found} == {("a", "b"), ("b",)}


RUBRIC = """
schema = 1
id = "tiny"
title = "Tiny"
[[parts]]
id = "softmax"
title = "Softmax"
target = "modules:SoftMaxModule"
layer = "softmax"
checks = [{ kind = "forward" }, { kind = "gradient" }]
"""


def test_an_own_rubric_and_solution(tmp_path: Path) -> None:
    path = tmp_path / "tiny.toml"
    path.write_text(RUBRIC, "utf-8")
    rubric = load_rubric(path)
    settings = SelfTestSettings(solution=FULL, seeds=1, most=3, sandbox=LOOSE)
    result = selftest(rubric, settings)
    assert result.ok
    assert result.runs == 1
    assert len(result.outcomes) == 3
    assert result.score >= 0.5  # an operator may make a mutant that does the same
    assert len(list(generated(load_submission(FULL).files, rubric))) >= 10


def test_a_rubric_that_looks_away_lets_mutants_live(tmp_path: Path) -> None:
    path = tmp_path / "tiny.toml"
    path.write_text(RUBRIC.replace(', { kind = "gradient" }', ""), "utf-8")
    (tmp_path / "modules.py").write_bytes((FULL / "modules.py").read_bytes())
    (tmp_path / "mutants.toml").write_text(
        "[[mutants]]\nfile = 'modules.py'\nold = 'dx = y * (dout'\nnew = 'dx = 2 * y * (dout'\nbreaks = 'softmax'\n",
        "utf-8",
    )
    result = selftest(load_rubric(path), SelfTestSettings(solution=tmp_path, seeds=1, sandbox=LOOSE))
    assert [o.caught for o in result.outcomes] == [False]
    assert result.score == 0.0


def test_a_wrong_solution_is_a_false_failure(tmp_path: Path) -> None:
    path = tmp_path / "tiny.toml"
    path.write_text(RUBRIC, "utf-8")
    text = (FULL / "modules.py").read_text("utf-8").replace("dx = y * (dout", "dx = 3 * y * (dout")
    (tmp_path / "modules.py").write_text(text, "utf-8")
    result = selftest(load_rubric(path), SelfTestSettings(solution=tmp_path, seeds=1, most=1, sandbox=LOOSE))
    assert not result.ok
    assert "softmax.gradient" in result.false_failures[0]
