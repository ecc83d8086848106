"""Pairs of submissions that share unusual code. It shows where to look, and accuses nobody.

Fingerprints are copydetect's (winnowing over tokens, names and strings made alike). Subtracted are the hand-out's
and those that many of the class have: what everybody writes says nothing.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from grader.batch.intake import Entry, read_entry
from grader.errors import SubmissionError, UsageError
from grader.submission import submission_from_files

TOKENS = 30  # characters of tokenised code that must agree
COMMON = 0.2  # a fingerprint that more of the class have is common
AT_LEAST = 3  # submissions; below that, nothing is common
MAX_BYTES = 400_000  # of one file
EXCERPTS = 8  # places shown per pair


@dataclass(frozen=True)
class Place:
    """Lines of a file of one submission that agree with lines of the other's."""

    file: str
    lines: tuple[int, int]
    other_file: str
    other_lines: tuple[int, int]


@dataclass(frozen=True)
class Pair:
    """Two submissions and what unusual code they share.

    Attributes:
        first, second: names.
        shared: fingerprints in common.
        share: of the smaller one's unusual fingerprints, 0 to 1.
        places: where, longest first.
    """

    first: str
    second: str
    shared: int
    share: float
    places: tuple[Place, ...]


def python_files(entry: Entry, modules: Sequence[str]) -> dict[str, str]:
    """Python sources of a submission, notebooks as modules; empty where it cannot be read."""
    try:
        contents = read_entry(entry)
        submission = submission_from_files(contents.files, name=entry.key, modules=modules)
    except (SubmissionError, RecursionError, MemoryError):
        return {}
    return {
        name: data.decode("utf-8", "replace").replace("\r\n", "\n")
        for name, data in submission.files.items()
        if name.endswith(".py") and len(data) <= MAX_BYTES
    }


def similar_pairs(
    sources: Mapping[str, Mapping[str, str]],
    handout: Iterable[str],
    *,
    at_least: int = 20,
    common: float = COMMON,
) -> list[Pair]:
    """Pairs that share unusual code, most of it first.

    Args:
        sources: Python sources by submission and file.
        handout: sources that everybody was given.
        at_least: shared fingerprints below which a pair is not listed.
        common: share of the class above which a fingerprint is common.

    Raises:
        UsageError: copydetect is not installed.
    """
    given: set[int] = set()
    for text in handout:
        given |= _hashes(_fingerprint("handout.py", text))
    prints = {
        name: {file: _fingerprint(file, text) for file, text in files.items()}
        for name, files in sources.items()
    }
    whole = {name: set().union(*map(_hashes, files.values())) - given for name, files in prints.items()}
    counts = Counter(value for hashes in whole.values() for value in hashes)
    limit = max(AT_LEAST - 1, int(common * len(whole)))
    rare = {name: {value for value in hashes if 1 < counts[value] <= limit} for name, hashes in whole.items()}
    unusual = {name: sum(counts[value] <= limit for value in hashes) for name, hashes in whole.items()}
    together = _count_pairs(rare)
    pairs = []
    for (first, second), shared in together.items():
        if shared >= at_least:
            share = shared / max(1, min(unusual[first], unusual[second]))
            places = _places(prints[first], prints[second], rare[first] & rare[second])
            pairs.append(Pair(first, second, shared, min(share, 1.0), places))
    return sorted(pairs, key=lambda pair: (-pair.shared, pair.first, pair.second))


def _count_pairs(rare: Mapping[str, set[int]]) -> Counter[tuple[str, str]]:
    """How many unusual fingerprints each pair shares, without comparing every pair."""
    owners: dict[int, list[str]] = {}
    for name in sorted(rare):
        for value in rare[name]:
            owners.setdefault(value, []).append(name)
    return Counter(pair for names in owners.values() for pair in combinations(names, 2))


def _fingerprint(file: str, text: str) -> Any:
    try:
        from copydetect import CodeFingerprint  # type: ignore[import-untyped, unused-ignore]
    except ImportError:
        raise UsageError("`similar` needs copydetect: pip install 'gradmark[similar]'") from None
    # every fingerprint and not a sample of them: a sample would depend on Python's hash seed
    return CodeFingerprint(file, TOKENS, 1, language="python", fp=io.StringIO(text))


def _hashes(fingerprint: Any) -> set[int]:
    return {int(value) for value in fingerprint.hashes}


def _places(first: Mapping[str, Any], second: Mapping[str, Any], shared: set[int]) -> tuple[Place, ...]:
    """Lines that hold the shared fingerprints, the longest stretches first."""
    places = []
    for name, mine in first.items():
        for other_name, theirs in second.items():
            both = shared & _hashes(mine) & _hashes(theirs)
            if both:
                places.append(Place(name, _lines(mine, both), other_name, _lines(theirs, both)))
    return tuple(sorted(places, key=lambda place: (place.lines[0] - place.lines[1], place.file))[:EXCERPTS])


def _lines(fingerprint: Any, values: set[int]) -> tuple[int, int]:
    """First and last line of the longest stretch of code that these fingerprints cover."""
    from copydetect.utils import get_copied_slices  # type: ignore[import-untyped, unused-ignore]

    starts = sorted({int(at) for value in values for at in fingerprint.hash_idx[value]})
    slices = get_copied_slices(starts, TOKENS).T
    begin, end = max(((int(a), int(b)) for a, b in slices), key=lambda pair: pair[1] - pair[0])
    return _line(fingerprint, begin), _line(fingerprint, min(end, len(fingerprint.filtered_code) - 1))


def _line(fingerprint: Any, place: int) -> int:
    """Line of the source where a place of the tokenised code lies."""
    import numpy as np

    offsets = fingerprint.offsets
    at = place
    if len(offsets):
        index = min(max(int(np.searchsorted(offsets[:, 0], place)), 0), len(offsets) - 1)
        at += int(offsets[index, 1])
    return int(fingerprint.raw_code.count("\n", 0, at)) + 1
