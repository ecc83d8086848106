"""Layers as classes with ``params`` and ``grads`` dicts, ``forward`` and ``backward``: find out how one is spelled.

Weights may be stored (out, in) or (in, out), a bias as (C,), (1, C) or (C, 1); an activation may take its alpha or
not; a loss may want class numbers or one-hot rows. All of these are right.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from grader.checks.context import CannotJudge, Context, Finding
from grader.checks.support import absent, keep_output, printed, raised
from grader.conventions.spelling import PARAMETERISED, BiasShape, Parameter, Spelling
from grader.conventions.target_look import told_of_target
from grader.model import Verdict
from grader.numerics import Array
from grader.sandbox import Opaque, Program, Worker
from grader.truth import layer_called

SIZES = {"n": 4, "d": 5, "c": 3}  # distinct, so that a layout shows
ALPHA_LAYERS = frozenset({"elu", "leaky_relu"})
DEFAULT_ALPHA = 0.5  # for constructors that take it: anything but 1, so that a forgotten alpha shows


def spell(context: Context, worker: Worker, *, called: bool = True) -> Spelling:
    """How the submission spells the part's layer.

    Args:
        context: of the check.
        worker: that holds the submission.
        called: whether forward will be called; it is not otherwise, as it may not end.

    Raises:
        CannotJudge: it is missing, unfilled, raises, or has parameters of other shapes.
        WorkerError: the worker died.
    """
    module, name = context.target
    made = context.once(f"constructor:{module}:{name}", lambda: _find(context, worker, module, name))
    if not called:
        return made
    return context.once(f"spelling:{module}:{name}", lambda: _settled(context, worker, made))


def _settled(context: Context, worker: Worker, spelling: Spelling) -> Spelling:
    """What only calls of forward can tell."""
    if spelling.parameters:
        spelling = replace(spelling, mode=_setting_mode(context, worker, spelling))
    if spelling.is_loss:
        spelling = replace(spelling, labels=_label_form(context, worker, spelling))
    return spelling


def _find(context: Context, worker: Worker, module: str, name: str) -> Spelling:
    missing = absent(context, module, name)
    if missing is not None:
        raise CannotJudge(missing)
    signature = _signature(context, worker, module, name)
    spelling = _constructor(context, Spelling(module, name, context.part.layer), signature)
    return _parameters(context, worker, spelling)


def _signature(context: Context, worker: Worker, module: str, name: str) -> list[dict[str, Any]]:
    program = Program()
    found = program.import_(module)
    program.send("exists", program.exists(found.attr(name)))
    program.send("signature", program.signature(found.attr(name)))
    signature = told_of_target(context, worker, program).values.get("signature")
    return [item for item in signature if isinstance(item, dict)] if isinstance(signature, list) else []


def _constructor(context: Context, spelling: Spelling, signature: list[dict[str, Any]]) -> Spelling:
    """Which arguments the constructor wants beyond the sizes."""
    positional = [p for p in signature if p.get("kind") in ("positional", "either")]
    options = dict(context.part.options)
    if spelling.layer in ALPHA_LAYERS:
        takes = bool(positional)
        alpha = options.get("alpha", DEFAULT_ALPHA if takes else _fixed_alpha(spelling.layer))
        return replace(
            spelling, takes_alpha=takes, options={"alpha": alpha if takes else _fixed_alpha(spelling.layer)}
        )
    sizes = {"linear": 2, "batch_norm": 1, "layer_norm": 1}.get(spelling.layer, 0)
    required = [p for p in positional[sizes:] if not p.get("has_default")]
    third = positional[sizes : sizes + 1]
    keyword = next((str(p["name"]) for p in signature if p.get("name") == "input_layer"), "")
    if not keyword and spelling.layer == "linear" and third and third[0].get("default") is False:
        keyword = str(third[0]["name"])
    return replace(spelling, extra=tuple(False for _ in required), input_layer=keyword, options=options)


def _fixed_alpha(layer: str) -> float:
    return 1.0 if layer == "elu" else 0.01


def _parameters(context: Context, worker: Worker, spelling: Spelling) -> Spelling:
    """Construct it once and see where its parameters are and in which shapes."""
    point = _point(context, spelling)
    program = Program()
    layer = program.call(program.import_(spelling.module).attr(spelling.name), *spelling.arguments(point))
    with program.attempt("params"):
        program.send("params", layer.attr("params"))
    program.send("methods", program.describe(layer))
    reply = worker.run(program, timeout=context.seconds)
    keep_output(context, reply)
    if reply.error:
        arguments = ", ".join(str(a) for a in spelling.arguments(point))
        unfilled = absent(context, spelling.module, spelling.name, methods=("__init__",))
        if unfilled is not None:
            raise CannotJudge(unfilled)
        raise CannotJudge(raised(reply.error, doing=f"{spelling.name}({arguments})", output=printed(context)))
    names = PARAMETERISED.get(spelling.layer, ())
    if not names:
        return spelling
    params = reply.values.get("params")
    found = {name: _parameter(context, spelling, name, point[name], params) for name in names}
    return replace(spelling, parameters=found)


def _parameter(context: Context, spelling: Spelling, name: str, like: Array, params: object) -> Parameter:
    if not isinstance(params, Mapping):
        raise CannotJudge(
            Finding(
                Verdict.FAILED, f"{spelling.name} has no dict params; its parameters belong there, by name."
            )
        )
    key = _key(name, [str(key) for key in params])
    value = params.get(key) if key else None
    if value is None:
        unfilled = absent(context, spelling.module, spelling.name, methods=("__init__",))
        message = f"{spelling.name}.params holds no {name} after construction (keys: {', '.join(map(str, params)) or 'none'})."
        raise CannotJudge(unfilled or Finding(Verdict.MISSING, message))
    if isinstance(value, Opaque) or not isinstance(value, np.ndarray):
        raise CannotJudge(Finding(Verdict.FAILED, f"{spelling.name}.params[{key!r}] is no NumPy array."))
    dtype = value.dtype.name
    if like.ndim == 2 and value.shape in (like.shape, like.shape[::-1]):
        return Parameter(name, str(key), transposed=value.shape != like.shape, dtype=dtype)
    shapes: dict[tuple[int, ...], BiasShape] = {
        (like.size,): "(C,)",
        (1, like.size): "(1, C)",
        (like.size, 1): "(C, 1)",
    }
    if like.ndim == 1 and value.shape in shapes:
        return Parameter(name, str(key), shape=shapes[value.shape], dtype=dtype)
    due = f"{like.shape} or {like.shape[::-1]}" if like.ndim == 2 else " or ".join(map(str, shapes))
    sizes = ", ".join(str(a) for a in spelling.arguments(_point(context, spelling)))
    message = f"{spelling.name}({sizes}): {name} has shape {value.shape}; {due} is due."
    raise CannotJudge(Finding(Verdict.FAILED, message))


def _key(name: str, keys: list[str]) -> str | None:
    """The key of a parameter: its name, else a key that begins like it (``weights``, ``W``)."""
    lower = {key.lower(): key for key in keys}
    for wish in (name, name + "s", name[0]):
        if wish in lower:
            return lower[wish]
    return next((key for low, key in lower.items() if low.startswith(name[0])), None)


def _point(context: Context, spelling: Spelling) -> dict[str, Array]:
    layer = layer_called(spelling.layer)
    return layer.draw(context.generator("spelling"), **SIZES, **layer.settings(dict(spelling.options)))


def _setting_mode(context: Context, worker: Worker, spelling: Spelling) -> Any:
    """Assign parameters unless that has no effect on forward while writing into the array has one."""
    point = _point(context, spelling)
    outputs = {}
    for mode in ("assign", "inplace"):
        program = Program()
        layer = program.call(program.import_(spelling.module).attr(spelling.name), *spelling.arguments(point))
        with program.attempt("before"):
            program.send("before", program.call(layer.attr("forward"), point["x"]))
        for name, parameter in spelling.parameters.items():
            target = layer.attr("params").item(parameter.key)
            program.set(
                target, parameter.stored(point[name]), mode="inplace" if mode == "inplace" else "assign"
            )
        with program.attempt("after"):
            program.send("after", program.call(layer.attr("forward"), point["x"]))
        reply = worker.run(program, timeout=context.seconds)
        keep_output(context, reply)
        before, after = reply.values.get("before"), reply.values.get("after")
        outputs[mode] = _differ(before, after)
        if outputs["assign"]:
            return "assign"
    return "inplace" if outputs.get("inplace") else "assign"


def _differ(before: object, after: object) -> bool:
    if not isinstance(before, np.ndarray) or not isinstance(after, np.ndarray) or before.shape != after.shape:
        return False
    return not np.allclose(before, after, equal_nan=True)


def _label_form(context: Context, worker: Worker, spelling: Spelling) -> Any:
    """Class numbers, unless only one-hot rows give the right loss, or only they give a loss at all."""
    point = _point(context, spelling)
    layer = layer_called(spelling.layer)
    want = float(layer.forward(**point, **layer.settings(dict(spelling.options))))
    labels, classes = point["labels"], point["x"].shape[-1]
    program = Program()
    loss = program.call(program.import_(spelling.module).attr(spelling.name), *spelling.arguments(point))
    forms = {"integers": labels, "one-hot": np.eye(classes)[labels]}
    for form, given in forms.items():
        with program.attempt(form):
            program.send(form, program.call(loss.attr("forward"), point["x"], given))
    reply = worker.run(program, timeout=context.seconds)
    keep_output(context, reply)
    got = {form: _number(reply.values.get(form)) for form in forms}
    for form, value in got.items():
        if value is not None and abs(value - want) <= 1e-4 * (1 + abs(want)):
            return form
    return "one-hot" if got["integers"] is None and got["one-hot"] is not None else "integers"


def _number(value: object) -> float | None:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, np.ndarray) or value.size != 1 or value.dtype.kind == "c":
        return None
    return float(value.reshape(-1)[0])
