"""Whatever is handed in gives a verdict: no exception, nothing executed, nothing large."""

from __future__ import annotations

import random
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.formulas.limits import Unreadable
from grader.formulas.macros import expand_macros
from tests.formulas.support import DW, corpus, judged, questions

OUTCOMES = {"right", "note", "wrong", "unreadable", "empty"}
HOSTILE = [
    "(" * 5000, "-" * 5000 + "1", "np.exp(" * 800 + "X" + ")" * 800, "X" + ".T" * 2500, "[" * 5000, "{" * 3000,
    "9**9**9**9", "2^{9^{9^{9}}}", "np.ones((10**9, 10**9))", "np.ones((64, 64, 64, 64, 64))",
    "np.einsum('abcdef,ghijkl->abcdefghijkl', X, X)", r"\mathbf{1}_{99999999}^T dY", r"\mathbf{1}_{4096\times 4096} dY",
    r"\sum_{a}" * 12 + "X_{ab}X_{cd}X_{ef}X_{gh}X_{ij}X_{kl}", r"\frac{" * 400 + "1", r"\begin{cases}" * 200,
    "X^{" * 200 + "2" + "}" * 200, "a" * 5900, "XYW" * 1900, "dY" * 2500, "$" * 3000, "|" * 3000, "X_" * 1000,
    r"\newcommand{\a}{\b\b}\newcommand{\b}{\c\c}\newcommand{\c}{\a\a}\a", "1" * 5000, "." * 4000, "=".join(["X"] * 1500),
    "(dY.T @ X) * 1e400", "e^{e^{e^{e^{100}}}}", r"\hat" * 500 + "{x}", r"\mathbf{" * 600 + "X" + "}" * 600,
    "np.reshape(X, (2**40, -1))", "X.sum(axis=(0, 1, 2))", "np.full((64, 64), np.ones((64, 64)))", "np.eye(S.shape)",
    "\U0001d400" * 2000, "\u0302" * 3000, "\x00\x01", "X" + "'" * 3000, "X!" * 100, "np.transpose(X, (0, 0))",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:20].encode("unicode_escape").decode())
def test_a_hostile_answer_gives_a_verdict_and_is_not_accepted(text):
    assert judged(text, DW).outcome in {"wrong", "unreadable", "empty"}


def test_arguments_that_hold_arguments_do_not_multiply():
    places = "{" + "#2" * 500 + "}"
    text = r"\newcommand{\a}[2]{" + "#1" * 500 + "}" + rf"\a{places}{{{'x' * 500}}}"
    tracemalloc.start()
    with pytest.raises(Unreadable, match="do not end"):
        expand_macros(text)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 24
    assert expand_macros(r"\newcommand{\b}[2]{#1-#2}\b{#2}{x}") == " {#2-x}"


CODE = [
    "__import__('os').system('touch {path}')",
    "dY.T @ X if __import__('os').system('touch {path}') else 1",
    "[open('{path}', 'w') for i in [1]][0]",
    "(lambda: open('{path}', 'w'))()",
    "eval(\"open('{path}', 'w')\")",
    "np.save('{path}', X)",
    "np.memmap('{path}', mode='w+', shape=(1,))",
    "X.tofile('{path}')",
    'f\'{{open("{path}", "w")}}\'',
    'exec(\'open("{path}", "w")\')',
    "X.__class__.__bases__[0].__subclasses__()",
    "while True: pass",
    "import os; os.mkdir('{path}')",
]


@pytest.mark.parametrize("code", CODE)
def test_code_is_never_executed(code, tmp_path: Path):
    path = tmp_path / "made.npy"
    assert judged(code.format(path=path), DW).outcome == "unreadable"
    assert list(tmp_path.iterdir()) == []


BITS = [
    r"\frac", "{", "}", "(", ")", "^", "_", "T", "'", r"\sum", "1", r"\mathbf{1}", "X", "dY", "*", "@", "**", "99", "e",
    r"\delta_{ij}", "=", r"\\", "&", r"\begin{cases}", r"\end{cases}", "$", "$$", "|", r"\|", "[", "]", ",", ";", ".T",
    "np.", "sum", "lambda", "__class__", r"\newcommand{\a}{\a\a}", r"\a", "where", "^{99999}", "∂", "ᵀ", "∑", "\x00",
    "𝟏", r"\hat", r"\boxed", r"\text{", "I", "diag", r"\over", "!", "\n", "if", "10000000000000000000", r"\lfloor",
]  # fmt: skip


def edited(text: str, source: random.Random) -> str:
    for _ in range(source.choice([1, 1, 2, 3, 5, 8])):
        place, chance = source.randrange(len(text) + 1), source.random()
        if chance < 0.4:
            text = text[:place] + text[place + source.randrange(1, 6) :]
        elif chance < 0.8:
            text = text[:place] + source.choice(BITS) + text[place:]
        else:
            other = source.randrange(len(text) + 1)
            text = text[:place] + text[min(place, other) : max(place, other)] + text[place:]
    return text


@pytest.mark.parametrize("seed", range(3))
def test_random_edits_give_a_verdict(seed):
    source = random.Random(seed)
    cases = [
        (questions(name)[q], formula) for name in ("uva", "bgu", "other") for q, _, formula in corpus(name)
    ]
    for _ in range(200):
        asked, formula = source.choice(cases)
        text = edited(formula, source)
        assert judged(text, asked).outcome in OUTCOMES, text


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.text(max_size=60))
def test_any_text_gives_a_verdict(text):
    assert judged(text, DW).outcome in OUTCOMES
