"""Verdicts into points."""

from __future__ import annotations

import pytest

from grader.model import Band, Verdict
from grader.score import band_share, points_earned


@pytest.mark.parametrize("verdict", list(Verdict))
def test_only_passed_and_partial_earn(verdict: Verdict) -> None:
    earned = points_earned(verdict, 4.0, share=0.25)
    assert earned == {Verdict.PASSED: 4.0, Verdict.PARTIAL: 1.0}.get(verdict, 0.0)


def test_a_share_stays_between_nothing_and_all() -> None:
    assert points_earned(Verdict.PARTIAL, 4.0, share=-1.0) == 0.0
    assert points_earned(Verdict.PARTIAL, 4.0, share=7.0) == 4.0


def test_bands() -> None:
    bands = (Band(at_least=0.4, share=0.5), Band(at_least=0.45, share=1.0))
    assert [band_share(value, bands) for value in (0.39, 0.4, 0.449, 0.45, 0.9, float("nan"))] == [
        0,
        0.5,
        0.5,
        1,
        1,
        0,
    ]
