"""All styles, all faults, and the regimes that points are drawn in."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from grader.numerics import GradientReport, Judgement, check_setups
from grader.numerics.subject import Array
from tests.numerics.corpus import activations, images, linear, networks, norms, softmaxes
from tests.numerics.corpus.styles import Fault, Style

STYLES: list[Style] = [
    style for family in (linear, activations, softmaxes, norms, images, networks) for style in family.STYLES
]
FAULTS: list[Fault] = [
    fault for family in (linear, activations, softmaxes, norms, images, networks) for fault in family.FAULTS
]


def _normal(rng: np.random.Generator, x: Array) -> Array:
    return x


def _kinky(rng: np.random.Generator, x: Array) -> Array:
    """Exactly at kinks and ties, or within 1e-6 to 1e-3 of them."""
    near = np.round(x * 2) / 2
    distance = rng.choice([0.0, 1e-6, 1e-4, 1e-3], x.shape)
    return near + distance * rng.standard_normal(x.shape)


def _large(rng: np.random.Generator, x: Array) -> Array:
    return x * 100.0


def _offset(rng: np.random.Generator, x: Array) -> Array:
    return x + 1000.0


def _float32(rng: np.random.Generator, x: Array) -> Array:
    return x.astype(np.float32)


_float32.single = True  # type: ignore[attr-defined]

REGIMES: dict[str, Callable[[np.random.Generator, Array], Array]] = {
    "normal": _normal,
    "kinky": _kinky,
    "large": _large,
    "offset": _offset,
    "float32": _float32,
}


def check_style(
    style: Style, seed: int, *, regime: str = "normal", cls: type | None = None, truth: bool = False
) -> GradientReport:
    """Check a right layer, or a faulty one in its place, in a regime."""
    return check_setups([style.setup(REGIMES[regime], cls=cls, truth=truth)], seed=seed)


def shown(fault: Fault, report: GradientReport) -> bool:
    """Whether a report says that something is wrong in the way the fault shows."""
    if fault.shows == "gradient":
        return report.judgement is Judgement.INCONSISTENT
    if fault.shows == "forward":
        return Judgement.INCONSISTENT in (report.forward, report.reference)
    return any(event.kind == fault.shows for event in report.events)
