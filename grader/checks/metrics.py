"""Is a metrics function right? Accuracy, confusion matrix, what is computed from it, and the average over a data set."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from grader.checks.context import Context, Finding
from grader.checks.metrics_batches import CLASSES, Batch, call_each, draw, forms, metrics_of, numbers, scalar
from grader.checks.metrics_evaluate import check_evaluate_model
from grader.checks.support import absent, evidence_of, in_words, keep_output, printed, raised, worst_first
from grader.model import Evidence, Verdict
from grader.numerics import Array, compare
from grader.rubric import MetricsSpec
from grader.sandbox import Program, Reply, Worker

BETAS = (1.0, 0.5, 2.0)


def check_metrics(spec: MetricsSpec, context: Context) -> Finding:
    """Call the function on drawn data and compare with the definition."""
    module, name = context.target
    missing = absent(context, module, name)
    if missing is not None:
        return missing
    with context.worker() as worker:
        return ASKS[spec.metric](context, spec, worker)


def _accuracy(context: Context, spec: MetricsSpec, worker: Worker) -> Finding:
    batches = [draw(context.generator(f"batch {n}"), n) for n in (64, 7, 1)]
    results: dict[str, list[Evidence]] = {}
    reply, why = Reply({}), ""
    for form in ("integers", "one-hot"):
        reply = call_each(context, spec, worker, [(b.predictions, forms(b.labels)[form]) for b in batches])
        if reply.error or reply.errors:
            continue
        results[form] = [
            evidence_of(
                f"accuracy of {len(b.labels)} rows",
                compare(scalar(reply.values.get(f"{i}")), np.asarray(b.accuracy), relative=1e-5),
            )
            for i, b in enumerate(batches)
        ]
        if all(item.agreed for item in results[form]):
            break
        why = why or _other_unit(reply, batches)
    what = "the share of rows in which the largest prediction is at the label"
    return _best_of(context, results, reply, what, why=why)


def _other_unit(reply: Reply, batches: Sequence[Batch]) -> str:
    """The right accuracies in another unit; "" if they are not."""
    got = [scalar(reply.values.get(f"{i}")) for i in range(len(batches))]
    if not all(isinstance(item, np.ndarray | float) for item in got):
        return ""
    for scale, unit in (
        ([100.0] * len(batches), "percent"),
        ([len(b.labels) for b in batches], "numbers of rows"),
    ):
        if np.allclose(
            [float(np.asarray(g)) for g in got], [s * b.accuracy for s, b in zip(scale, batches, strict=True)]
        ):
            return f"these are {unit}, and a share from 0 to 1 is due"
    return ""


def _best_of(
    context: Context, results: Mapping[str, list[Evidence]], reply: Reply, what: str, *, why: str = ""
) -> Finding:
    """The outcome of the label form that fits best."""
    if not results:
        error = reply.error or next(iter(reply.errors.values()))
        return raised(error, doing=context.target[1], output=printed(context))
    best = max(results.values(), key=lambda items: sum(item.agreed for item in items))
    if all(item.agreed for item in best):
        return Finding(Verdict.PASSED, evidence=tuple(best), output=printed(context))
    bad = next(item for item in best if not item.agreed)
    why = f"; {why}" if why else ""
    return Finding(
        Verdict.FAILED,
        f"{context.target[1]} is not {what}: {bad.what}: {in_words(bad)}{why}.",
        hint="Write down four predictions and labels, count by hand, and compare.",
        evidence=worst_first(best),
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
    return _best_of(context, results, reply, "the counts of (true class, predicted class) pairs")


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
        results[str(orientation)] = [
            item
            for number, beta in enumerate(BETAS)
            for item in _metric_evidence(reply.values.get(f"{number}"), metrics_of(confusion, beta), beta)
        ] + _metric_evidence(reply.values.get("default"), metrics_of(confusion, 1.0), 1.0)
    what = "accuracy, precision, recall and F-beta of each class"
    return _best_of(context, results, reply, what, why=_metrics_fault(reply, confusion))


def _metrics_fault(reply: Reply, confusion: Array) -> str:
    """A well-known mistake that gives the same numbers at beta = 2; "" if none does."""
    value, beta = reply.values.get(f"{BETAS.index(2.0)}"), 2.0
    if not isinstance(value, dict):
        return ""
    due = metrics_of(confusion, beta)
    p, r = due["precision"], due["recall"]
    guesses: dict[str, dict[str, Array]] = {
        "precision and recall are swapped": {"precision": r, "recall": p},
        "beta is not squared": {"f1_beta": (1 + beta) * p * r / (beta * p + r)},
        "beta has no effect": {"f1_beta": metrics_of(confusion, 1.0)["f1_beta"]},
        "beta weighs the precision in place of the recall": {
            "f1_beta": (1 + beta**2) * p * r / (p + beta**2 * r)
        },
        "the factor 1 + beta**2 is missing": {"f1_beta": p * r / (beta**2 * p + r)},
        "the mean over the classes is given; one value for each class is due": {
            "precision": p.mean(),
            "recall": r.mean(),
        },
    }
    for fault, wrong in guesses.items():
        seen = {item.tensor: item for item in _metric_evidence(value, {**due, **wrong}, beta)}
        if all(seen[name].agreed for name in wrong):
            return fault
    return ""


def _metric_evidence(value: object, want: Mapping[str, Array], beta: float) -> list[Evidence]:
    if not isinstance(value, dict):
        return [Evidence(what=f"metrics at beta = {beta:g}", agreed=False, detail="no dict came back")]
    keys = {str(key).lower(): item for key, item in value.items()}
    found = []
    for name, due in want.items():
        got = keys.get(name, next((v for k, v in keys.items() if k.startswith(name[:2])), None))
        result = compare(_listed(got), np.asarray(due), relative=1e-4, ones_are_free=True)
        found.append(evidence_of(f"{name} at beta = {beta:g}", result, tensor=name))
    return found


def _listed(value: object) -> object:
    if isinstance(value, (list, tuple)):
        return np.asarray(value, np.float64)
    return _float(value) if isinstance(value, np.ndarray) else value


ASKS: dict[str, Callable[[Context, MetricsSpec, Worker], Finding]] = {
    "accuracy": _accuracy,
    "confusion_matrix": _confusion_matrix,
    "metrics": _metrics,
    "evaluate_model": check_evaluate_model,
}
