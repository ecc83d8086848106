"""Does a layer keep its contract? Each ask is one question; the points are shared equally among them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from grader.checks.context import CannotJudge, Context, Finding
from grader.checks.contract_stability import ASKS as OF_STABILITY
from grader.checks.contract_stability import Answer, stable, stable_rows, why_unstable
from grader.checks.layer import LayerUnderTest, layer_under_test
from grader.checks.own_mask import draws_its_own
from grader.checks.support import best_hint, printed
from grader.conventions.layer_form import LayerForm
from grader.conventions.spelling import Parameter
from grader.model import Diagnosis, Evidence, Verdict
from grader.numerics import Array, Call, Outcome
from grader.rubric import ContractSpec
from grader.sandbox import Program, Ref, Reply
from grader.truth import Case

PLAIN = Case("plain", {"n": 5})

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
    evidence: list[Evidence] = []
    with layer_under_test(context, methods=("forward", "backward")) as under:
        if draws_its_own(under) and set(spec.asks) != {"inputs_untouched"}:
            raise CannotJudge(Finding(Verdict.FAILED, OWN_MASK, hint=OWN_MASK_HINT))
        call = _call(context, under, "alive", 5)
        dead = _alive(under, call, under.subject.run([call], fresh=True)[0])
        if dead:
            return Finding(
                Verdict.FAILED,
                dead,
                hint="Get one forward and one backward to work first.",
                output=printed(context),
            )
        for ask in spec.asks:
            answer = ASKS[ask](context, under)
            if answer is not None:
                evidence.append(Evidence(what=ask.replace("_", " "), agreed=answer[0], detail=answer[1]))
        kept = [item for item in evidence if item.agreed]
        broken = [item for item in evidence if not item.agreed]
        said, faults = [item.detail for item in broken if item.what not in OF_STABILITY], list[Diagnosis]()
        if unstable := [item for item in broken if item.what in OF_STABILITY]:
            sentence, faults = why_unstable(context, under, unstable)
            said.insert(0, sentence)
    if not broken:
        return Finding(Verdict.PASSED, evidence=tuple(evidence), output=printed(context))
    return Finding(
        Verdict.PARTIAL if kept else Verdict.FAILED,
        " ".join(said),
        share=len(kept) / len(evidence),
        hint=best_hint(tuple(faults), HINTS[broken[0].what.replace(" ", "_")]),
        evidence=(*broken, *kept),
        diagnoses=tuple(faults),
        output=printed(context),
    )


_NAMES = {"x": "an input"}


def _call(context: Context, under: LayerUnderTest, purpose: str, n: int) -> Call:
    return under.call(context.generator(purpose), replace(PLAIN, sizes={"n": n}), backward=True)


def _alive(under: LayerUnderTest, call: Call, outcome: Outcome) -> str:
    """Why an outcome cannot earn anything: it raised, or it is empty, constant or not finite; "" if it is fine."""
    if outcome.error:
        return f"The call raised {outcome.error}."
    first = under.layer.tensors[0]
    dx = outcome.grads.get(first)
    if outcome.output is None or dx is None:
        return "forward or backward returned nothing."
    if dx.shape != call.tensors[first].shape:
        return f"backward returned shape {dx.shape} for {_NAMES.get(first, first)} of shape {call.tensors[first].shape}."
    for name in under.spelling.parameters:
        gradient = outcome.grads.get(name)
        if gradient is None or not np.isfinite(gradient).all() or not gradient.any():
            return f"backward leaves no gradient of {name}, or an empty one."
    if not np.isfinite(outcome.output).all() or not np.isfinite(dx).all() or not dx.any():
        return "forward or backward returned zeros or no finite numbers."
    return ""


def _overwrites(context: Context, under: LayerUnderTest) -> Answer:
    first, second = _call(context, under, "first", 5), _call(context, under, "second", 5)
    second = replace(second, tensors={**second.tensors, **_parameters(under, first)})
    both = under.subject.run([first, second], fresh=True)
    alone = under.subject.run([second], fresh=True)[0]
    dead = _alive(under, second, alone)
    if dead:
        return False, dead
    for name in under.spelling.parameters:
        before, after, fresh = both[0].grads.get(name), both[1].grads.get(name), alone.grads.get(name)
        if after is None or fresh is None or before is None or not _same(after, fresh):
            added = (
                before is not None
                and after is not None
                and fresh is not None
                and _same(after, fresh + before)
            )
            how = "is added to what was there before" if added else "depends on earlier calls"
            return False, f"The gradient of {name} {how}; backward should overwrite it."
    return True, "backward overwrites the gradients"


def _parameters(under: LayerUnderTest, call: Call) -> dict[str, Array]:
    return {name: call.tensors[name] for name in under.layer.parameters}


def _inputs_untouched(context: Context, under: LayerUnderTest) -> Answer:
    call = _call(context, under, "inputs", 5)
    outcome = under.subject.run([call], fresh=True)[0]
    dead = _alive(under, call, outcome)
    if dead:
        return False, dead
    if outcome.mutated:
        names = {"x": "its input", "cotangent": "the upstream gradient", "labels": "the labels"}
        return False, f"The layer changes {' and '.join(names.get(n, n) for n in outcome.mutated)} in place."
    return True, "inputs and upstream gradient stay as they were"


def _batch_of_one(context: Context, under: LayerUnderTest) -> Answer:
    call = _call(context, under, "one", 1)
    outcome = under.subject.run([call], fresh=True)[0]
    if outcome.error:
        return False, f"A batch of one raised {outcome.error}."
    more = _call(context, under, "five", 5)
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
    large, small = _call(context, under, "large", 6), _call(context, under, "small", 3)
    small = replace(small, tensors={**small.tensors, **_parameters(under, large)})
    after = under.subject.run([large, small, large], fresh=True)
    for call, outcome, size in ((small, after[1], "smaller"), (large, after[2], "larger")):
        alone = under.subject.run([call], fresh=True)[0]
        dead = _alive(under, call, alone)
        if dead:
            return False, dead
        if outcome.error:
            return False, f"A {size} batch after another raised {outcome.error}."
        if not _same(outcome.output, alone.output) or not _same(_first(under, outcome), _first(under, alone)):
            return (
                False,
                f"A {size} batch after another gives other numbers than on a fresh layer: something of the earlier one is left.",
            )
    return True, "batches of other sizes one after another do not disturb each other"


def _clear_cache(context: Context, under: LayerUnderTest) -> Answer:
    """clear_cache drops what forward cached, and leaves a layer that works. A class without one is not asked."""
    call = _call(context, under, "cache", 4)
    before = under.subject.run([call], fresh=True)[0]
    reply = _cleared(context, under, call)
    if reply.values.get("there") is not True:
        return None
    if "clear" in reply.errors:
        return False, f"clear_cache raised {reply.errors['clear']}."
    dead = _alive(under, call, before)
    if dead:
        return False, dead
    due, kept = reply.values.get("due"), reply.values.get("kept")
    if isinstance(kept, np.ndarray) and isinstance(due, np.ndarray) and np.array_equal(kept, due):
        return False, "clear_cache drops nothing: backward still gives the same gradient after it."
    after = under.subject.run([call])[0]
    if after.error:
        return False, f"After clear_cache, the next call raised {after.error}."
    if not _same(after.output, before.output) or not _same(_first(under, after), _first(under, before)):
        return False, "After clear_cache, the next call gives other numbers."
    return True, "clear_cache drops what was cached and leaves a layer that works"


def _cleared(context: Context, under: LayerUnderTest, call: Call) -> Reply:
    """Backward before and after clear_cache, on the instance of the last call: what it gives of the cache's making."""
    program = Program()
    instance = under.subject.instance
    parameter = under.spelling.parameters.get("weight")
    weight = parameter if isinstance(parameter, Parameter) else None

    def backward(name: str) -> None:
        with program.attempt():
            dx = program.call(instance.attr("backward"), np.array(call.cotangent))
            program.send(name, program.copy(_weight_gradient(under, instance) or dx))

    backward("due")
    kept = _weight_gradient(under, instance)
    if kept is not None:
        with program.attempt():  # so that a gradient that is left over is not taken for one computed again
            blank = np.zeros(1) if weight is None else np.zeros_like(weight.stored(call.tensors["weight"]))
            program.set(kept, blank)
    program.send("there", program.exists(instance.attr("clear_cache")))
    with program.attempt("clear"):
        program.call(instance.attr("clear_cache"))
    backward("kept")
    return under.subject.worker.run(program, timeout=context.seconds)


def _weight_gradient(under: LayerUnderTest, instance: Ref) -> Ref | None:
    """Where the gradient of the weight is kept, in a layer that has one."""
    if isinstance(under.spelling, LayerForm):
        member = under.spelling.gradients.get("weight")
        return member.under(instance) if member else None
    weight = under.spelling.parameters.get("weight")
    return instance.attr("grads").item(weight.key) if weight else None


def _first(under: LayerUnderTest, outcome: Outcome) -> Array | None:
    return outcome.grads.get(under.layer.tensors[0])


def _same(a: Array | None, b: Array | None) -> bool:
    if a is None or b is None or a.shape != b.shape:
        return False
    scale = max(float(np.abs(b).max()), 1e-30) if b.size else 1.0
    return bool(np.allclose(a, b, rtol=1e-4, atol=1e-5 * scale))


ASKS: dict[str, Callable[[Context, LayerUnderTest], Answer]] = {
    "overwrites": _overwrites,
    "inputs_untouched": _inputs_untouched,
    "batch_of_one": _batch_of_one,
    "fresh_batch": _fresh_batch,
    "stable": stable,
    "stable_rows": stable_rows,
    "clear_cache": _clear_cache,
}
