"""Measuring directional derivatives: many lines at once, each with the step that suits it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from grader.numerics.lines import Expected, Line, Measured
from grader.numerics.noise import POINTS, SPACING, Noise, measure_noise
from grader.numerics.runner import Runner
from grader.numerics.search import Search
from grader.numerics.subject import Call, Outcome

_ROUNDS = 8
_CLOSE = 2.0**-30  # spacing of the noise line beside a kink: it must not reach the kink


def measure(
    runner: Runner,
    lines: Sequence[Line],
    *,
    expected: Sequence[Expected] = (),
    noise_here: bool = False,
) -> list[Measured]:
    """Measure all lines, in rounds: one run for each, with the steps adapted in between.

    The step shrinks where truncation dominates the error and grows where rounding does. Where shrinking
    did not help, there is a kink at the point, or the noise is larger there than it was where it was
    measured: it is measured again.

    Args:
        runner: the layer.
        lines: the questions.
        expected: what a gradient says about each line, or nothing. Where a difference of two points agrees
            with it, that is the answer.
        noise_here: measure the noise on every line that two points do not settle.
    """
    searches = [Search(line, expected[i] if expected else None) for i, line in enumerate(lines)]
    if expected:
        _ask(runner, searches)
    if noise_here:
        _remeasure(runner, [search for search in searches if not search.done])
    for _ in range(_ROUNDS):
        active = [search for search in searches if not search.done]
        if not active:
            break
        _ask(runner, active)
        _remeasure(runner, [search for search in active if search.doubts_noise])
    return [search.answer() for search in searches]


def _ask(runner: Runner, searches: Sequence[Search]) -> None:
    """One round: all their calls in one run."""
    calls = [search.calls() for search in searches]
    outcomes = runner.run([call for some in calls for call in some])
    start = 0
    for search, some in zip(searches, calls, strict=True):
        search.take(outcomes[start : start + len(some)])
        start += len(some)


def noise_calls(line: Line, *, spacing: float = SPACING) -> list[Call]:
    """The forwards that :func:`noise_from` needs.

    In float32 the spacing is that of the values and not of their spread, or values far from zero would
    not move.
    """
    if line.noise.low_precision:
        spacing = SPACING * line.reach()
    return [line.call_at(k * spacing) for k in range(-(POINTS // 2), POINTS // 2 + 1) if k]


def noise_from(line: Line, outcomes: Sequence[Outcome]) -> Noise | None:
    """The noise along a line, ``None`` where an output is missing or of another shape."""
    outputs = [outcome.output for outcome in outcomes]
    if any(output is None or output.size != line.middle.size for output in outputs):
        return None
    rows = [np.ravel(output) for output in outputs if output is not None]
    dtype = rows[0].dtype
    middle = line.middle.astype(dtype) if dtype.kind == "f" else line.middle
    return measure_noise(np.stack([*rows[: POINTS // 2], middle, *rows[POINTS // 2 :]]))


def _remeasure(runner: Runner, searches: Sequence[Search]) -> None:
    """Measure the noise on these lines."""
    if not searches:
        return
    per_line = POINTS - 1
    outcomes = runner.run([call for search in searches for call in noise_calls(search.line, spacing=_CLOSE)])
    for i, search in enumerate(searches):
        search.set_noise(noise_from(search.line, outcomes[i * per_line : (i + 1) * per_line]))
