"""Scripts of a course: right, wrong in named ways, missing; what is due from the rubric or from its solution."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from grader.checks.script_values import differences, in_proportion
from grader.errors import RubricError
from grader.model import CheckResult, Verdict
from grader.rubric import load_rubric
from grader.rubric.lint import lint_rubric
from grader.sandbox import Sandbox
from grader.session import GradeSettings, Session
from grader.submission import submission_from_files

PAGE = (Path(__file__).parents[2] / "docs" / "rubrics.md").read_text("utf-8")
OF_PAGE = re.findall(r"```toml\n(.*?)```", PAGE.partition("## Whatever has no kind")[2], re.DOTALL)[0]
HEAD = 'schema = 1\nid = "scripts"\ntitle = "Scripts"\n'
OPTIM = """
import numpy as np
def sgd_momentum(w, dw, config):
    v = config["momentum"] * config["velocity"] - config["learning_rate"] * dw
    config["velocity"] = v
    return w + v, config
"""
LAYERS = """
import numpy as np
def batchnorm_forward(x, gamma, beta, bn_param):
    m, D = bn_param.get("momentum", 0.9), x.shape[1]
    mean, var = bn_param.get("running_mean", np.zeros(D)), bn_param.get("running_var", np.zeros(D))
    if bn_param["mode"] == "test":
        return gamma * (x - mean) / np.sqrt(var + 1e-5) + beta, None
    mu, s = x.mean(axis=0), x.var(axis=0)
    bn_param["running_mean"], bn_param["running_var"] = m * mean + (1 - m) * mu, m * var + (1 - m) * s
    return gamma * (x - mu) / np.sqrt(s + 1e-5) + beta, None
def dropout_forward(x, param):
    if param["mode"] == "test":
        return x, None
    mask = (np.random.rand(*x.shape) < param["p"]) / param["p"]
    return x * mask, mask
def dropout_backward(dout, mask):
    return dout * mask
"""
NET = """
import numpy as np
class TwoLayerNet:
    def __init__(self, input_dim, hidden_dim, num_classes, reg):
        self.params, self.reg = {}, reg
    def loss(self, X, y):
        p = self.params
        h = np.maximum(0, X @ p["W1"] + p["b1"])
        s = h @ p["W2"] + p["b2"]
        e = np.exp(s - s.max(axis=1, keepdims=True))
        q = e / e.sum(axis=1, keepdims=True)
        N = len(X)
        loss = -np.log(q[np.arange(N), y]).mean() + 0.5 * self.reg * sum((p[k] ** 2).sum() for k in ("W1", "W2"))
        d = (q - np.eye(q.shape[1])[y]) / N
        dh = d @ p["W2"].T * (h > 0)
        return loss, {"W2": h.T @ d + self.reg * p["W2"], "b2": d.sum(axis=0),
                      "W1": X.T @ dh + self.reg * p["W1"], "b1": dh.sum(axis=0)}
