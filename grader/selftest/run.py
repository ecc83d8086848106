"""Run a self-test: right solutions under many seeds, the template, and every mutant."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from grader.errors import UsageError
from grader.model import CheckResult, Report, Verdict
from grader.rubric import Rubric, check_id
from grader.sandbox import Sandbox, SandboxSettings
from grader.selftest.mutants import CATALOGUE, Mutant, catalogued, generated
from grader.session import GradeSettings, Session
from grader.submission import Submission, load_submission, submission_from_files
from grader.variants import as_found

if TYPE_CHECKING:
    from grader.data import DataSet

T = TypeVar("T")
R = TypeVar("R")
EXAMPLES = Path(__file__).parent.parent.parent / "submissions_example"
COSTLY = frozenset({"training", "experiment", "claim"})
MOST_GENERATED = 60  # of mutants made by operators, where no number is asked for: some minutes
MUTANT_SECONDS = 5.0  # time limit of a mutant's request: some of them loop forever


@dataclass(frozen=True)
class SelfTestSettings:
    """What is tried.

    Attributes:
        solution: folder of a right solution; None: the example of the rubric's name, in a checkout.
        template: folder of the unfilled template, beside a solution of one's own.
        seeds: how many seeds right solutions are graded under.
        first_seed: the first of them.
        training: whether parts that train are tried as well; they take minutes.
        most: mutants at the most, spread evenly; None: all of a catalogue, 60 of those made by operators.
        jobs: sandboxes side by side.
        sandbox: how workers are confined.
        load_data: the data set for training.
    """

    solution: Path | None = None
    template: Path | None = None
    seeds: int = 10
    first_seed: int = 1
    training: bool = False
    most: int | None = None
    jobs: int = 1
    sandbox: SandboxSettings = field(default_factory=SandboxSettings)
    load_data: Callable[[], DataSet] | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of one mutant."""

    mutant: Mutant
    caught: bool
    by: tuple[str, ...]  # checks that lost points
    named: bool | None  # whether the diagnosis that was asked for came first; None if none was asked for
    diagnoses: tuple[str, ...] = ()


@dataclass(frozen=True)
class SelfTest:
    """The whole result."""

    rubric: str
    runs: int  # gradings of right solutions
    false_failures: tuple[str, ...]  # "full_marks, seed 7: elu.gradient: ..."
    template_earned: float | None  # points that the unfilled template earned; None if there is none
    outcomes: tuple[Outcome, ...]
    seconds: float

    @property
    def score(self) -> float:
        """Share of mutants that lost points where they should, 0 to 1; 1 without mutants."""
        return sum(o.caught for o in self.outcomes) / len(self.outcomes) if self.outcomes else 1.0

    @property
    def named(self) -> tuple[int, int]:
        """Mutants whose diagnosis came first, of those for which one was asked."""
        asked = [o for o in self.outcomes if o.named is not None]
        return sum(bool(o.named) for o in asked), len(asked)

    @property
    def ok(self) -> bool:
        """No false failure, and nothing for the template."""
        return not self.false_failures and not self.template_earned


def selftest(
    rubric: Rubric, settings: SelfTestSettings, *, on_done: Callable[[str], None] = lambda text: None
) -> SelfTest:
    """Grade the rubric itself.

    Args:
        rubric: the rubric.
        settings: what is tried.
        on_done: told after each grading.

    Raises:
        UsageError: there is no solution, or its catalogue of mutants does not fit it.
    """
    started = time.perf_counter()
    folder = settings.solution or EXAMPLES / rubric.id / "full_marks"
    if not folder.exists():
        raise UsageError(f"{folder}: no solution there; give one with --solution")
    solution = load_submission(folder, modules=rubric.modules)
    with _Sandboxes(settings) as sandboxes:
        right = [solution, *([] if settings.solution else _other_right_ones(rubric))]
        tasks = [(submission, settings.first_seed + i) for submission in right for i in range(settings.seeds)]
        failures = sandboxes.map(
            lambda task: _false_failures(rubric, settings, sandboxes.mine(), *task), tasks, on_done
        )
        template = _template(rubric, settings, sandboxes)
        mutants = _mutants(rubric, settings, folder, solution)
        outcomes = sandboxes.map(
            lambda mutant: _try(rubric, settings, sandboxes.mine(), solution, mutant), mutants, on_done
        )
    return SelfTest(
        rubric.id,
        len(tasks),
        tuple(text for texts in failures for text in texts),
        template,
        tuple(outcomes),
        time.perf_counter() - started,
    )


