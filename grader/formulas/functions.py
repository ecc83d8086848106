"""Functions of whole matrices in the mathematical languages: trace, norm, softmax, diag and their kin."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from grader.formulas.elementwise import ELEMENTWISE
from grader.formulas.limits import Clash, Unreadable
from grader.formulas.tree import Call
from grader.formulas.values import Array, Value, elementwise, scalar, transpose

if TYPE_CHECKING:
    from grader.formulas.evaluate import Evaluator


def call_function(evaluator: Evaluator, node: Call) -> Value:
    """The value of a known function.

    Raises:
        Clash: the argument has the wrong shape.
        Unreadable: the function has no meaning for it.
    """
    arguments = [evaluator.of(argument) for argument in node.args]
    first = arguments[0]
    if node.fn in ELEMENTWISE:
        return evaluator.elementwise_call(node.fn, first)
    if node.fn in ("max", "min"):
        return _extreme(evaluator, node.fn, arguments)
    if node.fn == "diag" and first.is_scalar and not first.axes:
        return replace(first, eye=True)
    if first.eye or (any(first.flex) and node.fn not in ("diag",)):
        raise Unreadable(f"{node.fn} of something of unknown size", node.fn)
    if node.fn == "softmax":
        return _softmax(first)
    if node.fn in ("norm", "bars"):
        return _norm(evaluator, node, first)
    if node.fn == "diag":
        return _diag(_over_free_index(first))
    if node.fn == "mean":
        if 1 not in (first.rows, first.cols):
            raise Unreadable("the mean of a matrix: over rows, columns or all entries?", "mean")
        return replace(first, data=first.data.mean(axis=(-2, -1), keepdims=True))
    if node.fn == "rowmean":  # the mean of the rows of a matrix, as a column
        return replace(first, data=np.swapaxes(first.data.mean(axis=-2, keepdims=True), -1, -2))
    if node.fn == "inner":
        return _inner(evaluator, *arguments)
    if node.fn == "sum":
        return replace(first, data=first.data.sum(axis=(-2, -1), keepdims=True))
    return _square_function(evaluator, node.fn, first)


def _inner(evaluator: Evaluator, a: Value, b: Value) -> Value:
    if a.data.shape[-2:] == b.data.shape[:-3:-1] and 1 in (a.rows, a.cols):
        b = transpose(b)
    product, _ = elementwise(a, b, np.multiply, "the inner product", evaluator.sample.show)
    return replace(product, data=product.data.sum(axis=(-2, -1), keepdims=True))


def _extreme(evaluator: Evaluator, name: str, arguments: list[Value]) -> Value:
    if len(arguments) == 1:
        raise Unreadable(f"{name} of one argument", name)

    def pick(x: Array, y: Array) -> Array:
        return np.where((x.real >= y.real) == (name == "max"), x, y)

    value, _ = elementwise(arguments[0], arguments[1], pick, name, evaluator.sample.show)
    return value


def _softmax(value: Value) -> Value:
    axis = -2 if value.cols == 1 else -1
    shifted = np.exp(value.data - value.data.real.max(axis=axis, keepdims=True))
    return replace(value, data=shifted / shifted.sum(axis=axis, keepdims=True))


def _norm(evaluator: Evaluator, node: Call, value: Value) -> Value:
    vector = 1 in (value.rows, value.cols)
    order = dict(node.options).get("ord", "")
    if node.fn == "bars" and (value.is_scalar or evaluator.meaning.bars == "elementwise"):
        return evaluator.elementwise_call("abs", value)
    if order == "1" and vector:
        return replace(value, data=(value.data * np.sign(value.data.real)).sum(axis=(-2, -1), keepdims=True))
    if order == "infty" or order == "1":
        raise Unreadable(f"the norm {order} is not part of this question", "||.||")
    if order == "2" and not vector:
        if value.axes or np.iscomplexobj(value.data):
            raise Unreadable("the spectral norm is not part of this question", "||.||_2")
        return scalar(float(np.linalg.norm(value.data, 2)))
    return replace(value, data=np.sqrt((value.data**2).sum(axis=(-2, -1), keepdims=True)))


def _over_free_index(value: Value) -> Value:
    """``diag(p_i (1 - p_i))``: the entries of a vector, numbered by the one index that is free."""
    if value.is_scalar and len(value.axes) == 1 and "#" not in value.axes[0]:
        return Value(value.data.reshape(-1, 1))
    return value


def _diag(value: Value) -> Value:
    if any(value.flex):
        side = 0 if value.flex[0] else 1
        if value.data.shape[side - 2] == 1 and 1 in (value.rows, value.cols) and not all(value.flex):
            return Value(value.data, value.axes, eye=True)
        raise Unreadable("diag of something of unknown size", "diag")
    if value.cols == 1 or value.rows == 1:
        column = value.data if value.cols == 1 else np.swapaxes(value.data, -1, -2)
        return replace(value, data=column * np.eye(column.shape[-2]))
    if value.rows == value.cols:
        diagonal = np.diagonal(value.data, axis1=-2, axis2=-1)
        return replace(value, data=diagonal[..., None])
    raise Clash("diag of a matrix that is not square")


def _square_function(evaluator: Evaluator, name: str, value: Value) -> Value:
    if value.rows != value.cols:
        raise Clash(
            f"{name} of a matrix of shape {value.show_shape(evaluator.sample.show)}, which is not square"
        )
    if name == "tr":
        return replace(value, data=np.trace(value.data, axis1=-2, axis2=-1)[..., None, None])
    if name == "det":
        return replace(value, data=np.asarray(np.linalg.det(value.data))[..., None, None])
    if name == "inv":
        try:
            return replace(value, data=np.linalg.inv(value.data))
        except np.linalg.LinAlgError as error:
            raise Clash("the inverse of a singular matrix", "W110") from error
    raise Unreadable(f"{name} is not understood", name)
