"""A first rubric from a solution: what is recognised is graded, the rest is a comment."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.errors import UsageError
from grader.rubric import load_rubric
from grader.rubric.drafting import draft_rubric, layers_for
from grader.rubric.lint import lint_rubric
from grader.sandbox import Sandbox

SOURCE = """
import numpy as np
def affine_forward(x, w, b):
    return x @ w + b, (x, w)
def affine_backward(dout, cache):
    x, w = cache
    return dout @ w.T, x.T @ dout, dout.sum(axis=0)
class MaxPool2d:
    def __init__(self, kernel_size): self.k = kernel_size
    def forward(self, x):
        self.x, k = x, self.k
        n, c, h, w = x.shape
        self.y = x[:, :, :h // k * k, :w // k * k].reshape(n, c, h // k, k, w // k, k).max(axis=(3, 5))
        return self.y
    def backward(self, dout):
        grown = lambda a: a.repeat(self.k, axis=2).repeat(self.k, axis=3)
        dx = np.zeros_like(self.x)
        h, w = (self.k * n for n in dout.shape[2:])
        dx[:, :, :h, :w] = grown(dout) * (self.x[:, :, :h, :w] == grown(self.y))
        return dx
def my_softmax_loss(x, y):
    e = np.exp(x - x.max())
    return (x - y).sum()
def adam(w, dw, config=None): return w, config
def _private(x): return x
"""


def test_what_is_recognised_is_graded_and_the_rest_is_a_comment(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "solution").mkdir()
    (tmp_path / "solution" / "hw.py").write_text(SOURCE, "utf-8")
    path, tried = tmp_path / "hw.toml", []
    text = draft_rubric(tmp_path / "solution", sandbox, beside=path, on_tried=tried.append)
    path.write_text(text, "utf-8")
    assert sorted(tried) == ["MaxPool2d", "adam", "affine_forward", "my_softmax_loss"]
    assert lint_rubric(path) == []
    rubric = load_rubric(path)
    found = {part.id: (part.layer, [check.kind for check in part.checks]) for part in rubric.parts}
    usual = ["forward", "gradient", "contract"]
    assert found == {"affine": ("linear", usual), "max_pool2d": ("max_pool2d", usual)}
    assert [getattr(part.checks[1], "ties", None) for part in rubric.parts] == [False, True]
    assert (rubric.modules, rubric.solution) == (("hw.py",), str(tmp_path / "solution"))
    assert "# hw.my_softmax_loss: as softmax_cross_entropy: forward is not the softmax" in text
    assert "# hw.adam: no layer of the reference is called like that" in text
    commented = text.partition("# hw.adam")[2].partition("\n\n")[0].replace("\n# ", "\n").partition("\n")[2]
    path.write_text(text + commented, "utf-8")
    assert lint_rubric(path) == []
    assert load_rubric(path).parts[-1].checks[0].kind == "script"


@pytest.mark.parametrize(
    ("name", "layers"),
    [
        ("SoftmaxCrossEntropyLoss", ("softmax_cross_entropy",)),
        ("LeakyReLULayer", ("leaky_relu",)),
        ("spatial_batchnorm_forward", ("batch_norm",)),
        ("avg_pool_forward", ("avg_pool2d",)),
        ("Solver", ()),
    ],
)
def test_a_name_says_which_layers_to_try(name: str, layers: tuple[str, ...]) -> None:
    assert layers_for(name) == layers


def test_a_folder_without_code_is_refused(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("nothing", "utf-8")
    with pytest.raises(UsageError, match="no Python file there defines"):
        draft_rubric(tmp_path, sandbox)
