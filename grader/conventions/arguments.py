"""What a constructor, a forward or a backward is called with: its parameters, read as quantities of the layer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from grader.conventions.vocabulary import DICTS, bare, meant
from grader.numerics import Array
from grader.truth import Layer

CONSTRUCTED = {
    "linear": ("in_features", "out_features"),
    "conv2d": ("in_channels", "out_channels", "kernel_size", "kernel_height", "kernel_width", "stride", "padding"),
    "batch_norm": ("features", "eps"),
    "layer_norm": ("features", "eps"),
    "embedding": ("rows", "dim"),
    "rnn_cell": ("in_features", "hidden_size", "nonlinearity"),
    "lstm_cell": ("in_features", "hidden_size"),
    "max_pool2d": ("kernel_size", "stride", "padding", "kernel_height", "kernel_width"),
    "avg_pool2d": ("kernel_size", "stride", "padding", "kernel_height", "kernel_width"),
}  # fmt: skip
"""What a constructor may take, in the usual order; of other layers, their options."""

Source = Any  # a quantity's name, 'text' in quotes, a number or boolean, or a mapping of these


class Unbound(Exception):
    """A required parameter stands for no quantity that is known."""

    def __init__(self, parameter: str) -> None:
        super().__init__(parameter)
        self.parameter = parameter


@dataclass(frozen=True)
class Argument:
    """One argument of a call: the keyword ("" for a positional one) and what is handed over."""

    keyword: str
    source: Source


def bind(
    signature: Sequence[Mapping[str, Any]], allowed: Sequence[str], declared: Mapping[str, Source]
) -> tuple[Argument, ...]:
    """Arguments for a callable.

    A parameter is what the rubric declares, what its name says, or, where it must be given and its name says nothing,
    the first of ``allowed`` that is left.

    Args:
        signature: parameters as the worker describes them.
        allowed: quantities that may be asked for, in the usual order.
        declared: parameter to source, from the rubric.

    Raises:
        Unbound: a required parameter is none of them.
    """
    parameters = [p for p in signature if p.get("kind") in ("positional", "either", "keyword")]
    found: dict[str, Source] = {}
    left = list(allowed)
    for parameter in parameters:  # names first, so that an unknown one gets what no name asked for
        name = str(parameter["name"])
        known = declared[name] if name in declared else DICTS.get(bare(name)) or meant(name, left)
        if known is None:
            continue
        found[name] = known
        if isinstance(known, str) and known in left:
            left.remove(known)
    for parameter in parameters:
        name = str(parameter["name"])
        if name in found or parameter.get("has_default"):
            continue
        if not left:
            raise Unbound(name)
        found[name] = left.pop(0)
    positional = True
    arguments = []
    for parameter in parameters:
        name = str(parameter["name"])
        if name not in found:
            positional = False
            continue
        by_name = parameter["kind"] == "keyword" or not positional
        arguments.append(Argument(name if by_name else "", found[name]))
    return tuple(arguments)


def resolve(source: Source, values: Mapping[str, Any]) -> Any:
    """The value of a source.

    Raises:
        KeyError: it names a quantity that this layer does not have.
    """
    if isinstance(source, Mapping):
        return {key: resolve(item, values) for key, item in source.items()}
    if isinstance(source, str):
        return source[1:-1] if source[:1] == "'" else values[source]
    return source


def sources_of(arguments: Iterable[Argument]) -> set[str]:
    """Names of the quantities that arguments use."""
    found: set[str] = set()
    waiting = [argument.source for argument in arguments]
    while waiting:
        source = waiting.pop()
        if isinstance(source, Mapping):
            waiting += source.values()
        elif isinstance(source, str) and source[:1] != "'":
            found.add(source)
    return found


def constructor_quantities(layer: Layer) -> tuple[str, ...]:
    """What a constructor of this layer may take, in the usual order."""
    usual = CONSTRUCTED.get(layer.name, ())
    kept = ("keep",) if layer.name == "dropout" else ()
    return (*usual, *(name for name in layer.options if name not in usual and name != "training"), *kept)


def quantities(layer: Layer, tensors: Mapping[str, Array], options: Mapping[str, object]) -> dict[str, Any]:
    """Sizes and options of a layer at tensors of these shapes, by the names that arguments use."""
    values: dict[str, Any] = {**options, "training": options.get("training", True)}
    shapes = {name: tuple(int(size) for size in array.shape) for name, array in tensors.items()}
    values["mode"] = "train" if values["training"] else "test"
    if layer.name == "dropout":
        values["keep"] = 1 - float(values["p"])
    if layer.name == "linear":
        values["out_features"], values["in_features"] = shapes["weight"]
    elif layer.name == "conv2d":
        values["out_channels"], values["in_channels"], *kernel = shapes["weight"]
        values |= _kernel(tuple(kernel))
    elif layer.name in ("batch_norm", "layer_norm"):
        values["features"] = shapes["gamma"][0]
    elif layer.name == "embedding":
        values["rows"], values["dim"] = shapes["weight"]
    elif layer.name in ("rnn_cell", "lstm_cell"):
        values["in_features"], values["hidden_size"] = shapes["weight_ih"][1], shapes["weight_hh"][1]
    elif "kernel_size" in options:
        values |= _kernel(options["kernel_size"])
        values["stride"] = values["kernel_size"] if options.get("stride") is None else options["stride"]
    return values


def _kernel(size: Any) -> dict[str, Any]:
    height, width = size if isinstance(size, (tuple, list)) else (size, size)
    return {
        "kernel_size": height if height == width else (height, width),
        "kernel_height": height,
        "kernel_width": width,
    }


def one_hot(labels: Array, classes: int) -> Array:
    """Rows of the identity, (N, C)."""
    rows: Array = np.eye(classes)[labels]
    return rows
