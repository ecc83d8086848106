"""What the checks of one layer share: its subject in a fresh worker, the truth beside it, and points to try."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np

from grader.checks.context import CannotJudge, Context
from grader.checks.support import absent
from grader.conventions.find_form import find_form
from grader.conventions.form_subject import FormSubject
from grader.conventions.layer_form import LayerForm
from grader.conventions.module_class import spell
from grader.conventions.spelling import Spelling
from grader.conventions.subject import WorkerSubject
from grader.numerics import Array, Call, Truth
from grader.sandbox import Worker
from grader.truth import Case, Layer, layer_called, truth_of

# Sizes of one that a contract's "batch_of_one" asks about, so that one fault costs once.
SINGLE = "batch of 1"


@dataclass(frozen=True)
class LayerUnderTest:
    """A layer of the submission and the reference's layer beside it."""

    subject: WorkerSubject | FormSubject
    spelling: Spelling | LayerForm
    layer: Layer
    truth: Truth

    def cases(self, *, single: bool) -> tuple[Case, ...]:
        """Sizes and options worth testing; without the batch of one where a contract check asks about it.

        Options are the submission's: others are tried where its constructor or its forward takes them.
        """
        form = self.spelling if isinstance(self.spelling, LayerForm) else None
        taken = form.taken if form else frozenset()
        masked_alone = form is not None and not form.gets("mask")
        return tuple(
            case
            for case in self.layer.cases
            if set(case.options) <= taken
            and not any(isinstance(value, tuple) for value in case.options.values())
            and not (masked_alone and case.sizes.get("hidden"))
            and case.options.get("p") != 1  # of dropout: 0 / 0 in every plain spelling
            and (single or case.sizes.get("n") != 1)
        )

    def at(self, case: Case) -> LayerUnderTest:
        """The layer with the options of a case."""
        if not case.options or not isinstance(self.subject, FormSubject):
            return self
        form = replace(self.subject.spelling, options={**self.spelling.options, **case.options})
        subject = replace(self.subject, spelling=form)
        return LayerUnderTest(subject, form, self.layer, truth_of(self.layer, form.options))

    def sizes(self, case: Case) -> dict[str, int]:
        """Sizes of a case as this layer can have them."""
        sizes = dict(case.sizes)
        return self.spelling.possible(sizes) if isinstance(self.spelling, LayerForm) else sizes

    def call(self, rng: np.random.Generator, case: Case, *, backward: bool) -> Call:
        """A call at a generic point of a case, with a random cotangent where backward is asked for."""
        point = self.layer.draw(
            rng, **self.sizes(case), **self.layer.settings({**case.options, **self.spelling.options})
        )
        tensors = {name: point[name] for name in self.layer.tensors}
        constants = {name: point[name] for name in self.layer.constants}
        bare = Call(tensors, constants)
        if not backward:
            return bare
        output = self.truth(bare).output
        assert output is not None
        return Call(tensors, constants, cotangent(rng, output, loss=self.spelling.is_loss))


def cotangent(rng: np.random.Generator, output: Array, *, loss: bool) -> Array:
    """A random cotangent in the output's shape; for a loss a factor away from 0 and 1."""
    if loss:
        return np.asarray(rng.uniform(1.3, 2.3))
    return rng.standard_normal(output.shape)


@contextmanager
def layer_under_test(context: Context, *, methods: tuple[str, ...]) -> Iterator[LayerUnderTest]:
    """The part's layer in the part's worker, which has seen no more than the part's earlier checks.

    Args:
        context: of the check.
        methods: those that it needs; no other is called, so that one that does not end costs itself alone.

    Raises:
        CannotJudge: it is not there, unfilled, or cannot be constructed.
    """
    module, name = context.target
    missing = absent(context, module, name, methods=methods)
    if missing is not None:
        raise CannotJudge(missing)
    with context.part_worker() as worker:
        yield _under_test(context, worker, methods)


def _under_test(context: Context, worker: Worker, methods: tuple[str, ...]) -> LayerUnderTest:
    spelling: Spelling | LayerForm
    subject: WorkerSubject | FormSubject
    if context.part.convention == "module_class":
        spelling = spell(context, worker, called="forward" in methods)
        subject = WorkerSubject(worker, spelling, timeout=context.seconds, printed=context.output)
    else:
        spelling = find_form(context, worker, methods=methods)
        subject = FormSubject(worker, spelling, timeout=context.seconds, printed=context.output)
    layer = spelling.reference if isinstance(spelling, LayerForm) else layer_called(spelling.layer)
    return LayerUnderTest(subject, spelling, layer, truth_of(layer, spelling.options))


def asks_elsewhere(context: Context, ask: str) -> bool:
    """Whether a contract check of the same part asks this."""
    return any(ask in getattr(check, "asks", ()) for check in context.part.checks)


def describe_call(call: Call) -> str:
    """Shapes of a call's tensors, for people."""
    shapes: Mapping[str, tuple[int, ...]] = {name: array.shape for name, array in call.tensors.items()}
    return ", ".join(f"{name} {shape}" for name, shape in shapes.items())
