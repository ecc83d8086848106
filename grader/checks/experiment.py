"""Does an experiment show the trend that the reference shows?

A submission hands in the numbers of its experiment; what is judged is their trend, not the numbers. The trends are
those of the reference's own runs, which ``docs/results.md`` reports: at every learning rate below 1e-5 an MLP stays near
chance, the best rate lies between 0.01 and 0.5, rates of 10 and more diverge without batch norm.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from grader.checks.context import CannotJudge, Context, Finding
from grader.checks.reported import reported, value_at
from grader.checks.training_values import accuracy_of
from grader.errors import RubricError
from grader.model import Curve, Evidence, Verdict
from grader.rubric import ExperimentSpec

NEAR = 0.02  # accuracy that one run differs from another by
CLEAR = 0.1  # accuracy that a trend shows by
Numbers = Mapping[str, float]  # setting to accuracy; NaN where the run diverged


def check_experiment(spec: ExperimentSpec, context: Context) -> Finding:
    """Read the numbers of the experiment and judge their trend.

    Raises:
        RubricError: there is no experiment of that name.
    """
    if spec.experiment not in TRENDS:
        raise RubricError(
            f"rubric {context.rubric.id}: {context.id}: experiment: {spec.experiment!r} is none of {', '.join(TRENDS)}"
        )
    content = reported(context, spec.file)
    part = value_at(content, spec.experiment)
    if part is None:
        part = value_at(content, spec.experiment.replace("-", "_"))
    numbers = settings_in(part)
    if not numbers:
        raise CannotJudge(
            Finding(
                Verdict.MISSING,
                f"{spec.file}: {spec.experiment}: no numbers found; due is an object from setting to accuracy, "
                f'such as {{"{spec.experiment}": {{"0.1": 0.49, "0.01": 0.46}}}}.',
            )
        )
    evidence = TRENDS[spec.experiment](numbers)
    bad = [item for item in evidence if not item.agreed]
    share = 1 - len(bad) / len(evidence)
    verdict = Verdict.PASSED if not bad else Verdict.PARTIAL if share else Verdict.FAILED
    message = " ".join(f"{item.what}: {item.detail}." for item in bad) or "The numbers show the trend."
    return Finding(
        verdict, message, share=share, evidence=tuple(evidence), curves=_curves(spec.experiment, numbers)
    )


def settings_in(part: Any) -> dict[str, float]:
    """Setting to accuracy, from an object of numbers or of objects with an accuracy, or a list of such objects."""
    found: dict[str, float] = {}
    if isinstance(part, list):
        part = {
            str(_setting(row)): row for row in part if isinstance(row, dict) and _setting(row) is not None
        }
    if not isinstance(part, dict):
        return found
    for name, value in part.items():
        accuracy = _accuracy(value)
        if accuracy is not None:
            found[str(name)] = accuracy
    return found


def _setting(row: Mapping[str, Any]) -> Any:
    return next(
        (v for k, v in row.items() if str(k) in ("lr", "learning_rate", "setting", "schedule", "name")), None
    )


def _accuracy(value: Any) -> float | None:
    if isinstance(value, dict):
        named = [v for k, v in value.items() if "acc" in str(k).lower()]
        value = named[0] if named else None
    if isinstance(value, list) and value:
        rows = [number for number in map(_accuracy, value) if number is not None]
        return max(rows, default=None)
    if value == "NaN" or (isinstance(value, float) and math.isnan(value)):
        return math.nan
    return accuracy_of(value)


def _rates(numbers: Numbers) -> dict[float, float]:
    found = {}
    for name, accuracy in numbers.items():
        try:
            rate = float(name)
        except ValueError:
            continue
        if math.isfinite(rate) and rate > 0:
            found[rate] = accuracy
    return dict(sorted(found.items()))


def _lr_sweep(numbers: Numbers) -> list[Evidence]:
    rates = _rates(numbers)
    finite = {rate: accuracy for rate, accuracy in rates.items() if math.isfinite(accuracy)}
    if len(rates) < 4 or not finite:
        text = f"{len(rates)} learning rates with accuracies; at least 4 are due"
        return [Evidence(what="rates", agreed=False, detail=text)]
    best = max(finite, key=lambda rate: finite[rate])
    top = finite[best]
    span = math.log10(max(rates) / min(rates))
    found = [
        Evidence(
            what="range", agreed=span >= 3, detail=f"the rates span {span:.1f} decades; at least 3 are due"
        ),
        Evidence(
            what="best rate",
            agreed=0.01 <= best <= 0.5 and top > 0.1 + CLEAR,
            detail=f"lr {best:g} is best with {top:.1%}; the reference is best between 0.01 and 0.5",
        ),
    ]
    for rate, accuracy in rates.items():
        if rate <= 1e-5 or rate >= 10:
            why = "so small a rate learns little" if rate < 1 else "so large a rate diverges or jumps about"
            agreed = not math.isfinite(accuracy) or accuracy <= top - CLEAR
            found.append(
                Evidence(
                    what=f"lr {rate:g}", agreed=agreed, detail=f"{accuracy:.1%} against {top:.1%}; {why}"
                )
            )
    return found


def _named(numbers: Numbers, *words: str) -> float | None:
    for name, accuracy in numbers.items():
        plain = name.lower().replace("_", " ").replace("-", " ").strip()
        if plain in words:
            return accuracy
    return None


def _batch_norm(numbers: Numbers) -> list[Evidence]:
    with_it = _named(numbers, "with", "true", "on", "batch norm", "with batch norm", "bn")
    without = _named(numbers, "without", "false", "off", "none", "no batch norm", "without batch norm")
    if with_it is None or without is None:
        return [
            Evidence(what="settings", agreed=False, detail="one accuracy 'with' and one 'without' are due")
        ]
    agreed = with_it >= without - NEAR
    detail = f"{with_it:.1%} with and {without:.1%} without; the reference is as good or better with it"
    return [Evidence(what="batch norm", agreed=agreed, detail=detail)]


def _schedules(numbers: Numbers) -> list[Evidence]:
    constant = _named(numbers, "constant", "none", "no schedule")
    others = {name: value for name, value in numbers.items() if value is not constant}
    if constant is None or not others:
        return [
            Evidence(what="settings", agreed=False, detail="'constant' and at least one schedule are due")
        ]
    best = max(others, key=lambda name: others[name])
    agreed = others[best] >= constant - NEAR
    detail = (
        f"{best} has {others[best]:.1%}, a constant rate {constant:.1%}; a falling rate is as good or better"
    )
    return [Evidence(what="schedule", agreed=agreed, detail=detail)]


def _curves(experiment: str, numbers: Numbers) -> tuple[Curve, ...]:
    rates = _rates(numbers) if experiment == "lr-sweep" else {}
    if not rates:
        return ()
    x, y = tuple(math.log10(rate) for rate in rates), tuple(rates.values())
    return (
        Curve(
            name="submission: accuracy", x=x, y=y, x_label="log10 of the learning rate", y_label="accuracy"
        ),
    )


TRENDS: dict[str, Callable[[Numbers], list[Evidence]]] = {
    "lr-sweep": _lr_sweep,
    "batch-norm": _batch_norm,
    "schedules": _schedules,
}
