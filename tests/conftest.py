"""Fixtures that tests of several packages share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.sandbox import Sandbox, SandboxSettings

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "submissions_example" / "uva_dl1_a1"


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """One sandbox for the whole run, at the level that this machine gives."""
    with Sandbox(SandboxSettings(require=1, allow_unconfined=True)) as opened:
        yield opened


@pytest.fixture(scope="session")
def full_marks() -> Path:
    """The example that gets full marks."""
    return EXAMPLES / "full_marks"
