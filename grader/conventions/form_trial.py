"""Settle by calling what signatures do not tell: how arrays are stored, what forward and backward return."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from grader.checks.context import Context
from grader.checks.support import keep_output
from grader.conventions.form_program import write_call
from grader.conventions.form_subject import are_rows, new_instance
from grader.conventions.layer_form import LayerForm
from grader.conventions.layouts import data_layout, parameter_layouts
from grader.conventions.members import Member, declared_member, find_gradient, members_of
from grader.numerics import Array, Call
from grader.sandbox import Program, Reply, Worker

CLOSE = 1e-4
GATES = "ifgo"  # of the reference's LSTM, in this order


def best_layout(context: Context, worker: Worker, form: LayerForm, point: Mapping[str, Array]) -> LayerForm:
    """The first way to store parameters and labels under which forward is right; else under which its shape is."""
    layer = form.reference
    call = _call(form, point)
    want = np.asarray(layer.forward(**point, **form.settings()))
    scored = []
    for number, candidate in enumerate(_candidates(context, form, point, want)):
        for double in (True, False) if form.shape == "torch" else (True,):
            tried = replace(candidate, double=double)
            scored.append((*_score(context, worker, tried, call, want), number, tried))
            if scored[-1][0] == 0:
                break
        if scored[-1][0] == 0:
            break
    best = min(scored, key=lambda item: (item[0], item[2]))
    flags = best[1]
    return replace(best[3], cached="cached" in flags, joint="joint" in flags, pair="pair" in flags)


def told_layout(context: Context, form: LayerForm, point: Mapping[str, Array]) -> LayerForm | None:
    """How parameters are stored where their shapes alone tell; None where a call has to."""
    want = np.asarray(form.reference.forward(**point, **form.settings()))
    candidates = list(_candidates(context, form, point, want))
    return candidates[0] if len(candidates) == 1 else None


def _call(form: LayerForm, point: Mapping[str, Array], cotangent: Array | None = None) -> Call:
    layer = form.reference
    return Call({n: point[n] for n in layer.tensors}, {n: point[n] for n in layer.constants}, cotangent)


def _candidates(
    context: Context, form: LayerForm, point: Mapping[str, Array], want: Array
) -> Iterator[LayerForm]:
    layer = form.reference
    known = {name: member.shape for name, member in form.parameters.items() if member.shape is not None}
    data = {
        name: data_layout(context.part.spelling.data_layout, point[name])
        for name in point
        if name not in layer.parameters
    }
    data["output"] = data_layout(context.part.spelling.data_layout, want)
    gates = tuple(GATES.index(gate) for gate in context.part.spelling.gates.split())
    for ways in parameter_layouts({name: point[name] for name in layer.parameters}, known):
        ways = {name: replace(layout, gates=gates) for name, layout in ways.items()}
        for one_hot in (False, True) if "labels" in point else (False,):
            yield replace(form, layouts={**data, **ways}, one_hot=one_hot)


def _score(
    context: Context, worker: Worker, form: LayerForm, call: Call, want: Array
) -> tuple[int, tuple[str, ...]]:
    """0 for the right output, 1 for its shape, 2 for any output, 3 for an exception; and which of the form's flags
    what came with the output sets."""
    program = Program()
    instance = new_instance(program, form, *form.constructor_call(call.tensors))
    write_call(program, form, instance, "", call, freeze_seeds=True)
    reply = worker.run(program, timeout=context.seconds)
    keep_output(context, reply)
    output, beside = _parted(form, reply.values.get("output"), want)
    if isinstance(output, (int, float)):
        output = np.asarray(float(output))
    if not isinstance(output, np.ndarray):
        return 3, beside
    output = form.canonical("output", output, output)
    if output.shape != want.shape and not output.size == want.size == 1:
        return 2, beside
    close = bool(np.allclose(output, want.reshape(output.shape), rtol=CLOSE, atol=CLOSE, equal_nan=True))
    return (0 if close else 1), beside


def _parted(form: LayerForm, output: object, want: Array) -> tuple[object, tuple[str, ...]]:
    """The output without what came beside it, and the flags that say so."""
    if not isinstance(output, (tuple, list)) or len(output) < 2:
        return output, ()
    parts = output[:2]
    if form.layer == "lstm_cell" and all(np.shape(part) == want.shape[1:] for part in parts):
        return np.stack(parts), ("pair", "cached") if len(output) > 2 and form.backward else ("pair",)
    return output[0], ("cached" if form.backward else "joint",)


def settle(context: Context, worker: Worker, form: LayerForm, point: Mapping[str, Array]) -> LayerForm:
    """Where an object keeps the gradients of its parameters, seen after one forward and one backward."""
    if form.shape != "object" or not form.parameters:
        return form
    layer, spelled = form.reference, context.part.spelling
    output = np.asarray(layer.forward(**point, **form.settings()))
    rng = context.generator("settle")
    call = _call(form, point, np.asarray(rng.standard_normal(output.shape)))
    program = Program()
    instance = new_instance(program, form, *form.constructor_call(call.tensors))
    write_call(program, form, instance, "", call, freeze_seeds=False)
    program.send("what", program.describe(instance))
    reply = worker.run(program, timeout=context.seconds)
    keep_output(context, reply)
    return replace(form, gradients=_gradients(form, reply, spelled.gradients))


def _gradients(form: LayerForm, reply: Reply, declared: Mapping[str, str]) -> dict[str, Member]:
    members = members_of(reply.values.get("what"))
    returned = reply.values.get("returned")
    inputs = len(form.reference.tensors) - len(form.parameters)
    several = isinstance(returned, Mapping) or (
        isinstance(returned, (tuple, list)) and len(returned) > max(inputs, 1) and not are_rows(returned)
    )
    found = {}
    for name, parameter in form.parameters.items():
        if name in declared:
            found[name] = declared_member(declared[name], members)
        elif not several and (member := find_gradient(name, parameter, members)) is not None:
            found[name] = member
    return found