class _Sandboxes:
    """One sandbox for each thread."""

    def __init__(self, settings: SelfTestSettings) -> None:
        self._settings = settings
        self._stack = ExitStack()
        self._local = threading.local()
        self._lock = threading.Lock()

    def __enter__(self) -> _Sandboxes:
        self._pool = self._stack.enter_context(ThreadPoolExecutor(self._settings.jobs))
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def mine(self) -> Sandbox:
        if not hasattr(self._local, "sandbox"):
            sandbox = Sandbox(self._settings.sandbox)
            with self._lock:
                self._stack.callback(sandbox.close)
            self._local.sandbox = sandbox
        found: Sandbox = self._local.sandbox
        return found

    def map(self, function: Callable[[T], R], items: Sequence[T], on_done: Callable[[str], None]) -> list[R]:
        found = []
        for result in self._pool.map(function, items):
            on_done("")
            found.append(result)
        return found


def _other_right_ones(rubric: Rubric) -> list[Submission]:
    """Further examples that lose nothing: other ways to be right."""
    import tomllib

    found = []
    for folder in sorted((EXAMPLES / rubric.id).iterdir()) if (EXAMPLES / rubric.id).is_dir() else []:
        expected = folder / "expected.toml"
        if folder.name == "full_marks" or not expected.is_file():
            continue
        if tomllib.loads(expected.read_text("utf-8")).get("loses") == []:
            found.append(load_submission(folder, modules=rubric.modules))
    return found


def _patterns(rubric: Rubric, submission: Submission, *, training: bool) -> tuple[str, ...]:
    """Ids of the checks to run: all that the variant has, without the costly ones unless asked for."""
    _, view = as_found(rubric, submission.sources.outline)
    return tuple(
        check_id(part, check)
        for part in view.parts
        for check in part.checks
        if training or check.kind not in COSTLY
    )


def _grade(
    rubric: Rubric,
    settings: SelfTestSettings,
    sandbox: Sandbox,
    submission: Submission,
    only: Iterable[str],
    seed: int,
) -> Report:
    grading = GradeSettings(seed=seed, only=tuple(only), stamp=False, load_data=settings.load_data)
    return Session(submission, rubric, sandbox, grading).grade()


def _decided(check: CheckResult) -> bool:
    return check.verdict not in (Verdict.MANUAL, Verdict.SKIPPED)


def _false_failures(
    rubric: Rubric, settings: SelfTestSettings, sandbox: Sandbox, submission: Submission, seed: int
) -> list[str]:
    only = _patterns(rubric, submission, training=settings.training)
    report = _grade(rubric, settings, sandbox, submission, only, seed)
    return [
        f"{submission.name}, seed {seed}: {check.id} {check.verdict}: {check.message}"
        for check in report.checks
        if _decided(check) and check.earned < check.points and not _is_written(check)
    ]


def _is_written(check: CheckResult) -> bool:
    return check.kind in ("formula", "manual", "claim") and check.verdict is Verdict.MISSING


def _template(rubric: Rubric, settings: SelfTestSettings, sandboxes: _Sandboxes) -> float | None:
    folder = settings.template
    if folder is None and settings.solution is None and (EXAMPLES / rubric.id / "template").is_dir():
        folder = EXAMPLES / rubric.id / "template"
    if folder is None:
        return None
    submission = load_submission(folder, modules=rubric.modules)
    only = _patterns(rubric, submission, training=settings.training)
    return sandboxes.map(
        lambda _: _grade(rubric, settings, sandboxes.mine(), submission, only, settings.first_seed).earned,
        [0],
        lambda text: None,
    )[0]


