"""The sandbox: starts warm interpreters, knows the level of isolation, opens workers."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import TracebackType

from grader.errors import SubmissionError
from grader.model import Isolation
from grader.sandbox.channel import Channel
from grader.sandbox.environment import find_environment
from grader.sandbox.limits import Limits
from grader.sandbox.worker import Worker
from grader.sandbox.zygote import Zygote


@dataclass(frozen=True, kw_only=True)
class SandboxSettings:
    """How submissions are to be run."""

    require: int = 2  # level of isolation below which nothing is loaded
    allow_unconfined: bool = False  # the flag that lets `require` go below 2
    python: str = ""  # interpreter of another environment for the workers
    device: str = "cpu"
    readonly: tuple[Path, ...] = ()  # folders that workers may read, at the same path


class Sandbox:
    """Opens workers; a context manager."""

    def __init__(self, settings: SandboxSettings | None = None) -> None:
        self.settings = settings or SandboxSettings()
        self._zygote: Zygote | None = None
        self._root = Path(tempfile.mkdtemp(prefix="gradmark-"))
        self._count = 0
        self.isolation = Isolation(level=1, name="process")

    def worker(
        self,
        files: Mapping[str, bytes],
        *,
        limits: Limits | None = None,
        support: Mapping[str, bytes] | None = None,
        readonly: Sequence[Path] = (),
    ) -> Worker:
        """A new worker with a private copy of these files.

        Args:
            files: of the submission, by relative POSIX path.
            limits: what it may use.
            support: modules of ours that are found before the submission's own.
            readonly: further folders that it may read, at the same path.

        Raises:
            SubmissionError: a name would leave the folder.
        """
        limits = limits or Limits()
        for name in (*files, *(support or {})):
            _check_name(name)
        zygote = self._ready()
        self._count += 1
        scratch = self._root / str(self._count)
        scratch.mkdir(mode=0o700)
        commands_read, commands_write = os.pipe()
        replies_read, replies_write = os.pipe()
        output_read, output_write = os.pipe()
        theirs = (commands_read, replies_write, output_write)
        try:
            number = zygote.fork({"scratch": str(scratch), "max_reply": limits.reply_bytes}, theirs)
        finally:
            for descriptor in theirs:
                os.close(descriptor)

        def end() -> int | None:
            status = zygote.kill(number)
            shutil.rmtree(scratch, ignore_errors=True)
            return status

        return Worker(
            Channel(commands_write, replies_read, output_read, limits), end, dict(files), dict(support or {})
        )

    def close(self) -> None:
        """End everything that was started."""
        if self._zygote is not None:
            self._zygote.close()
            self._zygote = None
        shutil.rmtree(self._root, ignore_errors=True)

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ready(self) -> Zygote:
        if self._zygote is None:
            self._zygote = Zygote(find_environment(self.settings.python), {})
        return self._zygote


def _check_name(name: str) -> None:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts or "\0" in name:
        raise SubmissionError(f"the file name {name!r} does not stay inside its folder")
