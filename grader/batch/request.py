"""What a person asks of a batch, and what comes out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grader.batch.lists import Times
from grader.batch.policy import Policy
from grader.batch.rows import Row
from grader.marks import Mark
from grader.rubric import Rubric
from grader.sandbox import SandboxSettings


@dataclass(frozen=True)
class BatchRequest:
    """What a person asks for.

    Attributes:
        submissions: folder or zip of the class.
        results: folder of results; an earlier run in it is continued.
        rubric: built-in name or path.
        seed: of the batch; None: that of the earlier run, else drawn.
        jobs: processes of this machine.
        force: grade everything again.
        patience: seconds after which a submission that has not ended is given up as our fault; None: from the rubric.
        scheduler: address of a Dask scheduler; empty: this machine.
        policy, times, groups: what changes points, and what it needs to know.
        marks: given by people; laid over what is graded, every time.
        anonymous: codes instead of names in all results but the filled-in gradebooks.
        client: a Dask client that is connected already.
    """

    submissions: Path
    results: Path
    rubric: str = "uva_dl1_a1"
    variant: str | None = None
    only: tuple[str, ...] = ()
    seed: int | None = None
    jobs: int = 1
    force: bool = False
    data: Path | None = None
    device: str = "cpu"
    sandbox: SandboxSettings = field(default_factory=SandboxSettings)
    patience: float | None = None
    scheduler: str = ""
    policy: Policy | None = None
    times: Times = field(default_factory=Times)
    groups: Mapping[str, str] = field(default_factory=dict)
    marks: tuple[Mark, ...] = ()
    anonymous: bool = False
    client: Any = None


@dataclass(frozen=True)
class BatchResult:
    """What came out: the rows by key, how many were kept from earlier runs, the seed, the rubric."""

    rows: tuple[Row, ...]
    kept: int
    seed: int
    rubric: Rubric
    warnings: tuple[str, ...] = ()
