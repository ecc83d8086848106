"""Is evaluate_model the average over a whole data set, whatever the batch sizes?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from grader.checks.context import Context, Finding
from grader.checks.metrics_batches import (
    CLASSES,
    Batch,
    draw,
    metrics_of,
    numbers,
    scalar,
)
from grader.checks.metrics_faults import evaluate_fault
from grader.checks.support import evidence_of, in_words, keep_output, printed, raised
from grader.model import Evidence, Verdict
from grader.numerics import Array, compare
from grader.rubric import MetricsSpec
from grader.sandbox import Program, Reply, Worker

BATCHES = (12, 12, 5)  # the last one is smaller
HINT = "Try a loader with one batch of 8 and one of 3: each image should count the same."


def check_evaluate_model(context: Context, spec: MetricsSpec, worker: Worker) -> Finding:
    """Hand over a model whose predictions are known and a loader with a smaller last batch."""
    rng = context.rng
    parts = [draw(rng, n, every_class=i == 0) for i, n in enumerate(BATCHES)]
    # the last, smaller batch is right less often, so that a mean of batch means shows: in one row of five
    last = parts[-1]
    shown = np.where(np.arange(len(last.labels)) > 0, (last.labels + 1) % CLASSES, last.labels)
    parts[-1] = Batch(np.eye(CLASSES)[shown] * 0.9 + 0.01, last.labels)
    whole = Batch(np.concatenate([b.predictions for b in parts]), np.concatenate([b.labels for b in parts]))
    name = context.target[1]
    batches = [_images(rng, b) for b in parts]
    reply = _call(context, spec, worker, batches)
    if reply.error or ("call" in reply.errors and "call 10" in reply.errors):
        return raised(reply.error or reply.errors["call"], doing=name, output=printed(context))
    value = _value(reply)
    evidence = [_accuracy_evidence(value, whole), *_other_evidence(context, value, whole)]
    bad = [item for item in evidence if not item.agreed]
    if not bad:
        return Finding(Verdict.PASSED, evidence=tuple(evidence), output=printed(context))
    if not evidence[0].agreed and _averages_accuracy(context, spec, worker, batches):
        note = "The average is right; the accuracy that it averages is judged in its own check."
        return Finding(Verdict.PASSED, note, evidence=tuple(evidence), output=printed(context))
    fault = evaluate_fault(_accuracy_in(value), parts)
    return Finding(
        Verdict.FAILED,
        f"{name} does not give {_due(bad[0])} the whole set: {in_words(bad[0])}{f'; {fault.text}' if fault else ''}.",
        hint=fault.diagnosis.hint if fault else HINT,
        evidence=tuple(evidence),
        diagnoses=(fault.diagnosis,) if fault else (),
        output=printed(context),
    )


def _due(bad: Evidence) -> str:
    return f"the {bad.tensor} of" if bad.tensor else "the share of right predictions in"


def _call(
    context: Context,
    spec: MetricsSpec,
    worker: Worker,
    batches: list[tuple[Array, Array]],
    *,
    accuracies: Sequence[float] = (),
) -> Reply:
    """Call it with a loader over these batches, with the number of classes and without.

    Where accuracies are given, the module's function accuracy gives these, one a call, and is put back after that.
    """
    module, name = context.target
    program = Program()
    own, probe = program.import_(module), program.import_("gradmark_probe")
    function, accuracy = own.attr(name), own.attr("accuracy")
    kind = "int64" if spec.torch else "int32"
    given = [(numbers(program, spec, x), numbers(program, spec, y.astype(kind))) for x, y in batches]
    loader = program.call(probe.attr("ProbeLoader"), given, BATCHES[0])
    model = program.call(probe.attr("torch_model" if spec.torch else "NumpyModel"))
    with program.attempt("accuracy"):
        before = program.get(accuracy)
    for ending, classes in (("", ()), (" 10", (CLASSES,))):
        with program.attempt(f"call{ending}"):
            if accuracies:
                program.set(accuracy, program.call(probe.attr("GivenAccuracy"), list(accuracies)))
            program.send(f"value{ending}", program.call(function, model, loader, *classes))
    with program.attempt("put back"):
        program.set(accuracy, before)
    reply = worker.run(program, timeout=context.seconds)
    keep_output(context, reply)
    return reply


def _value(reply: Reply) -> object:
    return reply.values.get("value", reply.values.get("value 10"))


def _accuracy_evidence(value: object, whole: Batch) -> Evidence:
    sizes = ", ".join(map(str, BATCHES))
    comparison = compare(_accuracy_in(value), np.asarray(whole.accuracy), relative=1e-5)
    return evidence_of(f"accuracy of {len(whole.labels)} images in batches of {sizes}", comparison)


def _other_evidence(context: Context, value: object, whole: Batch) -> list[Evidence]:
    """Precision and recall of the classes where they are defined, if a dictionary with them came back."""
    if not isinstance(value, dict) or _lost(context, "metrics"):
        return []
    found = []
    with np.errstate(all="ignore"):
        due = metrics_of(whole.confusion, 1.0)
    for name in ("precision", "recall"):
        got, want = value.get(name), due[name]
        if isinstance(got, np.ndarray) and got.shape == want.shape and got.dtype.kind == "f":
            defined = np.isfinite(want)
            comparison = compare(got[defined].astype(np.float64), want[defined], relative=1e-4)
            found.append(evidence_of(f"{name} of the whole set", comparison, tensor=name))
    return found


def _lost(context: Context, check: str) -> bool:
    """Whether a check of the same part did not pass: its fault is paid for."""
    before = context.earlier.get(f"{context.part.id}.{check}")
    return before is not None and before.verdict is not Verdict.PASSED


def _averages_accuracy(
    context: Context, spec: MetricsSpec, worker: Worker, batches: list[tuple[Array, Array]]
) -> bool:
    """Whether it is the average over all images of the submission's accuracy, which is wrong in itself.

    So numbers of ours take that function's place: where both are stubs, they agree with themselves, not with these.
    """
    if not _lost(context, "accuracy"):
        return False
    given = context.generator("given accuracies").uniform(0.1, 0.9, len(batches))
    value = _value(_call(context, spec, worker, batches, accuracies=given.tolist()))
    comparison = compare(_accuracy_in(value), np.asarray(np.average(given, weights=BATCHES)), relative=1e-4)
    return comparison.agreed


def _accuracy_in(value: object) -> object:
    """The accuracy in what evaluate_model returned: a number, or a dict of metrics."""
    if isinstance(value, dict):
        value = next((v for k, v in value.items() if str(k).lower().startswith("acc")), None)
    if isinstance(value, (list, tuple)) and value:
        value = value[0]
    return scalar(value)


def _images(rng: np.random.Generator, batch: Batch) -> tuple[Array, Array]:
    """Images (N, 3, 32, 32) whose first ten numbers are the logits of the wanted predictions, and their labels."""
    x = rng.standard_normal((len(batch.labels), 3072)).astype(np.float32)
    x[:, :CLASSES] = np.log(batch.predictions)
    return x.reshape(-1, 3, 32, 32), batch.labels
