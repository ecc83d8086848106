"""A layer object with forward and backward as a subject."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from grader.errors import UsageError
from grader.numerics.adapters.local import LocalSubject
from grader.numerics.adapters.parameters import find_parameters, get_path, set_path
from grader.numerics.subject import Array, plain


class LayerSubject(LocalSubject):
    """An object with ``forward(x, ...)`` and ``backward(dout)``, its parameters and their gradients in it.

    Args:
        layer: the object. It is copied before anything is called, and never called itself.
        inputs: names of the tensors that forward takes, in its order.
        constants: names of the constants that forward takes after them.
        parameters: names with the paths of value and gradient, as :func:`find_parameters` gives them.
        make: makes a new object; by default the given one is copied again.
        loss: whether backward takes what forward takes, and no cotangent, as losses do; by default told from
            the names of its arguments. The cotangent then multiplies the gradients here.
    """

    def __init__(
        self,
        layer: Any,
        *,
        inputs: Sequence[str] = ("x",),
        constants: Sequence[str] = (),
        parameters: Mapping[str, tuple[str, str]] | None = None,
        make: Callable[[], Any] | None = None,
        loss: bool | None = None,
    ) -> None:
        super().__init__()
        for method in ("forward", "backward"):
            if not callable(getattr(layer, method, None)):
                raise UsageError(
                    f"{type(layer).__name__} has no method {method}; a layer has forward and backward"
                )
        self._pristine = copy.deepcopy(layer) if make is None else None
        self._make = make
        self.inputs = tuple(inputs)
        self.constants = tuple(constants)
        self.parameters = dict(find_parameters(layer) if parameters is None else parameters)
        self._loss = takes_inputs_again(layer) if loss is None else loss

    def new(self) -> Any:
        """A new instance: made, or copied from the one that nobody called."""
        return self._make() if self._make is not None else copy.deepcopy(self._pristine)

    def values(self) -> dict[str, Array]:
        """The parameters of a new instance by name, in float64 unless they are float32."""
        layer = self.new()
        return {name: np.array(get_path(layer, path)) for name, (path, _) in self.parameters.items()}

    def forward(
        self, instance: Any, tensors: dict[str, Array], constants: dict[str, Array]
    ) -> tuple[Any, Any]:
        """Set the parameters, call forward; what is kept are the arguments of it."""
        for name, (path, _) in self.parameters.items():
            if name in tensors:
                tensors[name] = _set(instance, path, tensors[name])
        arguments = [tensors[name] for name in self.inputs if name in tensors]
        arguments += [constants[name] for name in self.constants if name in constants]
        return instance.forward(*arguments), arguments

    def backward(self, instance: Any, kept: Any, cotangent: Array) -> tuple[dict[str, Any], dict[str, Any]]:
        """Call backward; gradients of inputs are returned, those of parameters are stored."""
        result = instance.backward(*kept) if self._loss else instance.backward(cotangent)
        direct = by_name(result, self.inputs)
        stored = {name: get_path(instance, path) for name, (_, path) in self.parameters.items()}
        if self._loss and cotangent.size == 1:
            scale = float(cotangent.reshape(()))
            direct = {name: _scaled(grad, scale) for name, grad in direct.items()}
            stored = {name: _scaled(grad, scale) for name, grad in stored.items()}
        return direct, stored


def by_name(result: Any, names: Sequence[str]) -> dict[str, Any]:
    """What backward returned, by tensor: from a dictionary, a sequence in order, or one array."""
    if isinstance(result, Mapping):
        keys = {name: (name, f"d{name}", f"d_{name}", f"grad_{name}", f"{name}_grad") for name in names}
        return {name: next((result[k] for k in keys[name] if k in result), None) for name in names}
    if isinstance(result, (tuple, list)):
        return dict(zip(names, result, strict=False))
    return {names[0]: result} if names else {}


def takes_inputs_again(layer: Any) -> bool:
    """Whether backward takes the arguments of forward, as ``backward(x, y)`` of a loss does."""
    try:
        forward = list(inspect.signature(layer.forward).parameters)
        backward = list(inspect.signature(layer.backward).parameters)
    except (TypeError, ValueError):
        return False
    return len(forward) > 1 and forward == backward


def _set(instance: Any, path: str, array: Array) -> Array:
    there: Array = set_path(instance, path, array)
    return there


def _scaled(grad: Any, scale: float) -> Any:
    array = plain(grad)
    return grad if array is None or scale == 1.0 else array * array.dtype.type(scale)
