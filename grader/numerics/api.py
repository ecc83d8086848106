"""``check_gradients``: one call for a layer in this process, however it is written."""

from __future__ import annotations

import copy
import inspect
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from grader.errors import UsageError
from grader.numerics.adapters import FunctionsSubject, LayerSubject, TorchSubject
from grader.numerics.check import check_setups
from grader.numerics.points import Draw, Point, Setup, draw_like
from grader.numerics.report import GradientReport
from grader.numerics.subject import Array, Subject, Truth


def check_gradients(
    layer: Any,
    *arrays: Any,
    constants: Mapping[str, Any] | None = None,
    names: Sequence[str] | None = None,
    batched: Sequence[str] | None = None,
    wrt: Sequence[str] = (),
    truth: Truth | None = None,
    draw: Draw | None = None,
    parameters: Mapping[str, tuple[str, str]] | None = None,
    seed: int = 0,
) -> GradientReport:
    """Check that a layer's backward is the derivative of its forward.

    Args:
        layer: an object with ``forward(x, ...)`` and ``backward(dout)``; a pair of functions
            ``(forward, backward)`` with ``forward(x, ...) -> out, cache`` and ``backward(dout, cache) ->
            grads``; a ``torch.nn.Module``, a ``torch.autograd.Function`` or a function of torch tensors;
            or a Subject.
        arrays: the arguments of forward in order, valid and generic; or one mapping by name. Integer
            arrays are constants.
        constants: more arguments that are not differentiated, by name.
        names: names of ``arrays``; by default those of forward's arguments.
        batched: names of the tensors whose first axis is the batch; by default the first array, and for
            objects and modules all arrays.
        wrt: names of the tensors whose gradients are judged; by default all.
        truth: the right output and gradients for a call, to be compared too.
        draw: draws points at other batch sizes; by default they are drawn like ``arrays``.
        parameters: for objects, where parameters and their gradients are: ``{"w": ("W", "dW")}``, with dotted
            paths; by default found.
        seed: repeats the check.

    Returns:
        The report. It is printed as text, ``report.ok`` is one word, ``report.require()`` raises.

    Raises:
        UsageError: if the layer is none of these, if an array is missing, empty or not finite, or if a name in
            ``batched`` or ``wrt`` is none of the tensors.
    """
    tensors, fixed = _sort_arrays(layer, arrays, constants or {}, names)
    _require_usable(tensors, fixed)
    subject, values, owned = _subject(layer, tensors, fixed, parameters)
    rng = np.random.default_rng(seed)
    point = Point({**tensors, **{name: _generic(rng, value) for name, value in values.items()}}, fixed)
    _require_known(point, batched=batched or (), wrt=wrt)
    inputs = tuple(batched) if batched is not None else tuple(tensors) if owned else tuple(tensors)[:1]
    setup = Setup(
        subject,
        draw or draw_like(point, inputs),
        inputs=inputs,
        wrt=tuple(wrt),
        truth=truth,
        batch=next((len(tensors[name]) for name in inputs if tensors[name].ndim), 1),
        guessed=draw is None,
    )
    return check_setups([setup], seed=seed)


