"""Is a metrics function right? Accuracy, confusion matrix, what is computed from it, and the average over a data set."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from grader.checks.context import Context, Finding
from grader.checks.metrics_batches import CLASSES, Batch, call_each, draw, forms, metrics_of, numbers, scalar
from grader.checks.metrics_evaluate import check_evaluate_model
from grader.checks.metrics_faults import accuracy_fault, column_fault, matrix_fault, metrics_fault
from grader.checks.network_sizes import Fault
from grader.checks.support import absent, evidence_of, in_words, keep_output, printed, raised, worst_first
from grader.model import Evidence, Verdict
from grader.numerics import Array, compare
from grader.rubric import MetricsSpec
from grader.sandbox import Program, Reply, Worker

BETAS = (1.0, 0.5, 2.0)
SIZES = (64, CLASSES, 7, 1)  # rows; as many as classes is where a wrong axis does not raise
HINT = "Write down four predictions and labels, count by hand, and compare."


def check_metrics(spec: MetricsSpec, context: Context) -> Finding:
    """Call the function on drawn data and compare with the definition."""
    module, name = context.target
    missing = absent(context, module, name)
    if missing is not None:
        return missing
    with context.worker() as worker:
        return ASKS[spec.metric](context, spec, worker)


def _accuracy(context: Context, spec: MetricsSpec, worker: Worker) -> Finding:
    batches = [draw(context.generator(f"batch {n}"), n) for n in SIZES]
    results: dict[str, list[Evidence]] = {}
    reply, fault = Reply({}), None
    for form in ("integers", "one-hot"):
        reply = call_each(context, spec, worker, [(b.predictions, forms(b.labels)[form]) for b in batches])
        fault = fault or _column_fault(reply, batches)
        if reply.error or reply.errors:
            continue
        got = [scalar(reply.values.get(f"{i}")) for i in range(len(batches))]
        results[form] = [
            evidence_of(
                f"accuracy of {len(b.labels)} rows", compare(value, np.asarray(b.accuracy), relative=1e-5)
            )
            for value, b in zip(got, batches, strict=True)
        ]
        if all(item.agreed for item in results[form]):
            break
        fault = fault or accuracy_fault(got, batches)
    what = "the share of rows in which the largest prediction is at the label"
    return _best_of(context, results, reply, what, fault=fault)


def _column_fault(reply: Reply, batches: Sequence[Batch]) -> Fault | None:
    """That the batch with as many rows as classes is the only one that a wrong axis lets through."""
    square = next(i for i, batch in enumerate(batches) if len(batch.labels) == CLASSES)
    if reply.error or not reply.errors or f"call {square}" in reply.errors:
        return None
    return column_fault(scalar(reply.values.get(f"{square}")), batches[square])


def _best_of(
    context: Context,
    results: Mapping[str, list[Evidence]],
    reply: Reply,
    what: str,
    *,
    fault: Fault | None = None,
) -> Finding:
    """The outcome of the label form that fits best."""
    diagnoses = () if fault is None else (fault.diagnosis,)
    if not results:
        error = reply.error or next(iter(reply.errors.values()))
        found = raised(error, doing=context.target[1], output=printed(context))
        return replace(found, diagnoses=diagnoses, hint=fault.diagnosis.hint) if fault else found
    best = max(results.values(), key=lambda items: sum(item.agreed for item in items))
    if all(item.agreed for item in best):
        return Finding(Verdict.PASSED, evidence=tuple(best), output=printed(context))
    bad = next(item for item in best if not item.agreed)
    why = f"; {fault.text}" if fault else ""
    return Finding(
        Verdict.FAILED,
        f"{context.target[1]} is not {what}: {bad.what}: {in_words(bad)}{why}.",
        hint=diagnoses[0].hint if diagnoses else HINT,
        evidence=worst_first(best),
        diagnoses=diagnoses,
        output=printed(context),
    )


def _confusion_matrix(context: Context, spec: MetricsSpec, worker: Worker) -> Finding:
    batches = [draw(context.generator(f"batch {n}"), n) for n in (64, 9)]
    reply = call_each(context, spec, worker, [(b.predictions, b.labels) for b in batches])
    if reply.error or reply.errors:
        reply = call_each(
            context, spec, worker, [(b.predictions, forms(b.labels)["one-hot"]) for b in batches]
        )
    if reply.error or reply.errors:
        return _best_of(context, {}, reply, "")
    results = {}
    for orientation in ("rows", "columns"):
        results[orientation] = [
            evidence_of(
                f"confusion matrix of {len(b.labels)} rows",
                compare(
                    _float(reply.values.get(f"{i}")), b.confusion if orientation == "rows" else b.confusion.T
                ),
            )
            for i, b in enumerate(batches)
        ]
    for orientation, items in results.items():
        if all(item.agreed for item in items):
            context.facts[_orientation_key(context)] = orientation
    fault = matrix_fault([_float(reply.values.get(f"{i}")) for i in range(len(batches))], batches)
    return _best_of(context, results, reply, "the counts of (true class, predicted class) pairs", fault=fault)


def _orientation_key(context: Context) -> str:
    return f"orientation:{context.target[0]}"


def _float(value: object) -> object:
    return (
        np.asarray(value, np.float64)
        if isinstance(value, np.ndarray) and value.dtype.kind in "fiub"
        else value
    )


def _metrics(context: Context, spec: MetricsSpec, worker: Worker) -> Finding:
    """Either orientation of the matrix is right, if it is the one of the submission's own confusion_matrix."""
    rng = context.rng
    confusion = (rng.integers(1, 12, (CLASSES, CLASSES)) + np.diag(rng.integers(5, 30, CLASSES))).astype(
        np.float64
    )
    module, name = context.target
    known = context.facts.get(_orientation_key(context))
    faults: dict[str, Fault | None] = {}
    results: dict[str, list[Evidence]] = {}
    reply = Reply({})
    for orientation in [known] if known else ["rows", "columns"]:
        given = confusion if orientation == "rows" else confusion.T
        program = Program()
        function = program.import_(module).attr(name)
        for number, beta in enumerate(BETAS):
            with program.attempt(f"call {number}"):
                program.send(f"{number}", program.call(function, numbers(program, spec, given), beta=beta))
        with program.attempt("default"):
            program.send("default", program.call(function, numbers(program, spec, given)))
        reply = worker.run(program, timeout=context.seconds)
        keep_output(context, reply)
        if reply.error or reply.errors:
            continue
        faults[str(orientation)] = _fault_of(reply, confusion)
        results[str(orientation)] = [
            item
            for number, beta in enumerate(BETAS)
            for item in _metric_evidence(reply.values.get(f"{number}"), metrics_of(confusion, beta), beta)
        ] + _metric_evidence(reply.values.get("default"), metrics_of(confusion, 1.0), 1.0)
    what = "accuracy, precision, recall and F-beta of each class"
    return _best_of(context, results, reply, what, fault=_best_named(results, faults))


