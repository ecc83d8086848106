"""The probes: at which points a layer is asked, and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from grader.numerics.points import Domain, Point, Setup, domain_of
from grader.numerics.subject import Array

Change = Callable[[np.random.Generator, Array], Array]


@dataclass(frozen=True)
class ProbeKind:
    """A way to come from generic points to a special one.

    Attributes:
        name: what a reader sees.
        why: which mistakes it shows.
        change: makes the inputs special; parameters stay generic.
        batch: the batch size, from that of the generic point.
        real_only: whether only inputs that may take any real value can be changed so.
        vectors_only: whether it is left out where the output is one number (a loss, for which values far
            apart are outside its domain).
        slopes: whether finite differences are taken here; else only what comes back is looked at.
        ordinary: whether every right layer must give finite numbers here.
        copies: whether the point is the generic one in another memory layout, and must give the same.
    """

    name: str
    why: str
    change: Change = lambda rng, x: x
    batch: Callable[[int], int] = lambda n: n
    real_only: bool = True
    vectors_only: bool = False
    slopes: bool = True
    ordinary: bool = True
    copies: bool = False


def _zeros(rng: np.random.Generator, x: Array) -> Array:
    return np.zeros_like(x)


def _ties(rng: np.random.Generator, x: Array) -> Array:
    return rng.integers(-1, 3, x.shape).astype(x.dtype)


def _equal_rows(rng: np.random.Generator, x: Array) -> Array:
    """Every row one value, each row its own."""
    first = x.reshape(len(x), -1)[:, :1] if x.ndim > 1 else x[:1]
    return np.ascontiguousarray(np.broadcast_to(first.reshape(-1, *[1] * (x.ndim - 1)), x.shape))


def _same_row(rng: np.random.Generator, x: Array) -> Array:
    """All rows the same row."""
    return np.ascontiguousarray(np.broadcast_to(x[:1], x.shape))


def _large(rng: np.random.Generator, x: Array) -> Array:
    """Up to about 60: saturated, within the range of exp in float32."""
    return np.asarray(x * (60.0 / max(float(np.abs(x).max()), 1e-30)), x.dtype)


def _large_row(rng: np.random.Generator, x: Array) -> Array:
    changed = np.array(x)
    changed[0] += 30.0
    return changed


def _tiny(rng: np.random.Generator, x: Array) -> Array:
    return np.asarray(x * 2.0**-9, x.dtype)


def _huge(rng: np.random.Generator, x: Array) -> Array:
    """Beyond the range of exp in float64."""
    return np.asarray(1000.0 + x, x.dtype)


def _negative_huge(rng: np.random.Generator, x: Array) -> Array:
    return np.asarray(x - 1000.0, x.dtype)


def _strided(rng: np.random.Generator, x: Array) -> Array:
    if x.ndim == 0:
        return x
    padded = np.zeros((*x.shape[:-1], 2 * x.shape[-1]), x.dtype)
    padded[..., ::2] = x
    return padded[..., ::2]


def _read_only(rng: np.random.Generator, x: Array) -> Array:
    copied = np.array(x)
    copied.flags.writeable = False
    return copied


GENERIC, SMALLER, LARGER, ANOTHER = "generic point", "batch of 1", "larger batch", "another point"
STRIDED, READ_ONLY, HUGE = "non-contiguous input", "read-only input", "huge values"

PROBES: tuple[ProbeKind, ...] = (
    ProbeKind(GENERIC, "everything that is wrong everywhere", real_only=False),
    ProbeKind(ANOTHER, "values kept from an earlier batch of the same size", real_only=False),
    ProbeKind(SMALLER, "a mean for a sum, squeezed axes", batch=lambda n: 1, real_only=False),
    ProbeKind(LARGER, "sizes kept from an earlier, smaller batch", batch=lambda n: n + 3, real_only=False),
    ProbeKind("zeros", "derivatives at the kink, division by a norm", _zeros),
    ProbeKind("ties", "several maxima, values exactly at a kink", _ties),
    ProbeKind("rows of one value", "no variance within a row", _equal_rows),
    ProbeKind("equal rows", "no variance over the batch", _same_row),
    ProbeKind("large values", "saturation", _large, vectors_only=True, ordinary=False),
    ProbeKind("one large row", "a maximum or a mean over the wrong axis", _large_row, ordinary=False),
    ProbeKind("tiny values", "an epsilon in the wrong place", _tiny),
    ProbeKind(
        STRIDED, "reading memory and not the array", _strided, slopes=False, copies=True, real_only=False
    ),
    ProbeKind(READ_ONLY, "writing into inputs", _read_only, slopes=False, copies=True, real_only=False),
    ProbeKind(HUGE, "overflow of exp", _huge, slopes=False, ordinary=False),
    ProbeKind("huge negative values", "overflow of exp(-x)", _negative_huge, slopes=False, ordinary=False),
)
"""All probes. The first is made at every size; the others only in the first setup, unless asked for."""


@dataclass(frozen=True, eq=False)
class Probe:
    """One point of one kind, with the cotangent that backward gets there."""

    kind: ProbeKind
    point: Point


def draw_probes(
    setup: Setup, rng: np.random.Generator, *, kinds: tuple[ProbeKind, ...] = PROBES
) -> list[Probe]:
    """The probes that make sense for a layer.

    Args:
        setup: the layer; its first point tells the domain of its inputs.
        rng: the generator.
        kinds: which to draw.
    """
    points: dict[int, Point] = {}
    probes = []
    for kind in kinds:
        size = kind.batch(setup.batch)
        if size not in points:
            points[size] = setup.draw(rng, size)
        point = points[size]
        if kind.name == ANOTHER:
            point = setup.draw(rng, size)
        elif kind.name != GENERIC and kind.batch(7) == 7:
            if kind.real_only and not _all_real(setup, points[setup.batch].tensors):
                continue
            point = Point({**point.tensors, **_changed(kind, rng, setup, point.tensors)}, point.constants)
        probes.append(Probe(kind, point))
    return probes


def _all_real(setup: Setup, tensors: Mapping[str, Array]) -> bool:
    """Whether there are inputs, and all of them may be any real number."""
    inputs = [tensors[name] for name in setup.inputs if name in tensors]
    return bool(inputs) and all(x.ndim > 0 and x.size and domain_of(x) is Domain.REAL for x in inputs)


def _changed(
    kind: ProbeKind, rng: np.random.Generator, setup: Setup, tensors: Mapping[str, Array]
) -> dict[str, Array]:
    return {name: kind.change(rng, tensors[name]) for name in setup.inputs if name in tensors}
