"""Is the initialisation Kaiming normal? A statistical test with a stated error rate."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from grader.checks.context import Context, Finding
from grader.checks.layer import layer_under_test
from grader.checks.support import judged, printed, raised
from grader.conventions.form_subject import new_instance
from grader.conventions.in_worker import START_SEED
from grader.conventions.layer_form import LayerForm
from grader.conventions.spelling import Parameter, Spelling
from grader.errors import RubricError
from grader.model import Evidence
from grader.numerics import Array
from grader.rubric import InitSpec
from grader.sandbox import Program, Worker

FAN_IN, FAN_OUT = 400, 260  # distinct, so that fan-out in place of fan-in shows; 104,000 weights
NORMAL_KURTOSIS = 3.0
KURTOSIS_BAND = 0.5  # the uniform distribution has 1.8, a normal one cut at 2 sigma 2.4


def check_init(spec: InitSpec, context: Context) -> Finding:
    """Compare the standard deviation of fresh weights with sqrt(gain / fan_in)."""
    with layer_under_test(context, methods=("__init__",)) as under:
        if isinstance(under.spelling, LayerForm):
            return _judge_form(spec, context, under.subject.worker, under.spelling)
        return _judge(spec, context, under.subject.worker, under.spelling)


def _judge_form(spec: InitSpec, context: Context, worker: Worker, form: LayerForm) -> Finding:
    """The same for a layer of any form: a linear layer or a convolution of many weights."""
    kernel = (FAN_IN // 4, 2, 2) if form.layer == "conv2d" else (FAN_IN,)
    like = {"weight": np.empty((FAN_OUT, *kernel)), "bias": np.empty(FAN_OUT)}
    if not like.keys() <= form.parameters.keys():
        raise RubricError(
            f"rubric {context.rubric.id}: {context.id}: init is for a layer with weight and bias"
        )
    arguments, keywords = form.constructor_call(like)
    program = Program()
    program.seed(START_SEED)
    layer = new_instance(program, form, arguments, keywords)
    for name in like:
        program.send(name, form.parameters[name].under(layer))
    reply = worker.run(program, timeout=context.seconds)
    if reply.error:
        return raised(reply.error, doing=f"{form.name}{arguments}", output=printed(context))
    weight = form.canonical("weight", np.asarray(reply.values["weight"], np.float64), like["weight"])
    evidence = weight_evidence("layer", weight.reshape(FAN_OUT, -1), spec.gain, spec.error_rate)
    return _told(context, [*evidence, _bias_evidence("layer", reply.values["bias"])])


def _judge(spec: InitSpec, context: Context, worker: Worker, spelling: Spelling) -> Finding:
    weight, bias = spelling.parameters["weight"], spelling.parameters["bias"]
    kinds: list[tuple[str, bool, float]] = [("hidden layer", False, spec.gain)]
    if spec.input_gain is not None and spelling.input_layer:
        kinds.append(("input layer", True, spec.input_gain))
    evidence: list[Evidence] = []
    for label, is_input, gain in kinds:
        program = Program()
        program.seed(START_SEED)
        named = {spelling.input_layer: is_input} if spelling.input_layer else {}
        extra = () if spelling.input_layer else spelling.extra
        layer = program.call(
            program.import_(spelling.module).attr(spelling.name), FAN_IN, FAN_OUT, *extra, **named
        )
        program.send("weight", layer.attr("params").item(weight.key))
        program.send("bias", layer.attr("params").item(bias.key))
        reply = worker.run(program, timeout=context.seconds)
        if reply.error:
            doing = f"{spelling.name}({FAN_IN}, {FAN_OUT}{', ' + spelling.input_layer + '=True' if is_input else ''})"
            return raised(reply.error, doing=doing, output=printed(context))
        evidence += weight_evidence(label, _oriented(reply.values["weight"], weight), gain, spec.error_rate)
        evidence.append(_bias_evidence(label, reply.values["bias"]))
    return _told(context, evidence)


def _told(context: Context, evidence: list[Evidence]) -> Finding:
    hint = "Print the standard deviation of a large fresh weight matrix beside the value that the hand-out gives."
    shown = tuple(sorted(evidence, key=lambda item: item.agreed))
    return judged(context, evidence, hint=hint, shown=shown)


def _oriented(value: object, weight: Parameter) -> Array:
    array = np.asarray(value, np.float64)
    return array.T if weight.transposed else array


def weight_evidence(
    label: str, weight: Array, gain: float, error_rate: float, *, normal: bool = True
) -> list[Evidence]:
    """The tests of one weight matrix (out, in): spread, mean, shape of the distribution.

    The relative error of a standard deviation from n normal draws is 1 / sqrt(2 n); the band is as wide as the error
    rate asks for, and never under 1 %.
    """
    n, fan_in = weight.size, weight.shape[1]
    want = math.sqrt(gain / fan_in)
    std, mean = float(weight.std()), float(weight.mean())
    z = NormalDist().inv_cdf(1 - error_rate / 4)
    band = max(z / math.sqrt(2 * n), 0.01)
    found = [
        Evidence(
            what=f"{label}: standard deviation of {n:,} fresh weights",
            agreed=abs(std / want - 1) <= band if math.isfinite(std) else False,
            detail=_spread_detail(label, weight, std, want, gain),
            tensor="weight",
            shape=weight.shape,
            got=std,
            want=want,
            abs_error=abs(std - want),
            rel_error=abs(std / want - 1),
            rel_to="wanted standard deviation",
            tolerance=band * want,
            tolerance_reason=f"a right one fails with probability {error_rate:.0e}",
        ),
        Evidence(
            what=f"{label}: mean of fresh weights",
            agreed=abs(mean) <= z * want / math.sqrt(n) + 1e-12,
            detail=f"The {label}'s weights have mean {mean:.3g}; 0 is due.",
            tensor="weight",
            got=mean,
            want=0.0,
            tolerance=z * want / math.sqrt(n),
            tolerance_reason=f"a right one fails with probability {error_rate:.0e}",
        ),
    ]
    if normal and std > 0:
        found.append(_kurtosis(label, weight, mean, std))
    return found


def _kurtosis(label: str, weight: Array, mean: float, std: float) -> Evidence:
    kurtosis = float((((weight - mean) / std) ** 4).mean())
    agreed = abs(kurtosis - NORMAL_KURTOSIS) <= KURTOSIS_BAND
    shape = "uniform" if abs(kurtosis - 1.8) < 0.2 else "not normal"
    return Evidence(
        what=f"{label}: kurtosis of fresh weights",
        agreed=agreed,
        detail=""
        if agreed
        else f"The {label}'s weights look {shape} (kurtosis {kurtosis:.2f}; a normal one has 3).",
        tensor="weight",
        got=kurtosis,
        want=NORMAL_KURTOSIS,
        tolerance=KURTOSIS_BAND,
        tolerance_reason="uniform has 1.8",
    )


def _spread_detail(label: str, weight: Array, std: float, want: float, gain: float) -> str:
    fan_out, fan_in = weight.shape
    text = f"The {label}'s weights have standard deviation {std:.4g}; sqrt({gain:g} / fan_in) = {want:.4g} is due"
    known = {
        "the fan-out in place of the fan-in": math.sqrt(gain / fan_out),
        "the variance in place of the standard deviation": gain / fan_in,
        "the gain of an input layer": math.sqrt(1 / fan_in),
        "the gain of a hidden layer": math.sqrt(2 / fan_in),
        "the sum of fan-in and fan-out (Xavier)": math.sqrt(2 / (fan_in + fan_out)),
        "PyTorch's default initialisation": math.sqrt(1 / (3 * fan_in)),
        "all weights equal": 0.0,
    }
    for name, value in known.items():
        if abs(value - want) > 0.02 * want and abs(std - value) <= 0.02 * max(value, 1e-9):
            return f"{text}: it looks like {name}."
    return text + "."


def _bias_evidence(label: str, value: object) -> Evidence:
    bias = np.asarray(value, np.float64)
    largest = float(np.abs(bias).max()) if bias.size else 0.0
    return Evidence(
        what=f"{label}: fresh bias",
        agreed=largest == 0.0,
        detail=""
        if largest == 0.0
        else f"The {label}'s bias starts at values up to {largest:.3g}; 0 is due.",
        tensor="bias",
        shape=bias.shape,
        got=largest,
        want=0.0,
        tolerance=0.0,
        tolerance_reason="a bias starts at exactly 0",
    )
