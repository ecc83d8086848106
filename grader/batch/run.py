"""Grade a whole class: what is new is graded, what still holds is kept, every submission ends with a row."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from contextlib import AbstractContextManager
from dataclasses import replace

from grader.batch.anonymous import code_of, write_names
from grader.batch.intake import Entry, find_entries, listed, without_loose_files
from grader.batch.interrupts import undisturbed
from grader.batch.job import Graded, Task, failure_text, internal_report
from grader.batch.pools import Pool, dask_pool, local_pool
from grader.batch.request import BatchRequest, BatchResult
from grader.batch.rows import Row, make_row, settle_groups
from grader.batch.store import State, Store, fingerprint, sha256, write_file
from grader.batch.tasks import Tasks, source_digest, stamp_of
from grader.batch.watch import Watch
from grader.errors import GraderError, IsolationError, UsageError
from grader.marks import apply_marks
from grader.model import Report
from grader.report import from_json, render
from grader.report.record import to_json
from grader.rubric import load_rubric
from grader.session import default_seed, first_needed, refuse_unknown, version

AHEAD = 2  # tasks handed out per process, so that none waits for the next
POLL_SECONDS = 0.5
VIEWS = {"report.html": "html", "report.md": "markdown"}


class PoolLostError(GraderError):
    """The processes that grade have gone away; what was graded is kept."""


class Batch:
    """One class on its way to its rows. ``watch`` is told about every submission that ends."""

    def __init__(self, request: BatchRequest) -> None:
        self.request = request
        self.rubric = load_rubric(request.rubric)
        self.store = Store(request.results)
        left_out: list[str] = []
        self.entries = without_loose_files(
            find_entries(request.submissions, left_out), self.rubric.modules, request.submissions, left_out
        )
        results, folder = request.results.resolve(), request.submissions.resolve()
        if results == folder:
            raise UsageError(f"{request.results}: holds the submissions; take another folder for the results")
        self.entries = [entry for entry in self.entries if not results.is_relative_to(folder / entry.source)]
        self.policy = request.policy or getattr(self.rubric, "policy", None)
        self.seed = 0
        self.kept = 0
        self.warnings = [f"not taken for submissions: {listed(left_out)}"] if left_out else []
        self._rows: dict[str, Row] = {}
        if request.variant:
            self.rubric.variant(request.variant)
        self._check_patterns()

    @property
    def finished(self) -> int:
        """How many submissions have their row by now."""
        return len(self._rows)

    def run(self, watch: Watch) -> BatchResult:
        """Grade what is to be graded and return all rows.

        Raises:
            UsageError: data, cluster or an option cannot be used.
            IsolationError: this machine cannot give the isolation required.
            StoreError: the results cannot be written; those so far are whole.
        """
        self._settle_seed()
        watch.note(f"batch of {len(self.entries)} submissions, rubric {self.rubric.id}, seed {self.seed}")
        todo = self._todo(watch)
        first = next(todo, None)
        if first is not None:
            self._prepare_data()
            with self._pool() as pool:
                watch.note(f"grading on {pool.about}")
                self._grade(_chain(first, todo), pool, watch)
        rows = settle_groups(self._rows[entry.key] for entry in self.entries)
        if unmatched := self.request.times.unmatched(self.entries):
            self.warnings.append(f"times are listed for nobody who handed in: {listed(unmatched)}")
        if strangers := self.store.strangers(self._rows):
            self.warnings.append(
                f"reports of an earlier run, of submissions that are gone: {listed(strangers)}"
            )
        return BatchResult(tuple(rows), self.kept, self.seed, self.rubric, tuple(self.warnings))

    def _grade(self, todo: Iterator[tuple[Entry, Task, str]], pool: Pool, watch: Watch) -> None:
        """Hand out tasks as they are asked for, and take results in whatever order they come."""
        running: dict[Future[Graded], tuple[Entry, Task, str]] = {}
        more = True
        while more or running:
            while more and len(running) < AHEAD * pool.capacity():
                item = next(todo, None)
                more = item is not None
                if item is not None:
                    running[pool.submit(item[1])] = item
            done, _ = wait(running, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED)
            for future in [future for future in running if future in done]:
                entry, task, stamp = running.pop(future)
                with undisturbed():
                    self._take(future, entry, task, stamp, watch)

    def _take(self, future: Future[Graded], entry: Entry, task: Task, stamp: str, watch: Watch) -> None:
        """Keep what came of one submission; a failure of ours becomes its row."""
        seconds, outcome = None, "graded"
        try:
            graded = future.result()
            record, seconds = graded.record, graded.seconds
            report = from_json(record, name=entry.key)
            if report.gradmark != version():
                raise UsageError(
                    f"a worker runs gradmark {report.gradmark}, and this is {version()}; install the same"
                )
        except (IsolationError, UsageError):
            raise
        except CancelledError:
            raise PoolLostError("the cluster has gone away; what was graded is kept") from None
        except Exception as error:
            watch.note(f"{entry.key}: {failure_text(error)}")
            report = internal_report(task, _reason(error, self._patience()))
            record, outcome = to_json(report), "internal"
        if any(check.verdict.value == "internal" for check in report.checks):
            outcome = "internal"
        state = State(stamp, sha256(record.encode()), seconds=round(seconds or 0.0, 3), outcome=outcome)
        self.store.save(entry.key, record, state)
        self._finish(entry, report, state, watch)

    def _finish(
        self, entry: Entry, report: Report, state: State, watch: Watch, *, kept: bool = False
    ) -> None:
        """Make the row and the student's reports of a record."""
        request = self.request
        name = self.tasks.name(entry)
        report, warnings = apply_marks(report, request.marks)
        self.warnings += warnings
        row = make_row(entry, report, name, state.seconds, self.policy, request.times, request.groups)
        self._rows[entry.key] = row
        shown = report
        if row.score.note:
            shown = report.model_copy(update={"notes": (*report.notes, row.score.note)})
        final = to_json(report)
        views = fingerprint(sha256(final.encode()), row.score.note, source_digest())
        folder = self.store.report_folder(entry.key)
        there = all((folder / file).is_file() for file in VIEWS) and self.store.holds(
            entry.key, "report.json", final
        )
        if state.views != views or not there:
            for file, form in VIEWS.items():
                write_file(folder / file, render(shown, form, audience="student"))
            write_file(folder / "report.json", final)
            self.store.save_state(entry.key, replace(state, views=views))
        points = f"{row.score.final:g} / {row.score.worth:g}"
        how = "kept" if kept else f"{state.seconds:.1f} s"
        said = f", {row.shown.message}" if row.shown.message else ""
        watch.done(name, f"{points} points, {row.shown.outcome}, {how}{said}")

    def _todo(self, watch: Watch) -> Iterator[tuple[Entry, Task, str]]:
        """Submissions that must be graded; those that need not be are finished on the way."""
        for entry in self.entries:
            task = self.tasks.task(entry)
            stamp = stamp_of(task)
            record = None if self.request.force else self.store.kept(entry.key, stamp)
            if record is None:
                yield entry, task, stamp
                continue
            state = self.store.state(entry.key)
            assert state is not None
            self.kept += 1
            with undisturbed():
                self._finish(entry, from_json(record, name=entry.key), state, watch, kept=True)

    def _settle_seed(self) -> None:
        """The seed asked for, that of the run before, or a new one, and in which mode."""
        before = self.store.settings()
        seed = self.request.seed if self.request.seed is not None else before.get("seed")
        self.seed = default_seed() if seed is None else int(seed)
        if before and before.get("anonymous", False) != self.request.anonymous:
            raise UsageError(
                f"{self.store.root}: holds results {'with' if self.request.anonymous else 'without'} names; "
                "take another folder for the other kind"
            )
        self.store.save_settings(
            {
                "seed": self.seed,
                "rubric": self.rubric.id,
                "anonymous": self.request.anonymous,
                "gradmark": version(),
            }
        )
        if self.request.anonymous:
            self._rename()
        self.tasks = Tasks(self.request, self.rubric, self.seed, self.entries)

    def _rename(self) -> None:
        """Give folders of reports the codes, too, and write down whose they are, for the teacher alone."""
        coded = [replace(entry, key=code_of(self.seed, entry.key)) for entry in self.entries]
        self.entries = sorted(coded, key=lambda entry: entry.key)
        write_names(self.store.run / "names.csv", self.entries)

    def _prepare_data(self) -> None:
        """Make or find the data set once, before several processes look for it."""
        if first_needed(self.rubric) and not self.request.scheduler:
            from grader.data import load_data

            load_data(self.request.data)

    def _pool(self) -> AbstractContextManager[Pool]:
        request = self.request
        if request.scheduler or request.client is not None:
            return dask_pool(request.scheduler, client=request.client)
        return local_pool(max(1, min(request.jobs, len(self.entries))), patience=self._patience())

    def _patience(self) -> float:
        """Seconds that one submission may take: far more than all its limits together."""
        if self.request.patience is not None:
            return self.request.patience
        limit = self.rubric.limits.seconds
        return 600 + 4 * sum(check.seconds or limit for part in self.rubric.parts for check in part.checks)

    def _check_patterns(self) -> None:
        """Refuse a pattern that no check has, before anything is graded."""
        refuse_unknown(self.rubric, self.request.only)


def _chain(
    first: tuple[Entry, Task, str], rest: Iterator[tuple[Entry, Task, str]]
) -> Iterator[tuple[Entry, Task, str]]:
    yield first
    yield from rest


def _reason(error: Exception, patience: float) -> str:
    """Why we failed on a submission, for its row."""
    if isinstance(error, TimeoutError):
        return f"gradmark did not finish within {patience:.0f} s and was stopped; the points stay open"
    return f"gradmark failed here, not the submission: {type(error).__name__}: {error}; the points stay open"