def _sort_arrays(
    layer: Any, arrays: Sequence[Any], constants: Mapping[str, Any], names: Sequence[str] | None
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Arguments by name: what is differentiated, and what is not."""
    if len(arrays) == 1 and isinstance(arrays[0], Mapping):
        given = dict(arrays[0])
    else:
        chosen = list(names) if names is not None else _argument_names(layer)
        chosen += [f"x{i}" for i in range(len(chosen), len(arrays))]
        given = dict(zip(chosen, arrays, strict=False))
    plain = {name: np.asarray(value) for name, value in given.items()}
    tensors = {
        name: array for name, array in plain.items() if array.dtype.kind == "f" and name not in constants
    }
    fixed = {name: array for name, array in plain.items() if name not in tensors}
    return tensors, fixed | {name: np.asarray(value) for name, value in constants.items()}


def _require_usable(tensors: Mapping[str, Array], fixed: Mapping[str, Array]) -> None:
    """Refuse arrays that nothing can be differentiated by."""
    if not tensors:
        given = ", ".join(f"{name} of {array.dtype}" for name, array in fixed.items()) or "none"
        raise UsageError(
            "check_gradients: give at least one array of floating-point numbers to differentiate by; "
            f"arrays given: {given}"
        )
    for name, array in tensors.items():
        if not array.size:
            raise UsageError(
                f"check_gradients: {name} of shape {array.shape} is empty; give a batch of values"
            )
        if not np.isfinite(array).all():
            raise UsageError(
                f"check_gradients: {name} holds NaN or infinity; give a point where forward is defined"
            )


def _require_known(point: Point, **given: Sequence[str]) -> None:
    """Refuse names that are no tensors."""
    for argument, names in given.items():
        for name in names:
            if name not in point.tensors:
                known = ", ".join(point.tensors)
                raise UsageError(f"check_gradients: {argument} names {name!r}; the tensors are: {known}")


def _argument_names(layer: Any) -> list[str]:
    """Names of forward's positional arguments."""
    forward = layer[0] if isinstance(layer, tuple) else getattr(layer, "forward", layer)
    try:
        signature = inspect.signature(forward)
    except (TypeError, ValueError):
        return ["x"]
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    found = [name for name, p in signature.parameters.items() if p.kind in kinds]
    return [name for name in found if name not in ("self", "ctx")]


def _subject(
    layer: Any,
    tensors: Mapping[str, Array],
    fixed: Mapping[str, Array],
    parameters: Mapping[str, tuple[str, str]] | None,
) -> tuple[Subject, Mapping[str, Array], bool]:
    """The layer as a subject, the values of the parameters it owns, and whether it owns its parameters."""
    if callable(getattr(layer, "run", None)):
        return layer, {}, False
    if isinstance(layer, tuple):
        if len(layer) != 2:
            raise UsageError(f"check_gradients: a pair is (forward, backward); got {len(layer)} things")
        order = [*tensors, *fixed]
        return FunctionsSubject(*layer, tensors=tuple(tensors), order=order), {}, False
    torch = sys.modules.get("torch")
    is_function = torch is not None and isinstance(layer, type) and issubclass(layer, torch.autograd.Function)
    is_module = torch is not None and isinstance(layer, torch.nn.Module)
    plain_function = callable(layer) and not hasattr(layer, "backward")
    if isinstance(layer, type) and not is_function and hasattr(layer, "forward"):
        raise UsageError(
            f"check_gradients: {layer.__name__} is a class; give an object of it, {layer.__name__}(...)"
        )
    if is_module or is_function or plain_function:
        module = TorchSubject(
            _in_precision_of(tensors, layer) if is_module else layer,
            inputs=tuple(tensors),
            constants=tuple(fixed),
        )
        return module, module.values(), is_module
    if hasattr(layer, "forward") and hasattr(layer, "backward"):
        owner = LayerSubject(layer, inputs=tuple(tensors), constants=tuple(fixed), parameters=parameters)
        return owner, owner.values(), True
    raise UsageError(
        f"check_gradients: {type(layer).__name__} is no layer; give an object with forward and backward, a pair of "
        "functions, or a torch module"
    )


def _in_precision_of(tensors: Mapping[str, Array], module: Any) -> Any:
    """A torch module of float32 in float64, where that is what it is asked with."""
    single = any(str(p.dtype) == "torch.float32" for p in module.parameters())
    double = any(array.itemsize == 8 for array in tensors.values())
    return copy.deepcopy(module).double() if single and double else module


def _generic(rng: np.random.Generator, value: Array) -> Array:
    """A parameter at a generic value: a bias of 0 or a gamma of 1 hides missing factors."""
    if value.dtype.kind != "f":
        return value
    return np.asarray(rng.standard_normal(value.shape) / np.sqrt(max(value.shape[-1:] or (1,))), value.dtype)
