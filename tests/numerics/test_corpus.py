"""Right layers pass in every regime, faulty ones are found: a few seeds here, many under the marker ``sweep``."""

from __future__ import annotations

import os

import pytest

from grader.numerics import GradientReport, Judgement
from tests.numerics.corpus import FAULTS, REGIMES, STYLES, Fault, Style, check_style

SEEDS = range(int(os.environ.get("GRADMARK_SWEEP_SEEDS", "0")))
"""How many seeds the sweeps try: ``GRADMARK_SWEEP_SEEDS=500 pytest tests/numerics -k sweep``."""


def shown(fault: Fault, report: GradientReport) -> bool:
    """Whether a report says that something is wrong in the way the fault shows."""
    if fault.shows == "gradient":
        return report.own is Judgement.INCONSISTENT or report.forward is Judgement.INCONSISTENT
    if fault.shows == "forward":
        return report.forward is Judgement.INCONSISTENT or report.reference is Judgement.INCONSISTENT
    return not report.ok or any(event.kind == fault.shows for event in report.events)


def test_the_corpus_is_as_large_as_it_says() -> None:
    assert len(STYLES) >= 50
    assert len(FAULTS) >= 150
    assert len({(fault.style.name, fault.name) for fault in FAULTS}) == len(FAULTS)


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.name)
def test_a_right_layer_passes_in_every_regime(style: Style) -> None:
    for seed, regime in enumerate(REGIMES):
        if regime not in style.unfit:
            report = check_style(style, seed, regime=regime, truth=seed % 2 == 0)
            assert report.judgement is not Judgement.INCONSISTENT, f"{regime}, seed {seed}\n{report}"
            assert regime != "normal" or report.ok, str(report)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.style.name}: {fault.name}")
def test_a_faulty_layer_is_found(fault: Fault) -> None:
    report = check_style(fault.style, 0, cls=fault.cls, truth=True)
    assert not report.ok or fault.shows in {event.kind for event in report.events}, str(report)
    assert shown(fault, report), str(report)


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.name)
def test_sweep_of_right_layers(style: Style) -> None:
    for seed in SEEDS:
        for regime in REGIMES:
            if regime not in style.unfit:
                report = check_style(style, 1000 + seed, regime=regime, truth=seed % 2 == 0)
                assert report.judgement is not Judgement.INCONSISTENT, f"{regime}, seed {seed}\n{report}"


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.style.name}: {fault.name}")
def test_sweep_of_faulty_layers(fault: Fault) -> None:
    for seed in SEEDS:
        report = check_style(fault.style, 1000 + seed, cls=fault.cls, truth=True)
        assert shown(fault, report), f"seed {seed}\n{report}"
