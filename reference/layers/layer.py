"""What a layer is: plain functions bound to names, with points to try them on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import torch

Array: TypeAlias = npt.NDArray[Any]


@dataclass(frozen=True)
class Case:
    """Sizes and options at which a layer is worth testing; what is not named keeps its default."""

    name: str
    sizes: Mapping[str, int] = field(default_factory=dict)
    options: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Layer:
    """One layer: its forward and backward in NumPy, its PyTorch twin, and how to draw points for it.

    ``forward``, ``backward`` (after ``dout``) and ``twin`` take the names in ``tensors``, ``constants`` and
    ``options`` as arguments. ``draw`` takes ``n``, ``d``, ``c`` (and the layer's further ``sizes``), any of
    the options, and ``clearance``; it ignores what has no meaning for the layer.

    ``kinks`` takes the same arguments as ``forward`` and gives the smallest distance of a switching quantity
    from its switching point: |x| for ReLU, winner minus runner-up for max pooling. It is 0 at a kink and
    infinite where the function has none at these options. ``draw(..., clearance=0.01)`` keeps it at 0.01 or
    more.
    """

    name: str
    tensors: tuple[str, ...]
    forward: Callable[..., Array]
    backward: Callable[..., dict[str, Array]]
    twin: Callable[..., torch.Tensor]
    draw: Callable[..., dict[str, Array]]
    cases: tuple[Case, ...]
    parameters: tuple[str, ...] = ()
    constants: tuple[str, ...] = ()
    options: Mapping[str, object] = field(default_factory=dict)
    sizes: tuple[str, ...] = ("n", "d", "c")
    kinks: Callable[..., float] | None = None

    def settings(self, options: Mapping[str, object]) -> dict[str, object]:
        """All options, those not given at their defaults.

        Raises:
            ValueError: if the layer has no option of that name.
        """
        unknown = sorted(set(options) - set(self.options))
        if unknown:
            known = ", ".join(self.options) or "none"
            raise ValueError(f"layer {self.name}: no option {unknown[0]!r}; its options: {known}")
        return {**self.options, **options}

    def point(self, rng: np.random.Generator, case: Case, *, clearance: float = 0.0) -> dict[str, Array]:
        """Tensors and constants at a generic point of ``case``.

        Raises:
            ValueError: if the case names a size or an option that the layer does not have.
        """
        unknown = sorted(set(case.sizes) - set(self.sizes))
        if unknown:
            known = ", ".join(self.sizes)
            raise ValueError(f"layer {self.name}: no size {unknown[0]!r}; its sizes: {known}")
        return self.draw(rng, **case.sizes, **self.settings(case.options), clearance=clearance)

    def distance(self, point: Mapping[str, Array], options: Mapping[str, object]) -> float:
        """Distance of a point from the nearest kink, infinite where the layer has none."""
        if self.kinks is None:
            return float("inf")
        return self.kinks(**point, **self.settings(options))
