"""Faults of the backward of batch and layer normalisation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from grader.diagnose.hypothesis import Hypothesis, Predict
from grader.diagnose.observation import Array, Observation
from grader.diagnose.variants.normalisation import RIGHT, Normalised, NormSwitches, norm_gradients, normalise
from grader.diagnose.variants.point import Floats, constant, number, tensor, upstream

NORMS = ("batch_norm", "layer_norm")
X, GAMMA, BETA = ("x",), ("gamma",), ("beta",)


def switched(how: NormSwitches) -> Predict:
    """Predicts the gradients with other switches."""

    def predict(observation: Observation, target: str) -> Array | None:
        with np.errstate(all="ignore"):
            return norm_gradients(observation, how).get(target)

    return predict


def terms(compute: Callable[[Floats, Floats, Normalised], Floats]) -> Predict:
    """Predicts a formula of dout, x and the normalised state."""

    def predict(observation: Observation, _: str) -> Array | None:
        with np.errstate(all="ignore"):
            return compute(upstream(observation), tensor(observation, "x"), normalise(observation))

    return predict


def _times_gamma(observation: Observation, target: str) -> Array | None:
    gradient = norm_gradients(observation).get(target)
    return None if gradient is None else gradient * tensor(observation, "gamma")


def _beta_for_gamma(observation: Observation, target: str) -> Array | None:
    tensors = {**observation.tensors, "gamma": observation.tensors["beta"]}
    return norm_gradients(replace(observation, tensors=tensors)).get(target)


def _running(observation: Observation, target: str) -> Array | None:
    if not observation.options.get("training", True) or "running_mean" not in observation.constants:
        return None
    return norm_gradients(observation, replace(RIGHT, training=False)).get(target)


def fresh_statistics(observation: Observation) -> Observation:
    """As if the running statistics were those of a new layer: a mean of 0 and a variance of 1."""
    x = tensor(observation, "x")
    new = {"running_mean": np.zeros(x.shape[1:]), "running_var": np.ones(x.shape[1:])}
    return replace(observation, constants={**observation.constants, **new})


def _fresh_running(observation: Observation, target: str) -> Array | None:
    return _running(fresh_statistics(observation), target)


def _batch_in_evaluation(observation: Observation, target: str) -> Array | None:
    return norm_gradients(observation, replace(RIGHT, training=True)).get(target)


def _backward_of_training(observation: Observation, target: str) -> Array | None:
    """Running statistics, but the gradient flows through them."""
    if "running_mean" not in observation.constants:
        return None
    x_hat = (tensor(observation, "x") - constant(observation, "running_mean")) / np.sqrt(
        constant(observation, "running_var") + 1e-5
    )
    g = upstream(observation) * tensor(observation, "gamma")
    dx = g - g.mean(axis=0) - x_hat * (g * x_hat).mean(axis=0)
    return dx / np.sqrt(constant(observation, "running_var") + 1e-5) if target == "x" else None


def _output_in_place(observation: Observation, _: str) -> Array | None:
    """gamma's gradient with the output in place of x_hat."""
    state, dout = normalise(observation), upstream(observation)
    y = state.x_hat * tensor(observation, "gamma") + tensor(observation, "beta")
    return np.asarray((dout * y).sum(axis=tuple(range(dout.ndim - 1))))


def _other_axis(observation: Observation, target: str) -> Array | None:
    axis = 0 if observation.layer == "layer_norm" else -1
    return norm_gradients(observation, replace(RIGHT, axis=axis)).get(target)


def _whole(observation: Observation, target: str) -> Array | None:
    if not observation.options.get("training", True):
        return norm_gradients(observation).get(target)
    x, dout = tensor(observation, "x"), upstream(observation)
    g = dout * tensor(observation, "gamma")
    std = np.sqrt(x.var() + number(observation, "eps", 1e-5))
    x_hat = (x - x.mean()) / std
    return np.asarray((g - g.mean() - x_hat * (g * x_hat).mean()) / std)


def _whole_gamma(observation: Observation, target: str) -> Array | None:
    if not observation.options.get("training", True):
        return norm_gradients(observation).get(target)
    x, dout = tensor(observation, "x"), upstream(observation)
    x_hat = (x - x.mean()) / np.sqrt(x.var() + number(observation, "eps", 1e-5))
    return np.asarray((dout * x_hat).sum(axis=tuple(range(dout.ndim - 1))))


def _along_other_axis(*, other_count: bool) -> Predict:
    """Forward's statistics, and paths through them along the other axis, divided by that axis's size or not."""

    def predict(observation: Observation, target: str) -> Array | None:
        axis = 0 if observation.layer == "layer_norm" else -1
        how = replace(RIGHT, paths_axis=axis, other_count=other_count)
        return norm_gradients(observation, how).get(target)

    return predict


def _norm(fault: str, how: NormSwitches, tensors: tuple[str, ...] = X, note: str = "") -> Hypothesis:
    return Hypothesis(fault, switched(how), NORMS, tensors, note)


def _term(
    fault: str,
    compute: Callable[[Floats, Floats, Normalised], Floats],
    tensors: tuple[str, ...],
    note: str = "",
) -> Hypothesis:
    return Hypothesis(fault, terms(compute), NORMS, tensors, note)


EPSILONS = (0.0, 1e-12, 1e-10, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1.0)
ALL = ("x", "gamma")

