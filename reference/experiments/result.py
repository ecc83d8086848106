"""What an experiment found: a table, curves and notes, as plain data that a JSON log holds."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

POINTS = 200  # of a curve at most

Cell = str | int | float | bool | None


@dataclass(frozen=True)
class Curve:
    """A series of numbers. Curves with the same panel are drawn in the same axes."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    panel: str = "loss"
    x_label: str = "epoch"
    y_label: str = "loss"
    log_x: bool = False
    log_y: bool = False


@dataclass(frozen=True, kw_only=True)
class Result:
    """The outcome of one experiment."""

    name: str  # "lr-sweep"
    title: str
    question: str
    answer: str  # what the numbers say, in a sentence or two
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    curves: tuple[Curve, ...] = ()
    data: str = ""  # which images
    device: str = ""
    seconds: float = 0.0
    log: Mapping[str, Any] = field(default_factory=dict)  # settings and everything else that was measured

    def to_json(self) -> str:
        """The log; numbers that are not finite become strings."""
        return json.dumps(_jsonable(asdict(self)), indent=1, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Result:
        """Read what ``to_json`` wrote."""
        found = json.loads(text)
        curves = tuple(
            Curve(**{**c, "x": _floats(c["x"]), "y": _floats(c["y"])}) for c in found.pop("curves")
        )
        rows = tuple(tuple(row) for row in found.pop("rows"))
        return cls(**{**found, "columns": tuple(found["columns"])}, rows=rows, curves=curves)


def write_log(result: Result, folder: Path) -> Path:
    """Write the JSON log into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{result.name}.json"
    path.write_text(result.to_json(), encoding="utf-8")
    return path


def thinned(values: Sequence[float], *, last: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """At most POINTS means of a series, and where they end if the whole series ends at ``last``."""
    parts = np.array_split(np.asarray(values, dtype=np.float64), min(len(values), POINTS))
    ends = np.cumsum([len(part) for part in parts]) / len(values) * last
    return tuple(float(end) for end in ends), tuple(float(np.mean(part)) for part in parts)


def _floats(values: Sequence[float | str]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)


def _jsonable(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else str(value)
    if isinstance(value, Mapping):
        return {str(key): _jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_jsonable(item) for item in value]
    return value
