"""Sandboxes that are shared by the tests of one process: a warm interpreter takes seconds to start."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from grader.errors import IsolationError
from grader.sandbox import Sandbox, SandboxSettings

NO_JAIL = {"bubblewrap": "left out by a test", "namespaces": "left out by a test"}


def open_or_skip(sandbox: Sandbox, level: int) -> Sandbox:
    """The sandbox, or a skip that says why this machine cannot give its level."""
    try:
        found = sandbox.isolation
    except IsolationError as error:
        sandbox.close()
        pytest.skip(f"level {level} cannot be had here: {error}")
    if found.level != level:
        sandbox.close()
        off = "; ".join(f"{layer.name}: {layer.reason}" for layer in found.layers if not layer.on)
        pytest.skip(f"level {level} cannot be had here, only {found.level}: gaps {found.gaps}, off: {off}")
    return sandbox


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """The best that this machine gives."""
    with Sandbox(SandboxSettings(require=1, allow_unconfined=True)) as best:
        yield best


@pytest.fixture(scope="session")
def namespaced() -> Iterator[Sandbox]:
    """Level 3, or a skip."""
    with Sandbox() as level_3:
        yield open_or_skip(level_3, 3)


@pytest.fixture(scope="session")
def confined() -> Iterator[Sandbox]:
    """Level 2: neither bubblewrap nor namespaces, as in a container; or a skip."""
    with Sandbox(SandboxSettings(without=NO_JAIL)) as level_2:
        yield open_or_skip(level_2, 2)
