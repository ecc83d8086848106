"""Batch and layer normalisation with switches for what goes wrong in them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grader.diagnose.observation import Observation
from grader.diagnose.variants.point import Floats, constant, number, tensor, upstream


@dataclass(frozen=True)
class NormSwitches:
    """How a normalisation is computed; the defaults are right.

    Args:
        mean_path: the gradient flows through the mean.
        var_path: the gradient flows through the variance.
        ddof: 1 for the unbiased variance.
        eps: overrides the layer's epsilon.
        eps_outside: epsilon is added to the standard deviation, not to the variance.
        root: False divides by the variance instead of its root.
        scale: False leaves out the division by the standard deviation in dx.
        scale_twice: divides once more.
        gamma: False leaves gamma out of dx (or of the output).
        beta: False leaves beta out of the output.
        center: False does not subtract the mean.
        axis: None for the layer's own axis.
        training: overrides the layer's mode.
        mean_sum: the mean path sums where it should average.
        var_sum: the variance path sums where it should average.
        var_factor: multiplies the variance path.
        mean_factor: multiplies the mean path.
    """

    mean_path: bool = True
    var_path: bool = True
    ddof: int = 0
    eps: float | None = None
    eps_outside: bool = False
    root: bool = True
    scale: bool = True
    scale_twice: bool = False
    gamma: bool = True
    beta: bool = True
    center: bool = True
    axis: int | None = None
    training: bool | None = None
    mean_sum: bool = False
    var_sum: bool = False
    var_factor: float = 1.0
    mean_factor: float = 1.0


RIGHT = NormSwitches()


@dataclass(frozen=True)
class Normalised:
    """x_hat, the divisor, and how they came to be."""

    x_hat: Floats
    divisor: Floats
    centred: Floats
    axis: int
    through: bool  # the statistics depend on x


def normalise(observation: Observation, how: NormSwitches = RIGHT) -> Normalised:
    """x_hat = (x - mean) / divisor, by the switches."""
    x = tensor(observation, "x")
    eps = number(observation, "eps", 1e-5) if how.eps is None else how.eps
    axis = how.axis if how.axis is not None else (-1 if observation.layer == "layer_norm" else 0)
    training = how.training
    if training is None:
        training = observation.layer != "batch_norm" or bool(observation.options.get("training", True))
    if training:
        mean = x.mean(axis=axis, keepdims=True)
        var = ((x - mean) ** 2).sum(axis=axis, keepdims=True) / max(x.shape[axis] - how.ddof, 0.5)
    else:
        mean, var = constant(observation, "running_mean"), constant(observation, "running_var")
    centred = x - mean if how.center else x
    spread = var + (0.0 if how.eps_outside else eps)
    divisor = (np.sqrt(spread) if how.root else spread) + (eps if how.eps_outside else 0.0)
    return Normalised(centred / divisor, divisor, centred, axis, training)


def norm_output(observation: Observation, how: NormSwitches = RIGHT) -> Floats:
    """gamma x_hat + beta."""
    out = normalise(observation, how).x_hat
    if how.gamma:
        out = out * tensor(observation, "gamma")
    if how.beta:
        out = out + tensor(observation, "beta")
    return out


def norm_gradients(observation: Observation, how: NormSwitches = RIGHT) -> dict[str, Floats]:
    """(g - mean(g) - x_hat mean(g x_hat)) / divisor, and the sums for gamma and beta."""
    dout, state = upstream(observation), normalise(observation, how)
    g = dout * tensor(observation, "gamma") if how.gamma else dout
    dx = g
    if state.through and how.mean_path:
        mean_term = g.sum(axis=state.axis, keepdims=True) if how.mean_sum else _mean(g, state.axis)
        dx = dx - how.mean_factor * mean_term
    if state.through and how.var_path:
        product = g * state.x_hat
        if how.var_sum:
            var_term = product.sum(axis=state.axis, keepdims=True)
        else:
            var_term = product.sum(axis=state.axis, keepdims=True) / max(
                dout.shape[state.axis] - how.ddof, 0.5
            )
        dx = dx - how.var_factor * _bend(observation, how, state) * state.x_hat * var_term
    if how.scale:
        dx = dx / (state.divisor**2 if how.scale_twice else state.divisor)
    lead = tuple(range(dout.ndim - 1))
    return {"x": dx, "gamma": (dout * state.x_hat).sum(axis=lead), "beta": dout.sum(axis=lead)}


def _bend(observation: Observation, how: NormSwitches, state: Normalised) -> Floats:
    """What the variance path is multiplied by where the divisor is not sqrt(var + eps)."""
    if not how.root:
        return 2 * state.divisor
    if how.eps_outside:
        eps = number(observation, "eps", 1e-5) if how.eps is None else how.eps
        return state.divisor / np.maximum(state.divisor - eps, 1e-300)
    return np.ones(())


def _mean(array: Floats, axis: int) -> Floats:
    return np.asarray(array.mean(axis=axis, keepdims=True))
