"""The sandbox: starts warm interpreters, knows the level of isolation, opens workers."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from pathlib import Path, PurePosixPath
from types import TracebackType

from grader.errors import IsolationError, SubmissionError, UsageError, WorkerError
from grader.model import Isolation
from grader.sandbox.channel import Channel
from grader.sandbox.environment import Environment, find_environment
from grader.sandbox.folders import OwnFolder
from grader.sandbox.fresh import FreshProcess
from grader.sandbox.isolation import (
    PROBE_LIMITS,
    PROBE_SECONDS,
    bait,
    judge,
    probe_program,
    read_findings,
    too_low,
    training_program,
    unconfined,
)
from grader.sandbox.jail import SCRATCH, jail_command
from grader.sandbox.launch import can_fork, worker_pipes
from grader.sandbox.limits import Limits
from grader.sandbox.plan import LAYERS, USERS, closed_to_others, first_plan, worker_config
from grader.sandbox.settings import SandboxSettings
from grader.sandbox.view import View, view_of
from grader.sandbox.waited import Waited, leaves_below, new_below
from grader.sandbox.watch import ScratchWatch
from grader.sandbox.worker import LayerFailedError, Worker
from grader.sandbox.zygote import LIGHT, TORCH, Zygote, ZygoteError, imported_by, needs_torch, slow_modules

Folders = tuple[Path, ...]
Started = tuple[
    Callable[[bool], int | None], Callable[[], Waited]
]  # what ends a worker, and what finds its process


class Sandbox:
    """Opens workers; a context manager, for one thread.

    The first use of ``isolation`` or ``worker`` starts a warm interpreter and probes what it is worth. There are two
    kinds of warm interpreters: most workers need NumPy alone, and forking one that has torch as well costs thrice.
    """

    def __init__(self, settings: SandboxSettings | None = None) -> None:
        self.settings = settings or SandboxSettings()
        self._environment: Environment = find_environment(self.settings.python)
        self._plan = first_plan(self._environment, self.settings.without)
        self._first = secrets.randbelow(USERS)  # so that graders side by side use different users
        self._zygotes: dict[tuple[Folders, bool], Zygote] = {}  # by folders, and whether torch is in it
        self._isolation: Isolation | None = None
        self._temporary: OwnFolder | None = None  # of scratch folders, where there is no jail that has one
        self._preloads = True
        self._torch_works = not self._plan.confines  # or a throw-away worker proves it
        self._count = 0

    @property
    def isolation(self) -> Isolation:
        """What the probe found; the first use runs it.

        Raises:
            IsolationError: the machine cannot give what the settings require, or honest code would fail.
        """
        if self._isolation is None:
            self._isolation = self._probe() if self._plan.confines else unconfined(self._plan)
        return self._isolation

    def warm(self, readonly: Sequence[Path], packages: Collection[str]) -> None:
        """Start the warm interpreters without waiting for them: they start while the host does something else.

        Args:
            readonly: folders that some later worker with torch will ask for; with them one interpreter serves all.
            packages: those that later workers will need, by top-level name.
        """
        if can_fork(self.settings.device):
            self._zygote((), torch=False)
            if needs_torch(packages):
                self._zygote(self._folders(readonly), torch=True)

    def worker(
        self,
        files: Mapping[str, bytes],
        *,
        limits: Limits | None = None,
        support: Mapping[str, bytes] | None = None,
        readonly: Sequence[Path] = (),
        device: str | None = None,
        packages: Collection[str] | None = None,
    ) -> Worker:
        """A new worker with a private copy of these files.

        Args:
            files: of the submission, by relative POSIX path.
            limits: what it may use.
            support: modules of ours that are found before the submission's own.
            readonly: further folders that it may read, under their own path.
            device: that it may use; by default the settings'. One for a graphics card is a fresh process, and
            slow.
            packages: top-level names of packages that will be imported, so that slow ones are imported beforehand; a
                hint. By default those that any of the files imports.

        Raises:
            IsolationError: the machine cannot give the isolation that is required; nothing was loaded.
            SubmissionError: a name would leave the folder.
            UsageError: ``limits.processes`` where nothing can hold further processes, or a folder that the
            worker's
                user may not read.
        """
        limits = limits or Limits()
        for name in (*files, *(support or {})):
            _check_name(name)
        self._require(limits)
        limits = limits.beside({**files, **(support or {})})
        packages = imported_by({**files, **(support or {})}) if packages is None else packages
        device = device or self.settings.device
        try:
            folders = self._folders(readonly)
            if needs_torch(packages) and not self._torch_works:
                self._prove_torch(folders, device)
            return self._open(files, limits, support or {}, folders, device, packages)
        except LayerFailedError as failed:
            raise IsolationError(f"a worker lost its layer {failed.layer!r}: {failed}") from None

    def close(self) -> None:
        """End everything that was started."""
        for zygote in self._zygotes.values():
            zygote.close()
        self._zygotes.clear()
        if self._temporary:
            self._temporary.remove()
            self._temporary = None

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _require(self, limits: Limits) -> None:
        found = self.isolation
        if found.level < self.settings.require:
            raise IsolationError(too_low(found, self.settings.require))
        if limits.processes and not (self._plan.has("namespaces") and found.level > 1):
            raise UsageError(
                "processes in a submission need a pid namespace to hold them, and there is none here"
            )

    def _folders(self, more: Sequence[Path]) -> Folders:
        folders = {Path(os.path.abspath(folder)) for folder in (*self.settings.readonly, *more)}
        for folder in folders if self._plan.has("user") else ():
            if closed := closed_to_others(folder):
                raise UsageError(
                    f"{closed} cannot be read by a worker's own user; try: chmod -R a+rX {folder}"
                )
        return tuple(sorted(folders))

    def _open(
        self,
        files: Mapping[str, bytes],
        limits: Limits,
        support: Mapping[str, bytes],
        folders: Folders,
        device: str,
        packages: Collection[str] = (),
    ) -> Worker:
        """Start a worker and wait for its hello."""
        view = view_of(self._environment, folders, device)
        self._count += 1
        scratch = f"{self._scratch_root()}/w{self._count}"
        number = self._first + self._count
        config = worker_config(self._plan, view, limits, scratch=scratch, number=number, device=device)
        ours, theirs = worker_pipes()
        try:
            if can_fork(device):
                end, found = self._fork(config, theirs, folders, packages)
            else:
                end, found = self._start_fresh(config, theirs, view)
        except BaseException:
            for descriptor in ours:
                os.close(descriptor)
            raise
        finally:
            for descriptor in theirs:
                os.close(descriptor)
        watched = limits is not PROBE_LIMITS and not self._plan.has("namespaces") and not self._jailed()
        watch = ScratchWatch(scratch, limits.scratch_bytes, limits.scratch_files) if watched else None
        channel = Channel(*ours, limits, watch)
        worker = Worker(channel, end, scratch=scratch, files=dict(files), support=dict(support))
        worker.greet()
        channel.waited = found()
        return worker

    def _start_fresh(self, config: Mapping[str, object], descriptors: Sequence[int], view: View) -> Started:
        """An interpreter of its own."""
        prefix = jail_command(view, die_with_parent=True, share_devices=True) if self._jailed() else ()
        process = FreshProcess(self._environment, config, descriptors, prefix)
        return lambda grace: process.kill(grace=grace), partial(new_below, process.process.pid, frozenset())

    def _fork(
        self,
        config: Mapping[str, object],
        descriptors: Sequence[int],
        folders: Folders,
        packages: Collection[str],
    ) -> Started:
        """A fork of a zygote, which is replaced once if it has died."""
        torch = needs_torch(packages)
        try:
            zygote = self._zygote(folders, torch=torch)
            zygote.preload(slow_modules(packages) if self._preloads else ())
            before = leaves_below(zygote.process.pid)
            number = zygote.fork(config, descriptors)
        except ZygoteError:
            self._preloads = False
            zygote = self._zygote(folders, torch=torch)  # a new one: it replaces one that is not alive
            before = leaves_below(zygote.process.pid)
            number = zygote.fork(config, descriptors)
        return lambda grace: zygote.kill(number, grace=grace), partial(new_below, zygote.process.pid, before)

    def _jailed(self) -> bool:
        return self._plan.has("bubblewrap")

    def _scratch_root(self) -> str:
        """The folder in which workers' scratch folders are made: inside the jail, or a temporary one."""
        if self._jailed():
            return SCRATCH
        if not self._temporary:
            self._temporary = OwnFolder()
            os.chmod(self._temporary.path, 0o711)
        return self._temporary.path

    def _zygote(self, folders: Folders, *, torch: bool) -> Zygote:
        """One that is alive and sees these folders; what each worker sees of them is its own Landlock's
        business.
        """
        key = folders if self._jailed() else ()
        for (seen, has_torch), zygote in self._zygotes.items():
            if zygote.alive and has_torch == torch and set(key) <= set(seen):
                return zygote
        self._zygotes[key, torch] = self._new_zygote(folders, torch=torch)
        return self._zygotes[key, torch]

    def _new_zygote(self, folders: Folders, *, torch: bool) -> Zygote:
        modules = (*LIGHT, *TORCH) if torch else LIGHT
        if self._jailed():
            prefix = jail_command(view_of(self._environment, folders, "cpu"))
            return Zygote(self._environment, prefix, preload=modules)
        return Zygote(self._environment, folder=self._scratch_root(), preload=modules)

    def _prove_torch(self, folders: Folders, device: str) -> None:
        """Before the first worker that needs torch: a training step works in such a worker.

        Raises:
            IsolationError: it does not.
        """
        try:
            with self._open({}, PROBE_LIMITS, {}, folders, device, ("torch",)) as worker:
                reply = worker.run(training_program(), timeout=PROBE_SECONDS)
                wrong = str(reply.error or reply.values["error"])
        except WorkerError as error:
            wrong = str(error)
        if wrong:
            raise IsolationError(f"honest code fails in the sandbox: a training step: {wrong}")
        self._torch_works = True

    def _probe(self) -> Isolation:
        """Find the strongest plan that works, and what it is worth."""
        for _ in range(2 * len(LAYERS)):
            try:
                with (
                    bait() as laid,
                    self._open({}, PROBE_LIMITS, {}, self._folders(()), self.settings.device) as worker,
                ):
                    reply = worker.run(probe_program(laid.facts(self._plan)), timeout=PROBE_SECONDS)
                    findings = read_findings(reply, laid)
            except LayerFailedError as failed:
                self._plan = self._plan.without(failed.layer, str(failed))
                continue
            except ZygoteError as error:
                if not self._jailed():
                    raise IsolationError(f"no worker can be started: {error}") from None
                self._plan = self._plan.without("bubblewrap", str(error))
                continue
            except WorkerError as error:
                raise IsolationError(
                    f"the probe of the sandbox did not finish: {error}\n{worker.output}"
                ) from None
            if not findings.broken:
                return judge(self._plan, findings)
            if not self._plan.has("user"):
                break
            self._plan = self._plan.without("user", f"another user could not do this: {findings.broken[0]}")
        raise IsolationError(f"honest code fails in the sandbox: {'; '.join(findings.broken)}")


def _check_name(name: str) -> None:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts or "\0" in name:
        raise SubmissionError(f"the file name {name!r} does not stay inside its folder")
