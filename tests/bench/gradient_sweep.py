"""Many seeds over the corpus: false failures of right layers in every regime, and faults that were missed.

``GRADMARK_SWEEP_SEEDS`` says how many seeds (2 by default, which takes minutes; 500 take hours), and
``GRADMARK_SWEEP_FIRST`` which one comes first.
"""

from __future__ import annotations

import os
import time
from collections import Counter

from grader.numerics import Judgement
from tests.numerics.corpus import FAULTS, REGIMES, STYLES, check_style, shown

SEEDS = int(os.environ.get("GRADMARK_SWEEP_SEEDS", "2"))
FIRST = int(os.environ.get("GRADMARK_SWEEP_FIRST", "0"))


def main() -> None:
    """Print the counts, and the first report of every layer that was judged wrongly."""
    seeds = range(FIRST, FIRST + SEEDS)
    for regime in REGIMES:
        start, tally = time.process_time(), Counter[str]()
        for seed in seeds:
            _right_layers(regime, seed, tally)
        seconds = time.process_time() - start
        print(
            f"{regime:8} {tally['runs']:6} runs of right layers: {tally['failed']} failed, {tally['open']} inconclusive;"
            f" {tally['calls'] / max(tally['runs'], 1):.0f} forward calls each, {seconds:.0f} s",
            flush=True,
        )
    for truth in (True, False):
        tally = Counter[str]()
        for seed in seeds:
            _faulty_layers(seed, truth, tally)
        beside = "beside a reference" if truth else "without one"
        print(f"faults {beside}: {tally['missed']} missed of {tally['runs']}", flush=True)


def _right_layers(regime: str, seed: int, tally: Counter[str]) -> None:
    for style in STYLES:
        if regime in style.unfit:
            continue
        report = check_style(style, seed, regime=regime, truth=seed % 2 == 0)
        tally["runs"] += 1
        tally["calls"] += report.forward_calls
        tally["open"] += report.judgement is Judgement.INCONCLUSIVE
        if report.judgement is Judgement.INCONSISTENT:
            tally["failed"] += 1
            tally[style.name] += 1
            if tally[style.name] == 1:
                print(f"{style.name}, {regime}, seed {seed}: {report}", flush=True)


def _faulty_layers(seed: int, truth: bool, tally: Counter[str]) -> None:
    for fault in FAULTS:
        if fault.shows == "forward" and not truth:
            continue
        report = check_style(fault.style, seed, cls=fault.cls, truth=truth)
        tally["runs"] += 1
        if not shown(fault, report):
            tally["missed"] += 1
            print(f"{fault.style.name}, {fault.name}, seed {seed}: {report}", flush=True)
