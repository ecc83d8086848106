"""Optimizer updates with switches for what goes wrong in them: SGD with momentum, Adam, and their relatives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from grader.diagnose.variants.point import Floats


@dataclass(frozen=True)
class StepSwitches:
    """What both optimizers can get wrong; the defaults are right.

    Args:
        lr_power: the learning rate's power in the step: 0 leaves it out, 2 applies it twice.
        sign: -1 goes uphill.
        decay: "layer" as the options say; "none", "negative", "coupled", "decoupled", "without lr" (decoupled, and not
            multiplied by the learning rate), "halved" or "doubled".
        decay_in: where "none", "negative", "halved" and "doubled" hold: "both" ways of decaying, or one of them.
        forgetful: the state begins anew in every step.
    """

    lr_power: int = 1
    sign: float = 1.0
    decay: str = "layer"
    decay_in: str = "both"
    forgetful: bool = False


@dataclass(frozen=True)
class SgdSwitches(StepSwitches):
    """SGD; the defaults are right.

    Args:
        momentum: "velocity", or "none", "negative" or "squared".
        ahead_too: another momentum holds in Nesterov's step ahead too.
        dampening: "layer", "one less momentum", "first too" (in step 1 as well), "none".
        nesterov: "layer", "never", "always", "opposite", "velocity alone" (mu v), "added" (g + v), "old" (g + mu v_old).
        rate_inside: the gradient is multiplied by the learning rate as it enters the velocity, and the velocity again.
        late: steps along the velocity before it is updated.
    """

    momentum: str = "velocity"
    ahead_too: bool = True
    dampening: str = "layer"
    nesterov: str = "layer"
    late: bool = False
    rate_inside: bool = False


@dataclass(frozen=True)
class AdamSwitches(StepSwitches):
    """Adam; the defaults are right.

    Args:
        correct: which moments are corrected: "mv", "m", "v" or "".
        counted: what is added to the step count in the correction; -1 counts from 0.
        stuck: the step count stays 1.
        epsilon: "outside", "inside", "none" or "before" the correction.
        root: the square root is "taken", "of the absolute value" or "missing".
        square: what the second moment averages: "g2", "g", "abs", "m2" or "centred".
        exchanged: the decay rates are exchanged.
        numerator: "m", "v", "g" or "nesterov" (of Nadam).
        share_m: False adds all of g to the first moment.
        share_v: False adds all of g^2 to the second moment.
        largest: divides by the largest second moment so far (AMSGrad).
        added: the second moment only grows (AdaGrad).
        linear: whose correction divides by 1 - t beta: "mv", "m", "v" or "".
    """

    correct: str = "mv"
    counted: int = 0
    stuck: bool = False
    epsilon: str = "outside"
    root: str = "taken"
    square: str = "g2"
    exchanged: bool = False
    numerator: str = "m"
    share_m: bool = True
    share_v: bool = True
    largest: bool = False
    added: bool = False
    linear: str = ""


def _decayed(
    w: Floats, g: Floats, lr: float, how: StepSwitches, options: Mapping[str, object]
) -> tuple[Floats, Floats]:
    """Parameter and gradient after the weight decay."""
    rate = _number(options, "weight_decay", 0.0)
    due = "decoupled" if options.get("decoupled") else "coupled"
    if how.decay == "without lr":
        return w * (1 - rate), g
    kind = how.decay if how.decay in ("coupled", "decoupled") else due
    if how.decay_in in ("both", due):
        rate *= {"none": 0.0, "negative": -1.0, "halved": 0.5, "doubled": 2.0}.get(how.decay, 1.0)
    return (w * (1 - lr * rate), g) if kind == "decoupled" else (w, g + rate * w)


def _number(options: Mapping[str, object], name: str, default: float) -> float:
    value = options.get(name, default)
    return float(value) if isinstance(value, int | float) else default


def sgd_path(
    start: Floats, grads: Sequence[Floats], options: Mapping[str, object], how: SgdSwitches = SgdSwitches()
) -> list[Floats]:
    """The parameter after every step."""
    lr, mu = _number(options, "lr", 0.1), _number(options, "momentum", 0.0)
    kept = {"none": 0.0, "negative": -mu, "squared": mu**2}.get(how.momentum, mu)
    mu = kept if how.ahead_too else mu
    damp = _number(options, "dampening", 0.0)
    damp = {"one less momentum": mu, "none": 0.0}.get(how.dampening, damp)
    early = how.dampening in ("one less momentum", "first too")
    asked = bool(options.get("nesterov"))
    nesterov = {"never": False, "always": True, "opposite": not asked}.get(how.nesterov, asked)
    w, v, path = start, np.zeros_like(start), []
    for step, grad in enumerate(grads):
        w, g = _decayed(w, grad, lr, how, options)
        old = np.zeros_like(v) if how.forgetful else v
        v = kept * old + (1 - (damp if step or early else 0.0)) * g * (lr if how.rate_inside else 1.0)
        along = old if how.late else v
        if nesterov and mu and not how.late:
            ways = {"velocity alone": mu * v, "added": g + v, "old": g + mu * old}
            along = ways.get(how.nesterov, g + mu * v)
        w = w - how.sign * lr**how.lr_power * along
        path.append(w)
    return path


def adam_path(
    start: Floats, grads: Sequence[Floats], options: Mapping[str, object], how: AdamSwitches = AdamSwitches()
) -> list[Floats]:
    """The parameter after every step."""
    lr, eps = _number(options, "lr", 1e-3), _number(options, "eps", 1e-8)
    betas = options.get("betas", (0.9, 0.999))
    b1, b2 = (float(beta) for beta in (betas if isinstance(betas, (tuple, list)) else (0.9, 0.999)))
    if how.exchanged:
        b1, b2 = b2, b1
    w, path = start, []
    m, v, top = (np.zeros_like(start) for _ in range(3))
    for step, grad in enumerate(grads, start=1):
        w, g = _decayed(w, grad, lr, how, options)
        if how.forgetful:
            m, v = np.zeros_like(m), np.zeros_like(v)
        m = b1 * m + ((1 - b1) if how.share_m else 1.0) * g
        squares = {"g": g, "abs": np.abs(g), "m2": m * m, "centred": (g - m) ** 2}
        square = squares.get(how.square, g * g)
        v = v + square if how.added else b2 * v + ((1 - b2) if how.share_v else 1.0) * square
        t = (1 if how.stuck or how.forgetful else step) + how.counted
        c1 = np.float64(1 - t * b1 if "m" in how.linear else 1 - b1**t)
        c2 = np.float64(1 - t * b2 if "v" in how.linear else 1 - b2**t)
        m_hat = m / c1 if "m" in how.correct else m
        v_hat = v / c2 if "v" in how.correct and not how.added else v
        if how.largest:
            v_hat = top = np.maximum(top, v_hat)
        numerators = {"v": v_hat, "g": g, "nesterov": b1 * m_hat + (1 - b1) * g / c1}
        w = w - how.sign * lr**how.lr_power * numerators.get(how.numerator, m_hat) / _divisor(
            v_hat, v, c2, eps, how
        )
        path.append(w)
    return path


def _divisor(v_hat: Floats, v: Floats, correction: float, eps: float, how: AdamSwitches) -> Floats:
    """What the first moment is divided by."""
    if how.root == "of the absolute value":
        v_hat, v = np.abs(v_hat), np.abs(v)
    size = np.asarray if how.root == "missing" else np.sqrt
    if how.epsilon == "inside":
        return np.asarray(size(v_hat + eps))
    if how.epsilon == "before":
        return np.asarray((size(v) + eps) / size(np.asarray(correction)))
    return np.asarray(size(v_hat) + (0.0 if how.epsilon == "none" else eps))
