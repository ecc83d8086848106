"""Batch and layer normalisation with switches for what goes wrong in them."""

from __future__ import annotations

from dataclasses import dataclass, replace

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
        scale_power: the power of the divisor that dx is divided by.
        gamma: False leaves gamma out of dx (or of the output).
        beta: False leaves beta out of the output.
        center: False does not subtract the mean.
        axis: None for the layer's own axis.
        training: overrides the layer's mode.
        mean_sum: the mean path sums where it should average.
        var_sum: the variance path sums where it should average.
        var_factor: multiplies the variance path.
        mean_factor: multiplies the mean path.
        root_mean_square: the divisor is that of x itself, and the mean is not subtracted.
        centered_after: with `root_mean_square`: the mean is subtracted nevertheless.
        multiplied_by: "x_hat" in the variance path, or "x", "centred" or "scaled" (x over the divisor) in its place.
        inside: what is averaged with g in the variance path: "x_hat", or one of these.
        direct: the power of the divisor in the path beside mean and variance.
        last_eps: overrides epsilon in the divisor of dx alone.
        gamma_last: gamma multiplies the finished input gradient.
        one_less: both paths divide by N - 1.
        other_count: both paths divide by the size of the other axis: N and D exchanged.
        median: the median is subtracted.
        paths_axis: the axis of the two paths, where it is not that of forward.
    """

    mean_path: bool = True
    var_path: bool = True
    ddof: int = 0
    eps: float | None = None
    eps_outside: bool = False
    root: bool = True
    scale: bool = True
    scale_power: float = 1.0
    gamma: bool = True
    beta: bool = True
    center: bool = True
    axis: int | None = None
    training: bool | None = None
    mean_sum: bool = False
    var_sum: bool = False
    var_factor: float = 1.0
    mean_factor: float = 1.0
    root_mean_square: bool = False
    centered_after: bool = False
    multiplied_by: str = "x_hat"
    inside: str = "x_hat"
    direct: float = 1.0
    last_eps: float | None = None
    gamma_last: bool = False
    one_less: bool = False
    paths_axis: int | None = None
    other_count: bool = False
    median: bool = False


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
        mean = (np.median if how.median else np.mean)(x, axis=axis, keepdims=True)
        var = ((x - x.mean(axis=axis, keepdims=True)) ** 2).sum(axis=axis, keepdims=True) / max(
            x.shape[axis] - how.ddof, 0.5
        )
    else:
        mean, var = constant(observation, "running_mean"), constant(observation, "running_var")
    if how.root_mean_square:
        var = (x**2).mean(axis=axis, keepdims=True)
        mean = mean if how.centered_after else np.zeros_like(mean)
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
    gamma = tensor(observation, "gamma")
    g = dout * gamma if how.gamma and not how.gamma_last else dout
    dx = g * state.divisor ** (1 - how.direct)
    if state.through and how.mean_path:
        dx = dx - how.mean_factor * _averaged(g, state, how, sums=how.mean_sum)
    if state.through and how.var_path:
        values = {"x_hat": state.x_hat, "x": tensor(observation, "x"), "centred": state.centred}
        values["scaled"] = values["x"] / state.divisor
        average = _averaged(g * values[how.inside], state, how, sums=how.var_sum, ddof=how.ddof)
        bend = how.var_factor * _bend(observation, how, state)
        dx = dx - bend * values[how.multiplied_by] * average
    if how.scale:
        last = state if how.last_eps is None else normalise(observation, replace(how, eps=how.last_eps))
        dx = dx / last.divisor**how.scale_power
    if how.gamma_last:
        dx = dx * gamma
    lead = tuple(range(dout.ndim - 1))
    return {"x": dx, "gamma": (dout * state.x_hat).sum(axis=lead), "beta": dout.sum(axis=lead)}


def _averaged(values: Floats, state: Normalised, how: NormSwitches, *, sums: bool, ddof: int = 0) -> Floats:
    """The mean along the statistics' axis, or what stands in its place."""
    axis = state.axis if how.paths_axis is None else how.paths_axis
    total = values.sum(axis=axis, keepdims=True)
    if sums:
        return np.asarray(total)
    size = values.shape[-1 - axis if how.other_count and values.ndim == 2 else axis]
    return np.asarray(total / np.float64(size - 1 if how.one_less else max(size - ddof, 0.5)))


def _bend(observation: Observation, how: NormSwitches, state: Normalised) -> Floats:
    """What the variance path is multiplied by where the divisor is not sqrt(var + eps)."""
    if not how.root:
        return 2 * state.divisor
    if how.eps_outside:
        eps = number(observation, "eps", 1e-5) if how.eps is None else how.eps
        return state.divisor / np.maximum(state.divisor - eps, 1e-300)
    return np.ones(())
