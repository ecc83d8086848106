"""How submissions are to be run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from grader.errors import UsageError
from grader.sandbox.plan import LAYERS

DEFAULT_LEVEL = 2
LEVELS = (1, 2, 3)


@dataclass(frozen=True, kw_only=True)
class SandboxSettings:
    """Settings of a sandbox.

    Raises:
        UsageError: a level below 2 is required without the flag that says so, or there is no such level.
    """

    require: int = DEFAULT_LEVEL  # level of isolation below which nothing of a submission is loaded
    allow_unconfined: bool = False  # the flag that lets `require` be 1
    python: str = ""  # interpreter of another environment for the workers
    device: str = "cpu"
    readonly: tuple[Path, ...] = ()  # folders that every worker may read, under their own path
    without: Mapping[str, str] = field(default_factory=dict)  # layers to leave off, and why; for tests

    def __post_init__(self) -> None:
        if self.require not in LEVELS:
            raise UsageError(f"there is no isolation level {self.require}; the levels are 1, 2 and 3")
        if self.require < DEFAULT_LEVEL and not self.allow_unconfined:
            raise UsageError(
                f"isolation level {self.require} lets a submission read and change what you can; "
                "it needs --allow-unconfined as well"
            )

    @classmethod
    def own_code(cls) -> SandboxSettings:
        """For the code of whoever runs it: a process of its own, and nothing more."""
        return cls(require=1, allow_unconfined=True, without=dict.fromkeys(LAYERS, "one's own code"))
