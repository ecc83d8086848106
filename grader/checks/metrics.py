"""Is a metrics function right? Accuracy, confusion matrix, what is computed from it, and the average over a data set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from grader.checks.context import Context, Finding
from grader.checks.support import absent, evidence_of, in_words, keep_output, printed, raised, worst_first
from grader.model import Evidence, Verdict
from grader.numerics import Array, compare
from grader.rubric import MetricsSpec
from grader.sandbox import Program, Ref, Reply, Worker

CLASSES = 10
BETAS = (1.0, 0.5, 2.0)
BATCHES = (8, 8, 3)  # the last one is smaller


@dataclass(frozen=True)
class Batch:
    """Predictions (N, C), class numbers (N,) and what is right about them."""

    predictions: Array
    labels: Array

    @property
    def confusion(self) -> Array:
        """(C, C) counts, true classes in rows."""
        matrix = np.zeros((CLASSES, CLASSES))
        np.add.at(matrix, (self.labels, self.predictions.argmax(axis=1)), 1)
        return matrix

    @property
    def accuracy(self) -> float:
        """Share of rows whose largest prediction is at the label."""
        return float((self.predictions.argmax(axis=1) == self.labels).mean())


def metrics_of(confusion: Array, beta: float) -> dict[str, Array]:
    """Accuracy, and precision, recall and F-beta of each class, from counts with true classes in rows."""
    hits = np.diag(confusion)
    precision, recall = hits / confusion.sum(axis=0), hits / confusion.sum(axis=1)
    f_beta = (1 + beta**2) * precision * recall / (beta**2 * precision + recall)
    return {
        "accuracy": hits.sum() / confusion.sum(),
        "precision": precision,
        "recall": recall,
        "f1_beta": f_beta,
    }


def check_metrics(spec: MetricsSpec, context: Context) -> Finding:
    """Call the function on drawn data and compare with the definition."""
    module, name = context.target
    missing = absent(context, module, name)
    if missing is not None:
        return missing
    with context.worker() as worker:
        return ASKS[spec.metric](context, spec, worker)


def _draw(rng: np.random.Generator, n: int, *, every_class: bool = False) -> Batch:
    """Predictions that are right about half of the time; the highest class may be absent."""
    labels = rng.integers(0, CLASSES - (0 if every_class else 2), n)
    if every_class:
        labels[:CLASSES] = np.arange(CLASSES)
    logits = rng.standard_normal((n, CLASSES)) + 1.6 * np.eye(CLASSES)[labels]
    exps = np.exp(logits)
    return Batch(exps / exps.sum(axis=1, keepdims=True), labels.astype(np.int64))


def _numbers(program: Program, spec: MetricsSpec, array: Array) -> Any:
    return (
        program.tensor(array, dtype="int64" if array.dtype.kind == "i" else "float32")
        if spec.torch
        else array
    )


def _forms(labels: Array) -> dict[str, Array]:
    return {"integers": labels, "one-hot": np.eye(CLASSES)[labels]}


def _accuracy(context: Context, spec: MetricsSpec, worker: Worker) -> Finding:
    batches = [_draw(context.generator(f"batch {n}"), n) for n in (64, 7, 1)]
    results: dict[str, list[Evidence]] = {}
    reply = Reply({})
    for form in ("integers", "one-hot"):
        reply = _call_each(context, spec, worker, [(b.predictions, _forms(b.labels)[form]) for b in batches])
        if reply.error or reply.errors:
            continue
        results[form] = [
            evidence_of(
                f"accuracy of {len(b.labels)} rows",
                compare(_scalar(reply.values.get(f"{i}")), np.asarray(b.accuracy), relative=1e-5),
            )
            for i, b in enumerate(batches)
        ]
        if all(item.agreed for item in results[form]):
            break
    return _best_of(
        context, results, reply, "the share of rows in which the largest prediction is at the label"
    )


def _call_each(
    context: Context, spec: MetricsSpec, worker: Worker, calls: list[tuple[Array, Array]]
) -> Reply:
    module, name = context.target
    program = Program()
    function = program.import_(module).attr(name)
    for number, arguments in enumerate(calls):
        with program.attempt(f"call {number}"):
            given = [_numbers(program, spec, a) for a in arguments]
            program.send(f"{number}", program.call(function, *given))
    reply = worker.run(program, timeout=context.seconds)
    keep_output(context, reply)
    return reply


def _scalar(value: object) -> object:
    if isinstance(value, np.ndarray) and value.size == 1:
        return np.asarray(value, np.float64).reshape(())
    return float(value) if isinstance(value, (int, float)) else value


def _best_of(context: Context, results: Mapping[str, list[Evidence]], reply: Reply, what: str) -> Finding:
    """The outcome of the label form that fits best."""
    if not results:
        error = reply.error or next(iter(reply.errors.values()))
        return raised(error, doing=context.target[1], output=printed(context))
    best = max(results.values(), key=lambda items: sum(item.agreed for item in items))
    if all(item.agreed for item in best):
        return Finding(Verdict.PASSED, evidence=tuple(best), output=printed(context))
    bad = next(item for item in best if not item.agreed)
    return Finding(
        Verdict.FAILED,
        f"{context.target[1]} is not {what}: {bad.what}: {in_words(bad)}.",
        hint="Write down four predictions and labels, count by hand, and compare.",
        evidence=worst_first(best),
        output=printed(context),
    )


def _confusion_matrix(context: Context, spec: MetricsSpec, worker: Worker) -> Finding:
    batches = [_draw(context.generator(f"batch {n}"), n) for n in (64, 9)]
    reply = _call_each(context, spec, worker, [(b.predictions, b.labels) for b in batches])
    if reply.error or reply.errors:
        reply = _call_each(
            context, spec, worker, [(b.predictions, _forms(b.labels)["one-hot"]) for b in batches]
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
                program.send(f"{number}", program.call(function, _numbers(program, spec, given), beta=beta))
        with program.attempt("default"):
            program.send("default", program.call(function, _numbers(program, spec, given)))
        reply = worker.run(program, timeout=context.seconds)
        keep_output(context, reply)
        if reply.error or reply.errors:
            continue
        results[str(orientation)] = [
            item
            for number, beta in enumerate(BETAS)
            for item in _metric_evidence(reply.values.get(f"{number}"), metrics_of(confusion, beta), beta)
        ] + _metric_evidence(reply.values.get("default"), metrics_of(confusion, 1.0), 1.0)
    return _best_of(context, results, reply, "accuracy, precision, recall and F-beta of each class")


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


def _evaluate_model(context: Context, spec: MetricsSpec, worker: Worker) -> Finding:
    rng = context.rng
    parts = [_draw(rng, n, every_class=i == 0 and n >= CLASSES) for i, n in enumerate(BATCHES)]
    # the last, smaller batch is right less often, so that a mean of batch means shows
    last = parts[-1]
    parts[-1] = Batch(np.roll(np.eye(CLASSES)[last.labels] * 0.9 + 0.01, 1, axis=1), last.labels)
    whole = Batch(np.concatenate([b.predictions for b in parts]), np.concatenate([b.labels for b in parts]))
    module, name = context.target
    program = Program()
    function = program.import_(module).attr(name)
    probe = program.import_("gradmark_probe")
    loader = program.call(
        probe.attr("ProbeLoader"), [_images(program, spec, rng, b) for b in parts], BATCHES[0]
    )
    model = program.call(probe.attr("torch_model" if spec.torch else "NumpyModel"))
    with program.attempt("call"):
        _send_parts(program, program.call(function, model, loader))
    with program.attempt("call 10"):
        _send_parts(program, program.call(function, model, loader, CLASSES), suffix=" 10")
    reply = worker.run(program, timeout=context.seconds)
    keep_output(context, reply)
    if reply.error or ("call" in reply.errors and "call 10" in reply.errors):
        return raised(reply.error or reply.errors["call"], doing=name, output=printed(context))
    value = reply.values.get("value", reply.values.get("value 10"))
    accuracy = _accuracy_in(value)
    evidence = [
        evidence_of(
            f"accuracy of {len(whole.labels)} images in batches of {', '.join(map(str, BATCHES))}",
            compare(accuracy, np.asarray(whole.accuracy), relative=1e-5),
        )
    ]
    if evidence[0].agreed:
        return Finding(Verdict.PASSED, evidence=tuple(evidence), output=printed(context))
    batch_means = float(np.mean([b.accuracy for b in parts]))
    is_mean = (
        isinstance(accuracy, np.ndarray | float) and abs(float(np.asarray(accuracy)) - batch_means) < 1e-5
    )
    why = "; it is the mean of the batches' means, and the last batch is smaller" if is_mean else ""
    return Finding(
        Verdict.FAILED,
        f"{name} does not give the share of right predictions in the whole set: {in_words(evidence[0])}{why}.",
        hint="Try a loader with one batch of 8 and one of 3: each image should count the same.",
        evidence=tuple(evidence),
        output=printed(context),
    )


def _send_parts(program: Program, value: Ref, *, suffix: str = "") -> None:
    program.send("value" + suffix, value)


def _accuracy_in(value: object) -> object:
    """The accuracy in what evaluate_model returned: a number, or a dict of metrics."""
    if isinstance(value, dict):
        value = next((v for k, v in value.items() if str(k).lower().startswith("acc")), None)
    if isinstance(value, (list, tuple)) and value:
        value = value[0]
    return _scalar(value)


def _images(program: Program, spec: MetricsSpec, rng: np.random.Generator, batch: Batch) -> tuple[Any, Any]:
    """Images (N, 3, 32, 32) whose first ten numbers are the logits of the wanted predictions."""
    x = rng.standard_normal((len(batch.labels), 3072)).astype(np.float32)
    x[:, :CLASSES] = np.log(batch.predictions)
    images = x.reshape(-1, 3, 32, 32)
    labels = batch.labels if spec.torch else batch.labels.astype(np.int32)
    return _numbers(program, spec, images), _numbers(program, spec, labels)


ASKS: dict[str, Callable[[Context, MetricsSpec, Worker], Finding]] = {
    "accuracy": _accuracy,
    "confusion_matrix": _confusion_matrix,
    "metrics": _metrics,
    "evaluate_model": _evaluate_model,
}
