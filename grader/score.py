"""Verdicts into points. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from grader.model import Band, Report, Verdict


def points_earned(verdict: Verdict, points: float, share: float = 0.0) -> float:
    """Points of one check. No evidence, no points: only ``passed`` and ``partial`` earn.

    Args:
        verdict: the check's outcome.
        points: what the check is worth.
        share: for ``partial``, the share earned, between 0 and 1.
    """
    if verdict is Verdict.PASSED:
        return points
    if verdict is Verdict.PARTIAL:
        return round(points * min(max(share, 0.0), 1.0), 4)
    return 0.0


def band_share(value: float, bands: Sequence[Band]) -> float:
    """The largest share whose threshold ``value`` reaches; 0 below all of them, and for NaN."""
    return max((band.share for band in bands if value >= band.at_least), default=0.0)


def percent(report: Report) -> float:
    """Earned points in percent of all, open points counted as not earned; 0 for a report without points."""
    return 100.0 * report.earned / report.points if report.points else 0.0
