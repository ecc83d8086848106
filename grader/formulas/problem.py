"""A question made ready: its vocabulary, sampled points and the true values at them.

The gradient of a forward pass is taken by the complex step: evaluated at ``x + i h`` with h = 1e-30, the imaginary
part of the loss is h times the exact partial derivative (Squire and Trapp, 1998; no cancellation, no step to choose).
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from functools import cached_property

import numpy as np

from grader.errors import RubricError
from grader.formulas.cursor import Shared
from grader.formulas.evaluate import Evaluator, Meaning
from grader.formulas.lexer import lex
from grader.formulas.limits import FormulaError
from grader.formulas.names import Names
from grader.formulas.parser import Parser
from grader.formulas.question import Question, Truth
from grader.formulas.sampling import Sample, draw_samples, draw_witnesses
from grader.formulas.style import Style
from grader.formulas.tree import Node, is_smooth
from grader.formulas.values import Array, Value, elementwise

STEP = 1e-30


class Problem:
    """One question with one truth, sampled."""

    def __init__(self, question: Question, truth: Truth, rng: np.random.Generator) -> None:
        self.question = question
        self.truth = truth
        self.names = Names(question, truth)
        self.lenient = Names(question, truth, lenient=True)
        self.forward = [self._assignment(line) for line in truth.forward]
        self._check_names()
        self._seed = int(rng.integers(2**31))
        self.samples = [self.completed(sample) for sample in draw_samples(question, truth, rng)]
        self.wants = [self.want(sample) for sample in self.samples]

    @property
    def layout_any(self) -> bool:
        """Whether the transpose of the truth is right as well."""
        return (self.truth.layout or self.question.layout) == "any"

    def completed(self, sample: Sample) -> Sample:
        """The point with the forward pass's results and their upstream gradients filled in."""
        values = self._run(sample)
        output = self.forward[-1][0] if self.forward else ""
        if output and f"d{output}" not in sample.values:
            shape = values[output].data.shape
            rng = np.random.default_rng(sum(sample.sizes.values()))
            values[f"d{output}"] = Value(rng.standard_normal(shape))
        return sample.with_values(values)

    @cached_property
    def is_smooth(self) -> bool:
        """Whether the truth has no thresholds, as far as the question says how it is computed."""
        if not self.forward and not self.truth.answer:
            return False
        stated = [self._parse(self.truth.answer)] if self.truth.answer else []
        return all(is_smooth(tree) for tree in (*(tree for _, tree in self.forward), *stated))

    @cached_property
    def witnesses(self) -> list[tuple[Sample, Array]]:
        """Further points with the truth at them, for what is not smooth."""
        samples = draw_witnesses(self.question, self.truth, np.random.default_rng(self._seed))
        completed = [self.completed(sample) for sample in samples]
        return [(sample, self.want(sample)) for sample in completed]

    def add(self, witness: tuple[Sample, Array]) -> None:
        """Compare at this point, too."""
        self.samples.append(witness[0])
        self.wants.append(witness[1])

    def want(self, sample: Sample) -> Array:
        """The truth at a completed point: a matrix.

        Raises:
            RubricError: the question does not hold together.
        """
        if self.forward:
            return self.stated(sample, "forward")
        return self.stated(sample, "truth" if self.truth.truth else "answer")

    def stated(self, sample: Sample, way: str) -> Array:
        """The truth as one of ``forward``, ``truth`` and ``answer`` states it.

        Raises:
            RubricError: the question does not hold together.
        """
        try:
            if way == "forward":
                return self._gradient(sample)
            if way == "truth":
                return self._named(sample)
            value = Evaluator(sample).value(self._parse(self.truth.answer))
        except FormulaError as error:
            raise RubricError(
                f"question {self.question.id}: what is right cannot be evaluated: {error}"
            ) from error
        if value.axes or value.eye or any(value.flex):
            raise RubricError(
                f"question {self.question.id}: answer: give the result as a matrix of known size"
            )
        return value.data

    def _parse(self, formula: str) -> Node:
        plain = re.sub(r"\b(?:np|numpy|torch)\.", "", formula)  # np.where(...) is where(...)
        tokens = self.lenient.substitute(lex(plain))
        return Parser(tokens, self.lenient, Shared(Style()), {}).whole()

    def _assignment(self, line: str) -> tuple[str, Node]:
        name, equals, formula = line.partition("=")
        name = name.strip()
        if not equals or not name.replace("_", "").isalnum():
            raise RubricError(
                f"question {self.question.id}: forward: {line!r} is not of the form 'Y = X W^T'"
            )
        self.lenient.shapes.setdefault(name, ("?", "?"))
        self.lenient.known.add(name)
        self.lenient._words.add(name)
        try:
            return name, self._parse(formula)
        except FormulaError as error:
            raise RubricError(f"question {self.question.id}: forward: {line!r}: {error}") from error

    def _check_names(self) -> None:
        wrt = self.truth.wrt
        if self.forward and wrt not in {**self.question.symbols, **self.truth.symbols}:
            raise RubricError(f"question {self.question.id}: wrt: {wrt!r} is not among the symbols")

    def _run(self, sample: Sample, changed: Mapping[str, Value] | None = None) -> dict[str, Value]:
        values: dict[str, Value] = dict(changed or {})
        for name, tree in self.forward:
            try:
                values[name] = Evaluator(sample.with_values(values), Meaning()).value(tree)
            except FormulaError as error:
                raise RubricError(f"question {self.question.id}: forward: {name}: {error}") from error
        return values

    def _loss(self, sample: Sample, changed: Mapping[str, Value] | None = None) -> Array:
        output = self.forward[-1][0]
        value = self._run(sample, changed)[output]
        if value.is_scalar:
            return value.data
        weighted, _ = elementwise(value, sample.values[f"d{output}"], np.multiply, "forward", sample.show)
        return np.asarray(weighted.data.sum(axis=(-2, -1)))

    def _gradient(self, sample: Sample) -> Array:
        wrt = self.truth.wrt
        point = sample.values[wrt].data
        steps = 1j * STEP * np.eye(point.size).reshape(point.size, *point.shape)  # one entry moved in each
        loss = self._loss(sample, {wrt: Value(point + steps, ("~",))})
        if not np.iscomplexobj(loss):
            raise RubricError(f"question {self.question.id}: the forward pass does not depend on {wrt}")
        return np.asarray(loss.imag.reshape(point.shape) / STEP)

    def _named(self, sample: Sample) -> Array:
        from reference.analytic import ANALYTIC

        name = self.truth.truth
        if name not in ANALYTIC:
            raise RubricError(f"question {self.question.id}: truth: {name!r} is not in reference.analytic")
        function = ANALYTIC[name]
        arguments = {p: self._argument(p, sample) for p in inspect.signature(function).parameters}
        result = np.asarray(function(**arguments), dtype=float)
        return result.reshape(-1, 1) if result.ndim < 2 else result

    def _argument(self, parameter: str, sample: Sample) -> object:
        symbols = {**self.question.symbols, **self.truth.symbols}
        plain = parameter.replace("_", "").lower()
        if plain.endswith("prime") and plain.removesuffix("prime") in sample.functions:
            return sample.functions[plain.removesuffix("prime")][1]
        for name, value in sample.values.items():
            if name.replace("_", "").lower() == plain:
                if value.is_scalar and not symbols.get(name, _NO_SHAPE).shape:
                    return float(value.data.real.flat[0])
                return value.data[:, 0] if name in symbols and len(symbols[name].shape) == 1 else value.data
        for name, size in sample.sizes.items():
            if name.lower() == plain:
                return size
        raise RubricError(
            f"question {self.question.id}: truth: {self.truth.truth} needs {parameter!r}, which is not among the symbols"
        )


class _NoShape:
    shape: tuple[str | int, ...] = ()


_NO_SHAPE = _NoShape()
