"""What an attack is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from textwrap import dedent


class Sign(StrEnum):
    """The observable that shows that an attack has succeeded."""

    VERDICT = "verdict"  # a wrong layer is graded right
    LOOT = "loot"  # what `attack()` returns or prints holds a secret
    TRACE = "trace"  # something outside was touched, reached or left behind
    HARM = "harm"  # the grader hangs, grows, dies, or cannot grade the next submission; limits are exceeded


@dataclass(frozen=True)
class Attack:
    """One hostile submission.

    ``source`` becomes ``modules.py``. For verdicts it has a ``LinearModule``; else a function ``attack()``
    that is called. ``facts.py`` beside it holds all that an attacker could know: paths, ports, process ids.
    """

    name: str
    family: str
    sign: Sign
    source: str
    naive: bool = True  # whether there is something like it to try on a grader in one process


def attack(name: str, family: str, sign: Sign, source: str, *, naive: bool = True, needs: str = "") -> Attack:
    """An attack with its source unindented."""
    return Attack(name, family, sign, dedent(source).strip() + "\n", naive)


WRONG_LAYER = """
import numpy as np

class LinearModule:
    def __init__(self, in_features, out_features):
        self.params = {"weight": np.zeros((out_features, in_features)), "bias": np.zeros(out_features)}
        self.grads = {"weight": None, "bias": None}

    def forward(self, x):
        return RESULT

    def backward(self, dout):
        return np.zeros((dout.shape[0], self.params["weight"].shape[1]))
"""


def wrong_layer(result: str, before: str = "") -> str:
    """A layer whose forward returns an expression, after some code that runs on import."""
    return dedent(before).strip() + "\n" + WRONG_LAYER.replace("RESULT", result)
