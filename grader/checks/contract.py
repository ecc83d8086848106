"""Does a layer keep its contract? Each ask is one question; the points are shared equally among them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from grader.checks.context import CannotJudge, Context, Finding
from grader.checks.contract_cache import clear_cache
from grader.checks.contract_calls import Answer, alike, call_of, input_gradient, parameters_of, why_dead
from grader.checks.contract_stability import ASKS as OF_STABILITY
from grader.checks.contract_stability import stable, stable_rows, why_unstable
from grader.checks.layer import LayerUnderTest, layer_under_test
from grader.checks.own_mask import draws_its_own
from grader.checks.support import best_hint, printed
from grader.errors import WorkerError, WorkerTimeout
from grader.model import Diagnosis, Evidence, Verdict
from grader.rubric import ContractSpec

METHODS = ("forward", "backward")

HINTS = {
    "overwrites": "Call forward and backward twice on the same layer and compare the stored gradients with those of one call.",
    "inputs_untouched": "Keep a copy of the input, call the layer, and compare.",
    "batch_of_one": "Try an input with a single row and look at the shapes of everything that comes back.",
    "fresh_batch": "Call the layer with one batch and then with another of a different size.",
    "stable": "Try logits of 1000: what does exp(1000) give?",
    "stable_rows": "Try a batch in which one row has logits near 1000 and another near 0.",
    "clear_cache": "Which attributes does forward set? Each is None after clear_cache; forward and backward work again after it.",
}

OWN_MASK = (
    "A dropout that draws its own mask gives other numbers at each call, which these questions compare."
)
OWN_MASK_HINT = 'For the course: of these, only asks = ["inputs_untouched"] can be asked of it.'


def check_contract(spec: ContractSpec, context: Context) -> Finding:
    """Put every ask to a fresh instance; the share of kept ones is the share of the points."""
    with layer_under_test(context, methods=METHODS) as under:
        if draws_its_own(under) and set(spec.asks) != {"inputs_untouched"}:
            raise CannotJudge(Finding(Verdict.FAILED, OWN_MASK, hint=OWN_MASK_HINT))
        call = call_of(context, under, "alive", 5)
        dead = why_dead(under, call, under.subject.run([call], fresh=True)[0])
    if dead:
        hint = "Get one forward and one backward to work first."
        return Finding(Verdict.FAILED, dead, hint=hint, output=printed(context))
    evidence: list[Evidence] = []
    for ask in spec.asks:
        answer = _answer(context, ASKS[ask])
        if answer is not None:
            evidence.append(Evidence(what=ask.replace("_", " "), agreed=answer[0], detail=answer[1]))
    return _told(context, evidence)


def _answer(context: Context, ask: Callable[[Context, LayerUnderTest], Answer]) -> Answer:
    """The answer to one question; a call that does not end, or that ends the worker, costs this question alone."""
    try:
        with layer_under_test(context, methods=METHODS) as under:
            return ask(context, under)
    except WorkerTimeout as error:
        context.hung()
        return False, f"Too slow, or endless: {error}."
    except WorkerError as error:
        return False, f"{error}."


def _told(context: Context, evidence: list[Evidence]) -> Finding:
    kept = [item for item in evidence if item.agreed]
    broken = [item for item in evidence if not item.agreed]
    if not broken:
        return Finding(Verdict.PASSED, evidence=tuple(evidence), output=printed(context))
    said, faults = [item.detail for item in broken if item.what not in OF_STABILITY], list[Diagnosis]()
    if unstable := [item for item in broken if item.what in OF_STABILITY]:
        sentence, faults = _instability(context, unstable)
        said.insert(0, sentence)
    return Finding(
        Verdict.PARTIAL if kept else Verdict.FAILED,
        " ".join(said),
        share=len(kept) / len(evidence),
        hint=best_hint(tuple(faults), HINTS[broken[0].what.replace(" ", "_")]),
        evidence=(*broken, *kept),
        diagnoses=tuple(faults),
        output=printed(context),
    )


def _instability(context: Context, unstable: list[Evidence]) -> tuple[str, list[Diagnosis]]:
    try:
        with layer_under_test(context, methods=METHODS) as under:
            return why_unstable(context, under, unstable)
    except WorkerError:
        return unstable[0].detail, []


def _overwrites(context: Context, under: LayerUnderTest) -> Answer:
    first, second = call_of(context, under, "first", 5), call_of(context, under, "second", 5)
    second = replace(second, tensors={**second.tensors, **parameters_of(under, first)})
    both = under.subject.run([first, second], fresh=True)
    alone = under.subject.run([second], fresh=True)[0]
    dead = why_dead(under, second, alone)
    if dead:
        return False, dead
    for name in under.spelling.parameters:
        before, after, fresh = both[0].grads.get(name), both[1].grads.get(name), alone.grads.get(name)
        if after is None or fresh is None or before is None or not alike(after, fresh):
            added = (
                before is not None
                and after is not None
                and fresh is not None
                and alike(after, fresh + before)
            )
            how = "is added to what was there before" if added else "depends on earlier calls"
            return False, f"The gradient of {name} {how}; backward should overwrite it."
    return True, "backward overwrites the gradients"


def _inputs_untouched(context: Context, under: LayerUnderTest) -> Answer:
    call = call_of(context, under, "inputs", 5)
    outcome = under.subject.run([call], fresh=True)[0]
    dead = why_dead(under, call, outcome)
    if dead:
        return False, dead
    if outcome.mutated:
        names = {"x": "its input", "cotangent": "the upstream gradient", "labels": "the labels"}
        return False, f"The layer changes {' and '.join(names.get(n, n) for n in outcome.mutated)} in place."
    return True, "inputs and upstream gradient stay as they were"


def _batch_of_one(context: Context, under: LayerUnderTest) -> Answer:
    call = call_of(context, under, "one", 1)
    outcome = under.subject.run([call], fresh=True)[0]
    if outcome.error:
        return False, f"A batch of one raised {outcome.error}."
    more = call_of(context, under, "five", 5)
    at_five = under.subject.run([more], fresh=True)[0]
    right_at_five = {
        name
        for name, due in under.truth(more).grads.items()
        if due is not None and (g := at_five.grads.get(name)) is not None and g.shape == due.shape
    }
    want = under.truth(call)
    got_shape = None if outcome.output is None else outcome.output.shape
    want_shape = np.asarray(want.output).shape
    if got_shape != want_shape and not (
        under.spelling.is_loss and outcome.output is not None and outcome.output.size == 1
    ):
        return False, f"For a batch of one, forward returns shape {got_shape}; {want_shape} is due."
    for name, due in want.grads.items():
        gradient = outcome.grads.get(name)
        if name not in right_at_five:
            continue  # wrong at every batch size: the gradient check's business
        if gradient is None or due is None or gradient.shape != due.shape:
            shape = None if gradient is None else gradient.shape
            return (
                False,
                f"For a batch of one, the gradient of {name} has shape {shape}; {due.shape if due is not None else ()} is due.",
            )
    return True, "a batch of one gives the right shapes"


def _fresh_batch(context: Context, under: LayerUnderTest) -> Answer:
    large, small = call_of(context, under, "large", 6), call_of(context, under, "small", 3)
    small = replace(small, tensors={**small.tensors, **parameters_of(under, large)})
    after = under.subject.run([large, small, large], fresh=True)
    for call, outcome, size in ((small, after[1], "smaller"), (large, after[2], "larger")):
        alone = under.subject.run([call], fresh=True)[0]
        dead = why_dead(under, call, alone)
        if dead:
            return False, dead
        if outcome.error:
            return False, f"A {size} batch after another raised {outcome.error}."
        if not alike(outcome.output, alone.output) or not alike(
            input_gradient(under, outcome), input_gradient(under, alone)
        ):
            return (
                False,
                f"A {size} batch after another gives other numbers than on a fresh layer: something of the earlier one is left.",
            )
    return True, "batches of other sizes one after another do not disturb each other"


ASKS: dict[str, Callable[[Context, LayerUnderTest], Answer]] = {
    "overwrites": _overwrites,
    "inputs_untouched": _inputs_untouched,
    "batch_of_one": _batch_of_one,
    "fresh_batch": _fresh_batch,
    "stable": stable,
    "stable_rows": stable_rows,
    "clear_cache": clear_cache,
}
