"""What a layer of the corpus is: a class, the way to draw points for it, and replacements in its source."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from grader.numerics import LayerSubject, Point, Setup
from grader.numerics.subject import Array, Call, Outcome

DrawArrays = Callable[[np.random.Generator, int], dict[str, Array]]

N, D, C = 5, 4, 3


@dataclass(frozen=True, eq=False)
class Style:
    """A right layer in one way of writing it.

    Attributes:
        cls: its class; an object is made without arguments.
        kind: the layer: ``"linear"``.
        draw: tensors and constants at a batch size.
        inputs: names of forward's differentiable arguments.
        constants: names of its other arguments.
        parameters: as ``LayerSubject`` takes them.
        wrt: tensors that are judged.
        unfit: regimes outside of this style's domain.
        free_scale: whether the input may be scaled and shifted by a regime.
    """

    cls: type
    kind: str
    draw: DrawArrays
    inputs: tuple[str, ...] = ("x",)
    constants: tuple[str, ...] = ()
    parameters: Mapping[str, tuple[str, str]] | None = None
    wrt: tuple[str, ...] = ()
    unfit: tuple[str, ...] = ()
    free_scale: bool = True

    @property
    def name(self) -> str:
        """The class's name."""
        return self.cls.__name__

    def subject(self, cls: type | None = None) -> LayerSubject:
        """A subject for this class, or for a faulty one in its place."""
        cls = cls or self.cls
        return LayerSubject(
            cls(),
            make=cls,
            inputs=self.inputs,
            constants=self.constants,
            parameters=self.parameters,
        )

    def setup(
        self,
        regime: Callable[[np.random.Generator, Array], Array],
        *,
        cls: type | None = None,
        truth: bool = False,
    ) -> Setup:
        """The setup in a regime."""

        def draw(rng: np.random.Generator, batch: int) -> Point:
            arrays = self.draw(rng, batch)
            fixed = {name: arrays[name] for name in self.constants}
            moving = {name: array for name, array in arrays.items() if name not in fixed}
            return Point(
                {k: regime(rng, v) if self._moves(k) else self._cast(regime, v) for k, v in moving.items()},
                fixed,
            )

        own = self.subject()

        def right(call: Call) -> Outcome:
            return own.run([call], fresh=True, freeze_seeds=True)[0]

        return Setup(
            self.subject(cls), draw, inputs=self.inputs, wrt=self.wrt, batch=N, truth=right if truth else None
        )

    def _moves(self, name: str) -> bool:
        return self.free_scale and name in self.inputs

    @staticmethod
    def _cast(regime: Callable[[np.random.Generator, Array], Array], value: Array) -> Array:
        return value.astype(np.float32) if getattr(regime, "single", False) else value


@dataclass(frozen=True, eq=False)
class Fault:
    """A style with one piece of its source replaced.

    Attributes:
        style: the right layer.
        name: what is wrong.
        old: the piece, which occurs exactly once in the source of the class.
        new: what stands there instead.
        shows: how it shows: ``"gradient"`` (differences of its own forward), ``"forward"`` (only against a
            reference), or the kind of an event.
    """

    style: Style
    name: str
    old: str
    new: str
    shows: str = "gradient"
    _made: dict[str, type] = field(default_factory=dict, repr=False)

    @property
    def cls(self) -> type:
        """The faulty class."""
        if "cls" not in self._made:
            source = textwrap.dedent(inspect.getsource(self.style.cls))
            if source.count(self.old) != 1:
                raise ValueError(
                    f"{self.style.name}/{self.name}: {self.old!r} occurs {source.count(self.old)} times"
                )
            module = inspect.getmodule(self.style.cls)
            scope: dict[str, Any] = dict(vars(module))
            exec(source.replace(self.old, self.new), scope)
            self._made["cls"] = scope[self.style.name]
        return self._made["cls"]


def normal(*shapes_by_name: tuple[str, tuple[int | str, ...]]) -> DrawArrays:
    """Draw normal arrays; ``"n"`` in a shape is the batch size."""

    def draw(rng: np.random.Generator, batch: int) -> dict[str, Array]:
        return {
            name: rng.standard_normal([batch if size == "n" else int(size) for size in shape])
            for name, shape in shapes_by_name
        }

    return draw
