"""Does an experiment show the trend that the reference shows?

A submission hands in the numbers of its experiment; what is judged is their trend, not the numbers. The trends are
those of the reference's own runs, which ``docs/results.md`` reports: at every learning rate below 1e-5 an MLP stays near
chance, a rate between 0.01 and 0.5 is the best or nearly so, rates of 10 and more diverge or jump about; batch norm and a
falling rate are as good as none, or better.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

from grader.checks.context import CannotJudge, Context, Finding
from grader.checks.experiment_settings import Numbers, find_part, has_norm, rate_and_norm, settings_in
from grader.checks.reported import reported
from grader.model import Curve, Evidence, Verdict
from grader.rubric import ExperimentSpec

NEAR = 0.02  # accuracy that one run differs from another by
CLEAR = 0.1  # accuracy that a trend shows by
CHANCE = 0.1
LEAST_RATES, LEAST_DECADES = 4, 3
CONSTANT = ("constant", "const", "fixed", "none", "no", "without", "baseline", "plain")


def check_experiment(spec: ExperimentSpec, context: Context) -> Finding:
    """Read the numbers of the experiment and judge their trend.

    Raises:
        CannotJudge: the submission holds no numbers of it.
    """
    numbers = _numbers(reported(context, spec.file), spec)
    evidence = TRENDS[spec.experiment](numbers)
    bad = [item for item in evidence if not item.agreed]
    share = 1 - len(bad) / len(evidence)
    verdict = Verdict.PASSED if not bad else Verdict.PARTIAL if share else Verdict.FAILED
    message = " ".join(f"{item.what}: {item.detail}." for item in bad) or "The numbers show the trend."
    curves = _curves(numbers) if spec.experiment == "lr-sweep" else ()
    ordered = tuple(sorted(evidence, key=lambda item: item.agreed))
    return Finding(
        verdict,
        message,
        share=share,
        hint=HINTS[spec.experiment] if bad else "",
        evidence=ordered,
        curves=curves,
    )


def _numbers(content: Any, spec: ExperimentSpec) -> Numbers:
    """The settings under the experiment's name, or of a file that holds nothing else."""
    part = find_part(content, spec.experiment)
    numbers = settings_in(content if part is None else part)
    if numbers and (part is not None or _shows(spec.experiment, numbers)):
        return numbers
    found = (
        "nothing of that name" if part is None else f"{_in_words(part)} without a setting and its accuracy"
    )
    text = f"{spec.file}: {spec.experiment}: no numbers found, but {found}; due is an object from setting to accuracy, "
    raise CannotJudge(Finding(Verdict.MISSING, f"{text}such as {EXAMPLES[spec.experiment]}."))


def _shows(experiment: str, numbers: Numbers) -> bool:
    """Whether settings are those of an experiment, by their names."""
    if experiment == "lr-sweep":
        return any(map(rate_and_norm, numbers))
    if experiment == "batch-norm":
        return {has_norm(name) for name in numbers} >= {True, False}
    return any(map(_is_constant, numbers)) and len(numbers) > 1


def _in_words(part: Any) -> str:
    if isinstance(part, dict):
        return f"an object with {', '.join(map(repr, list(part)[:4])) or 'no key'}"
    return f"a list of {len(part)}"


def _percent(accuracy: float) -> str:
    return f"{accuracy:.1%}" if math.isfinite(accuracy) else "diverged"


def _lr_sweep(numbers: Numbers) -> list[Evidence]:
    """Judge every group of rates: with batch norm, without, or neither said."""
    groups: dict[bool | None, dict[float, float]] = {}
    for name, accuracy in numbers.items():
        read = rate_and_norm(name)
        if read is not None:
            groups.setdefault(read[1], {})[read[0]] = accuracy
    found: list[Evidence] = []
    words = {True: "with batch norm, ", False: "without batch norm, ", None: ""}
    for norm, rates in groups.items():
        found += _one_sweep(dict(sorted(rates.items())), words[norm] if len(groups) > 1 else "")
    return found or _one_sweep({}, "")


