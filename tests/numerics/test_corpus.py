"""Right layers pass in every regime, faulty ones are found: a sample here, all in the bench ``gradient-sweep``."""

from __future__ import annotations

import pytest

from grader.numerics import Judgement
from tests.numerics.corpus import FAULTS, REGIMES, STYLES, Fault, Style, check_style, shown


def test_the_corpus_is_as_large_as_it_says() -> None:
    assert len(STYLES) >= 50
    assert len(FAULTS) >= 150
    assert len({(fault.style.name, fault.name) for fault in FAULTS}) == len(FAULTS)


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.name)
def test_a_right_layer_passes_in_every_regime(style: Style) -> None:
    place = STYLES.index(style)
    others = [regime for regime in REGIMES if regime not in ("normal", *style.unfit)]
    report = check_style(style, place, truth=True)
    assert report.ok, str(report)
    regime = others[place % len(others)]
    special = check_style(style, place, regime=regime)
    assert special.judgement is not Judgement.INCONSISTENT, f"{regime}: {special}"


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.style.name}: {fault.name}")
def test_a_faulty_layer_is_found(fault: Fault) -> None:
    report = check_style(fault.style, 1, cls=fault.cls, truth=fault.shows == "forward")
    assert shown(fault, report), str(report)