def _best_named(results: Mapping[str, list[Evidence]], faults: Mapping[str, Fault | None]) -> Fault | None:
    """The fault in the orientation in which most agrees."""
    best = max(results, key=lambda name: sum(item.agreed for item in results[name]), default="")
    return faults.get(best)


def _fault_of(reply: Reply, confusion: Array) -> Fault | None:
    """A well-known mistake that gives the same numbers at beta = 2; None if none does."""
    value = reply.values.get(f"{BETAS.index(2.0)}")
    if not isinstance(value, dict):
        return None
    names = metrics_of(confusion, 2.0)
    got = {name: _listed(_named(value, name)) for name in names}
    return metrics_fault({k: v for k, v in got.items() if isinstance(v, np.ndarray)}, confusion, 2.0)


def _named(value: Mapping[Any, Any], name: str) -> Any:
    """The entry of that name, or of one that begins like it."""
    keys = {str(key).lower(): item for key, item in value.items()}
    return keys.get(name, next((v for k, v in keys.items() if k.startswith(name[:2])), None))


def _metric_evidence(value: object, want: Mapping[str, Array], beta: float) -> list[Evidence]:
    if not isinstance(value, dict):
        return [Evidence(what=f"metrics at beta = {beta:g}", agreed=False, detail="no dict came back")]
    found = []
    for name, due in want.items():
        result = compare(_listed(_named(value, name)), np.asarray(due), relative=1e-4, ones_are_free=True)
        found.append(evidence_of(f"{name} at beta = {beta:g}", result, tensor=name))
    return found


def _listed(value: object) -> object:
    if isinstance(value, (list, tuple)):
        try:
            return np.asarray(value, np.float64)
        except (TypeError, ValueError):  # ragged, or no numbers
            return value
    return _float(value) if isinstance(value, np.ndarray) else value


ASKS: dict[str, Callable[[Context, MetricsSpec, Worker], Finding]] = {
    "accuracy": _accuracy,
    "confusion_matrix": _confusion_matrix,
    "metrics": _metrics,
    "evaluate_model": check_evaluate_model,
}