def _one_sweep(rates: dict[float, float], group: str) -> list[Evidence]:
    finite = {rate: accuracy for rate, accuracy in rates.items() if math.isfinite(accuracy)}
    if len(rates) < LEAST_RATES or not finite:
        text = f"{len(rates)} learning rates with accuracies, {len(finite)} of them finite; at least {LEAST_RATES} are due"
        return [Evidence(what=f"{group}rates", agreed=False, detail=text)]
    best = max(finite, key=lambda rate: finite[rate])
    top = finite[best]
    usual = max((accuracy for rate, accuracy in finite.items() if 0.01 <= rate <= 0.5), default=0.0)
    span = math.log10(max(rates) / min(rates))
    found = [
        Evidence(
            what=f"{group}range",
            agreed=span >= LEAST_DECADES - 1e-9,
            detail=f"the rates span {span:.1f} decades; at least {LEAST_DECADES} are due",
        ),
        Evidence(
            what=f"{group}best rate",
            agreed=usual >= top - NEAR and top > CHANCE + CLEAR,
            detail=f"lr {best:g} is best with {top:.1%}; the reference is best between 0.01 and 0.5",
        ),
    ]
    for rate, accuracy in rates.items():
        if rate <= 1e-5 * (1 + 1e-9) or rate >= 10:
            why = "so small a rate learns little" if rate < 1 else "so large a rate diverges or jumps about"
            agreed = accuracy <= top - CLEAR or (rate >= 10 and not math.isfinite(accuracy))
            text = f"{_percent(accuracy)} against {top:.1%}; {why}"
            found.append(Evidence(what=f"{group}lr {rate:g}", agreed=agreed, detail=text))
    return found


def _batch_norm(numbers: Numbers) -> list[Evidence]:
    sides = {
        norm: [value for name, value in numbers.items() if has_norm(name) is norm] for norm in (True, False)
    }
    if not sides[True] or not sides[False]:
        text = f"one accuracy 'with' and one 'without' are due; found {_names(numbers)}"
        return [Evidence(what="settings", agreed=False, detail=text)]
    with_it, without = sides[True][0], sides[False][0]
    text = f"{_percent(with_it)} with and {_percent(without)} without; the reference is as good or better with it"
    return [Evidence(what="batch norm", agreed=_as_good(with_it, without), detail=text)]


def _schedules(numbers: Numbers) -> list[Evidence]:
    constant = [value for name, value in numbers.items() if _is_constant(name)]
    others = {name: value for name, value in numbers.items() if not _is_constant(name)}
    if not constant or not others:
        text = f"'constant' and at least one schedule are due; found {_names(numbers)}"
        return [Evidence(what="settings", agreed=False, detail=text)]
    best = max(others, key=lambda name: others[name] if math.isfinite(others[name]) else -1.0)
    text = (
        f"{best} has {_percent(others[best])}, a constant rate {_percent(constant[0])}; "
        "a falling rate is as good or better"
    )
    return [Evidence(what="schedule", agreed=_as_good(others[best], constant[0]), detail=text)]


def _as_good(one: float, other: float) -> bool:
    """Whether an accuracy is above chance and as good as another, which may have diverged."""
    return one > CHANCE + CLEAR and not one < other - NEAR


def _is_constant(name: str) -> bool:
    words = "".join(letter if letter.isalnum() else " " for letter in name.lower()).split()
    return any(word in CONSTANT for word in words)


def _names(names: Iterable[str]) -> str:
    return ", ".join(repr(name[:40]) for name in list(names)[:6]) or "none"


def _curves(numbers: Numbers) -> tuple[Curve, ...]:
    """Accuracy over the rate; runs that diverged are left out."""
    words = {True: ", with batch norm", False: ", without batch norm", None: ""}
    groups: dict[bool | None, list[tuple[float, float]]] = {}
    for name, accuracy in numbers.items():
        read = rate_and_norm(name)
        if read is not None and math.isfinite(accuracy):
            groups.setdefault(read[1], []).append((math.log10(read[0]), accuracy))
    return tuple(
        Curve(
            name=f"submission: accuracy{words[norm]}",
            x=tuple(x for x, _ in sorted(points)),
            y=tuple(y for _, y in sorted(points)),
            x_label="log10 of the learning rate",
            y_label="accuracy",
        )
        for norm, points in groups.items()
    )


TRENDS: dict[str, Callable[[Numbers], list[Evidence]]] = {
    "lr-sweep": _lr_sweep,
    "batch-norm": _batch_norm,
    "schedules": _schedules,
}
EXAMPLES = {
    "lr-sweep": '{"lr-sweep": {"0.1": 0.49, "0.01": 0.46, "10": "nan"}}',
    "batch-norm": '{"batch-norm": {"with": 0.50, "without": 0.49}}',
    "schedules": '{"schedules": {"constant": 0.49, "time-decay": 0.51}}',
}
HINTS = {
    "lr-sweep": "Does every run start from fresh weights, and is the rate that is written down the one that it used?",
    "batch-norm": "Are both runs alike in all else, and is the network with batch norm evaluated in eval mode?",
    "schedules": "Does every run start from fresh weights and the same rate, and does the schedule change the rate?",
}