NORMALISATION: tuple[Hypothesis, ...] = (
    _norm("G501", NormSwitches(mean_path=False)),
    _norm("G502", NormSwitches(var_path=False)),
    _norm("G503", NormSwitches(mean_path=False, var_path=False)),
    _norm("G511", NormSwitches(gamma=False)),
    Hypothesis("G511", _beta_for_gamma, NORMS, X, "beta stands in its place"),
    _norm("G512", NormSwitches(scale=False)),
    _norm("G512", NormSwitches(scale_power=2), X, "it is done twice"),
    _norm("G512", NormSwitches(scale_power=0.5), X, "its root is taken once more"),
    _norm("G512", NormSwitches(scale_power=3), X, "it is done three times"),
    _norm("G512", NormSwitches(scale_power=-1), X, "multiplied instead"),
    _norm("G504", NormSwitches(ddof=1), ALL),
    _norm("G505", NormSwitches(eps_outside=True), ALL),
    *(_norm("G506", NormSwitches(eps=eps), ALL, f"{eps:g} is used") for eps in EPSILONS),
    Hypothesis("G507", _running, ("batch_norm",)),
    Hypothesis("G507", _fresh_running, ("batch_norm",), ALL, "those of a new layer, 0 and 1"),
    Hypothesis("G510", _batch_in_evaluation, ("batch_norm",)),
    Hypothesis("G510", _backward_of_training, ("batch_norm",), X, "but the running statistics are used"),
    Hypothesis("G514", _other_axis, NORMS),
    Hypothesis("G514", _whole, NORMS, X, "everything"),
    Hypothesis("G514", _whole_gamma, NORMS, GAMMA, "everything"),
    _norm("G513", NormSwitches(root=False), ALL),
    _norm("G517", NormSwitches(mean_sum=True), X, "the mean path"),
    _norm("G517", NormSwitches(var_sum=True), X, "the variance path"),
    _norm("G517", NormSwitches(mean_sum=True, var_sum=True), X, "both paths"),
    _norm("G518", NormSwitches(var_factor=2.0), X, "doubled"),
    _norm("G518", NormSwitches(var_factor=0.5), X, "halved"),
    _norm("G519", NormSwitches(var_factor=-1.0), X, "the variance path"),
    _norm("G519", NormSwitches(mean_factor=-1.0), X, "the mean path"),
    _norm("G519", NormSwitches(mean_factor=-1.0, var_factor=-1.0), X, "both paths"),
    _norm("G522", NormSwitches(multiplied_by="x"), X, "the input"),
    _norm("G522", NormSwitches(multiplied_by="centred"), X, "the centred input"),
    _norm("G522", NormSwitches(inside="x"), X, "the input, inside the mean"),
    _norm("G522", NormSwitches(inside="centred"), X, "the centred input, inside the mean"),
    _norm("G522", NormSwitches(inside="x", multiplied_by="x"), X, "the input, twice"),
    _norm("G522", NormSwitches(inside="centred", multiplied_by="centred"), X, "the centred input, twice"),
    _norm("G522", NormSwitches(multiplied_by="scaled"), X, "the input over the standard deviation"),
    _norm("G522", NormSwitches(inside="scaled"), X, "the same, inside the mean"),
    _norm("G522", NormSwitches(inside="scaled", multiplied_by="scaled"), X, "the same, twice"),
    _norm("G512", NormSwitches(direct=0.0), X, "it is missing in the direct path"),
    _norm("G512", NormSwitches(direct=2.0), X, "it is done twice in the direct path"),
    *(
        _norm("G506", NormSwitches(last_eps=eps), X, f"{eps:g} is used in the last division")
        for eps in (0.0, 1e-5)
    ),
    _norm("G523", NormSwitches(gamma_last=True), X),
    _norm("G524", NormSwitches(one_less=True), X, "N - 1"),
    _norm("G524", NormSwitches(other_count=True), X, "the size of the other axis"),
    Hypothesis("G525", _along_other_axis(other_count=False), NORMS, X),
    Hypothesis("G525", _along_other_axis(other_count=True), NORMS, X, "divided by the right axis's size"),
    _norm("G513", NormSwitches(root_mean_square=True), ALL, "root mean square"),
    _norm("G501", NormSwitches(mean_path=False, gamma=False), X, "and gamma"),
    _norm("G502", NormSwitches(var_path=False, gamma=False), X, "and gamma"),
    _norm("G503", NormSwitches(mean_path=False, var_path=False, gamma=False), X, "and gamma"),
    _norm("G503", NormSwitches(mean_path=False, var_path=False, scale=False), X, "and the division"),
    _norm("G502", NormSwitches(var_path=False, scale=False), X, "and the division"),
    Hypothesis("G516", _times_gamma, NORMS, ("gamma", "beta", "x")),
    _term("G508", lambda dout, x, state: (dout * x).sum(axis=0), GAMMA),
    _term("G509", lambda dout, x, state: (dout * state.centred).sum(axis=0), GAMMA),
    Hypothesis("G508", _output_in_place, NORMS, GAMMA, "the output y"),
    _term("G520", lambda dout, x, state: state.x_hat.sum(axis=0) * dout.sum(axis=0), GAMMA),
    _term("G520", lambda dout, x, state: (dout * state.x_hat).sum(axis=-1), GAMMA, "over the features"),
    _term("G520", lambda dout, x, state: dout.sum(axis=-1), BETA, "over the features"),
    _term("G521", lambda dout, x, state: (dout * state.x_hat / state.divisor).sum(axis=0), GAMMA),
    _term("G521", lambda dout, x, state: (dout / state.divisor).sum(axis=0), BETA),
)