"""
FILES = {"optim.py": OPTIM, "layers.py": LAYERS, "classifiers.py": NET}


def graded(sandbox: Sandbox, rubric: Path, files: dict[str, str], *only: str) -> dict[str, CheckResult]:
    submission = submission_from_files({name: text.encode() for name, text in files.items()}, name="made")
    settings = GradeSettings(seed=1, stamp=False, only=only)
    report = Session(submission, load_rubric(rubric), sandbox, settings).grade()
    return {check.id.partition(".")[2]: check for check in report.checks}


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "page.toml"
    path.write_text(HEAD + OF_PAGE, "utf-8")
    return path


def test_the_scripts_of_the_page_pass_what_is_right(sandbox: Sandbox, page: Path) -> None:
    found = graded(sandbox, page, FILES)
    assert {name: check.verdict for name, check in found.items()} == dict.fromkeys(
        ("momentum", "test_mode", "dropout", "network"), Verdict.PASSED
    )


@pytest.mark.parametrize(
    ("file", "old", "new", "check", "said"),
    [
        ("optim.py", '- config["learning_rate"] * dw', "- dw", "momentum", "The learning rate is missing"),
        ("optim.py", "return w + v, config", "return w - v, config", "momentum", "new is wrong: 20 of 20"),
        ("optim.py", "return w + v, config", "return config, config", "momentum", "new is wrong: a dict came where an array of shape"),
        ("optim.py", "return w + v, config", "return w + v", "momentum", "raised ValueError: too many values"),
        ("optim.py", 'config["velocity"] = v', 'config["velocity"] = -v', "momentum", "velocity is wrong: its sign"),
        ("optim.py", "    v = config", "    raise NotImplementedError\n    v = config", "momentum", "Not filled in yet"),
        ("optim.py", "def sgd_momentum", "def sgd_momentun", "momentum", "is sgd_momentun meant?"),
        ("layers.py", "m * mean + (1 - m) * mu", "(1 - m) * mean + m * mu", "test_mode", "mean is wrong"),
        ("layers.py", "return dout * mask", "return dout", "dropout", "dx is wrong"),
        ("layers.py", '"p"]) / param["p"]', '"p"]) * 1.0', "dropout", "out is wrong: it is 0.7 times what is due"),
        ("layers.py", '(np.random.rand(*x.shape) < param["p"])', '(np.random.rand(*x.shape) > param["p"])', "dropout", "What came is not right: p is the share that is kept."),
        ("layers.py", "return x * mask, mask", "return None, mask", "dropout", "What came is not right: judging it raised"),
        ("classifiers.py", "0.5 * self.reg *", "self.reg *", "network", "loss is wrong"),
        ("classifiers.py", '"b1": dh.sum(axis=0)', '"b1": N * dh.sum(axis=0)', "network", "grads['b1'] is wrong: it is N ="),
        ("classifiers.py", "return loss, {", "return loss, None and {", "network", "grads is wrong: nothing came where a dict"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(
    sandbox: Sandbox, page: Path, file: str, old: str, new: str, check: str, said: str
) -> None:
    assert FILES[file].count(old) == 1
    found = graded(sandbox, page, {**FILES, file: FILES[file].replace(old, new)}, f"*.{check}")
    share = 0.5 if "learning rate is missing" in said else 0.0
    assert found[check].earned == share * found[check].points
    assert said in found[check].message


SOLVED = """
solution = "solution"
[[parts]]
id = "p"
title = "P"
[[parts.checks]]
kind = "script"
inputs = { w = "D", g = "3 D" }
compare = ["w"]
script = '''
from optim import step
for dw in g:
    w = step(w, dw)
'''
"""


def test_what_is_due_may_come_from_the_solution(sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    path.write_text(HEAD + SOLVED, "utf-8")
    assert [problem.partition("solution: ")[2][-12:] for problem in lint_rubric(path)] == ["is no folder"]
    assert (
        graded(sandbox, path, {"optim.py": "def step(w, dw): return w"})["script"].verdict is Verdict.SKIPPED
    )
    (tmp_path / "solution").mkdir()
    (tmp_path / "solution" / "optim.py").write_text("def step(w, dw): return w - 0.1 * dw\n", "utf-8")
    assert lint_rubric(path) == []
    right = graded(sandbox, path, {"optim.py": "def step(w, dw): return w - dw / 10"})["script"]
    wrong = graded(sandbox, path, {"optim.py": "def step(w, dw): return w + 0.1 * dw"})["script"]
    assert (right.verdict, wrong.verdict) == (Verdict.PASSED, Verdict.FAILED)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "velocity = 0.8 * v - 0.1 * dw\n",
            "velocity = 0.8 *\n",
            "momentum: expected: line 1: invalid syntax",
        ),
        ('velocity = config["velocity"]', "", "momentum: script: 'velocity' is compared and never assigned"),
        (
            'kept = came["out"]',
            'kept = came["y"]',
            "dropout: expected: came has no 'y', which is not compared",
        ),
        ('"N: labels C"', '"N: labels"', "labels, and only they, need the number of classes"),
        (
            'compare = ["loss", "grads"]',
            "compare = []",
            "network: script: 'p' is compared and never assigned",
        ),
    ],
)
def test_lint_names_what_is_wrong_with_a_script(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert OF_PAGE.count(old) == 1
    path = tmp_path / "r.toml"
    path.write_text(HEAD + OF_PAGE.replace(old, new), "utf-8")
    assert said in "\n".join(lint_rubric(path))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("new = w + velocitty", "expected: NameError: name 'velocitty'"),
        ("new = None", "expected: new is None"),
        ("new = [w, object()]", "expected: new is an object of type object"),
        ("new = {}", "expected: new is empty"),
        ("new = w * float('nan')", "expected: new is not a number"),
    ],
)
def test_an_error_in_what_is_due_is_the_rubrics(
    sandbox: Sandbox, tmp_path: Path, wrong: str, said: str
) -> None:
    path = tmp_path / "r.toml"
    path.write_text(HEAD + OF_PAGE.replace("new = w + velocity\n", f"{wrong}\n", 1), "utf-8")
    with pytest.raises(RubricError, match=rf"training\.momentum: {re.escape(said)}"):
        graded(sandbox, path, FILES, "*.momentum")


CAME = (
    HEAD
    + """[[parts]]