def _mutants(rubric: Rubric, settings: SelfTestSettings, folder: Path, solution: Submission) -> list[Mutant]:
    catalogue = folder.parent / CATALOGUE if settings.solution is None else folder / CATALOGUE
    if catalogue.is_file():
        found = catalogued(catalogue, solution.files, rubric)
    else:
        found = list(generated(solution.files, rubric))
    if not settings.training:
        found = [mutant for mutant in found if not _costly(rubric, mutant)]
    most = settings.most if settings.most is not None or catalogue.is_file() else MOST_GENERATED
    return found if most is None else _spread(found, most)


def _spread(mutants: list[Mutant], most: int) -> list[Mutant]:
    """At most so many mutants, about as many of every part, spread over each part's."""
    parts = list(dict.fromkeys(mutant.part for mutant in mutants))
    chosen: list[Mutant] = []
    for number, part in enumerate(sorted(parts, key=lambda p: sum(m.part == p for m in mutants))):
        own = [mutant for mutant in mutants if mutant.part == part]
        count = min(len(own), (most - len(chosen)) // (len(parts) - number))
        chosen += [own[int(i * len(own) / count)] for i in range(count)]
    return sorted(chosen, key=mutants.index)


def _impatient(rubric: Rubric) -> Rubric:
    seconds = min(rubric.limits.seconds, MUTANT_SECONDS)
    return rubric.model_copy(update={"limits": rubric.limits.model_copy(update={"seconds": seconds})})


def _costly(rubric: Rubric, mutant: Mutant) -> bool:
    kinds = {
        check.kind
        for part in rubric.parts
        for check in part.checks
        if any(name in (part.id, check_id(part, check)) for name in mutant.breaks)
    }
    return bool(kinds) and kinds <= COSTLY


def _try(
    rubric: Rubric, settings: SelfTestSettings, sandbox: Sandbox, solution: Submission, mutant: Mutant
) -> Outcome:
    """Grade the parts that the mutant should break, and see which checks lost points."""
    submission = submission_from_files(mutant.planted(solution.files), name="mutant")
    wanted = _patterns(rubric, submission, training=settings.training)
    parts = {name.partition(".")[0] for name in mutant.breaks}
    only = [name for name in wanted if name.partition(".")[0] in parts]
    if not only:
        return Outcome(mutant, False, (), None if not mutant.diagnosis else False)
    patient = rubric if settings.training else _impatient(rubric)
    report = _grade(patient, settings, sandbox, submission, only, settings.first_seed)
    lost = [check for check in report.checks if _decided(check) and check.earned < check.points]
    by = tuple(check.id for check in lost)
    caught = any(name in (check.id, check.id.partition(".")[0]) for check in lost for name in mutant.breaks)
    diagnoses = tuple(d.id for check in lost for d in check.diagnoses)
    named = mutant.diagnosis in diagnoses[:1] or mutant.diagnosis in diagnoses if mutant.diagnosis else None
    return Outcome(mutant, caught, by, named, diagnoses)


def as_record(result: SelfTest) -> Mapping[str, object]:
    """The result as plain data for JSON."""
    named, asked = result.named
    return {
        "schema": 1,
        "rubric": result.rubric,
        "right_gradings": result.runs,
        "false_failures": list(result.false_failures),
        "template_earned": result.template_earned,
        "mutants": len(result.outcomes),
        "score": result.score,
        "named": named,
        "named_asked": asked,
        "survivors": [
            {"name": o.mutant.name, "breaks": list(o.mutant.breaks)} for o in result.outcomes if not o.caught
        ],
        "diagnosed": sum(bool(o.diagnoses) for o in result.outcomes),
        "seconds": round(result.seconds, 1),
    }