id = "p"
title = "P"
[[parts.checks]]
kind = "script"
inputs = { x = "N D" }
script = "from f import f; out = f(x)"
expected = "assert came['out'] is not x; out = came['out']"
"""
)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("x * float('nan')", "is not a number"),
        ("[]", "is empty"),
        ("object()", "is None"),
        ("{('a', object()): x}", "is empty"),
    ],
)
def test_what_came_cannot_break_what_is_due(sandbox: Sandbox, tmp_path: Path, value: str, said: str) -> None:
    path = tmp_path / "r.toml"
    path.write_text(CAME, "utf-8")
    check = graded(sandbox, path, {"f.py": f"def f(x): return {value}"})["script"]
    assert check.verdict is Verdict.FAILED
    assert check.message == f"What came is not right: with it, the out that is due {said}."


@pytest.mark.parametrize(
    ("value", "verdict", "said"),
    [
        ("-x**2", Verdict.MANUAL, "The rubric's lines cannot judge what came: with it, the out that is due is not a number. A person"),
        ("x / 0", Verdict.FAILED, "What came is not right: with it, the out"),
        ("x**2", Verdict.PASSED, ""),
    ],
)  # fmt: skip
def test_what_is_due_may_not_be_a_number_by_a_fault_of_the_rubrics(
    sandbox: Sandbox, tmp_path: Path, value: str, verdict: Verdict, said: str
) -> None:
    path = tmp_path / "r.toml"
    path.write_text(
        CAME.replace("out = came['out']", "out = np.sqrt(np.sin(came['out'] * 0) + came['out'])**2"), "utf-8"
    )
    check = graded(sandbox, path, {"f.py": f"def f(x): return {value}"})["script"]
    assert check.verdict is verdict
    assert said in check.message


@pytest.mark.parametrize(
    ("got", "want", "agreed"),
    [
        (np.array([1.0, 2.0]), [1.0, 2.0], True),
        (np.eye(2), [np.array([1.0, 0.0]), np.array([0.0, 1.0])], True),
        (np.array(1.0), [1.0], False),
        ([["1.0"], ["2.0"]], np.array([[1.0], [2.0]]), False),
        ([[1.0], [2]], np.array([[1.0], [2.0]]), True),
        (np.array([1.2e-7], np.float32), np.zeros(1), True),  # 1 less a sum of float32 shares
        (np.array([1e-4], np.float32), np.zeros(1), False),
        (True, 2.0, False),
        (1, True, True),
        (5, True, False),
        (np.array([5]), True, False),
        (np.array([True]), True, True),
        (np.array([1.0 + 0j]), np.array([1.0]), False),
    ],
)
def test_values_that_are_the_same(got: object, want: object, agreed: bool) -> None:
    found = list(differences(got, want, "out", 1e-6))
    assert found
    assert all(result.agreed for _, result, _, _ in found) is agreed
    assert agreed or not any(in_proportion(one, due, {}) for _, _, one, due in found if one is True)


ADAM = """
class Adam:
    def __init__(self, lr, betas):
        self.lr, self.b1, self.b2, self.m, self.v, self.t = lr, *betas, 0, 0, 0
    def step(self, w, g):
        self.t += 1
        self.m = self.b1 * self.m + (1 - self.b1) * g
        self.v = self.b2 * self.v + (1 - self.b2) * g**2
        m, v = self.m / (1 - self.b1**self.t), self.v / (1 - self.b2**self.t)
        return w - self.lr * m / (v**0.5 + 1e-8)
"""
FOLLOWED = (
    HEAD
    + """[[parts]]
id = "p"
title = "P"
[[parts.checks]]
kind = "script"
inputs = { w = "D", grads = "5 D" }
optimizer = { name = "adam", options = { lr = 0.1, betas = [0.8, 0.9] } }
compare = ["path"]
script = '''
from optim import Adam
o, path = Adam(0.1, (0.8, 0.9)), []
for g in grads:
    w = o.step(w, g)
    path.append(w)
'''
expected = '''
path, m, v = [], 0, 0
for t, g in enumerate(grads, 1):
    m, v = 0.8 * m + 0.2 * g, 0.9 * v + 0.1 * g**2
    w = w - 0.1 * m / (1 - 0.8**t) / (np.sqrt(v / (1 - 0.9**t)) + 1e-8)
    path.append(w)
'''
"""
)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("", "", ""),
        (" / (1 - self.b1**self.t)", "", "U121"),
        ("v**0.5 + 1e-8", "v + 1e-8", "U125"),
        ("g**2", "g**4", ""),
    ],
)
def test_the_fault_of_an_optimizer_is_named(
    sandbox: Sandbox, tmp_path: Path, old: str, new: str, fault: str
) -> None:
    path = tmp_path / "r.toml"
    path.write_text(FOLLOWED, "utf-8")
    check = graded(sandbox, path, {"optim.py": ADAM.replace(old, new)})["script"]
    assert (check.verdict is Verdict.PASSED) == (old == new)
    assert [one.id for one in check.diagnoses] == ([fault] if fault else [])
    assert not fault or f"right: {check.diagnoses[0].title}" in check.message


def test_a_fault_that_is_one_of_several_is_no_certain_one(sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    path.write_text(FOLLOWED.replace('"5 D"', '"1 D"'), "utf-8")
    check = graded(sandbox, path, {"optim.py": ADAM.replace(" / (1 - self.b2**self.t)", "")})["script"]
    assert check.title == "script: path"
    assert len(check.diagnoses) > 1
    assert f"right: possibly {check.diagnoses[0].title}" in check.message


def test_no_package_of_a_submission_stands_in_for_the_script(sandbox: Sandbox, page: Path) -> None:
    wrong = {**FILES, "optim.py": OPTIM.replace("w + v", "w - v")}
    package = {"course_script/__init__.py": "", "course_script/__main__.py": "new = w + velocity"}
    assert graded(sandbox, page, {**wrong, **package}, "*.momentum")["momentum"].message.startswith(
        "new is wrong"
    )
