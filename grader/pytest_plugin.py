"""The pytest plugin: ``pytest --gradmark RUBRIC SUBMISSION`` makes a test item of every check.

Names are check ids (``linear.gradient``), markers are the part, the kind and the audience, outcomes are pytest's own,
so that ``-k``, ``-m``, ``-x``, ``--junitxml`` and xdist work. A submission is read, never imported: no ``conftest.py``
is loaded, and settings that lie in a submission are refused. pytest itself acts on such settings before any plugin can
refuse them, so name the work of others by ``--gradmark-submission=PATH`` (with the equals sign), where pytest does not
look for any. The fixtures ``gradient_check`` and ``assert_gradients_close`` are for tests of one's own layers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from grader.model import CheckResult
    from grader.numerics import GradientReport
    from grader.rubric import CheckBase, PartSpec
    from grader.session import Session

_SANDBOX: pytest.StashKey[Any] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--gradmark``, ``--gradmark-seed`` and ``--gradmark-data``."""
    group = parser.getgroup("gradmark", "grade a submission")
    group.addoption(
        "--gradmark",
        metavar="RUBRIC",
        help="grade the paths given by this rubric (built-in name or TOML file)",
    )
    group.addoption(
        "--gradmark-submission",
        metavar="PATH",
        action="append",
        default=[],
        help="--gradmark-submission=PATH: a submission whose folder pytest does not search for settings",
    )
    group.addoption("--gradmark-seed", type=int, default=1, help="seed of every drawn number (default: 1)")
    group.addoption("--gradmark-variant", default=None, help="the rubric's variant; found if left out")
    group.addoption("--gradmark-data", default=None, help="folder cifar-10-batches-py, for checks that train")
    group.addoption(
        "--gradmark-allow-unconfined", action="store_true", help="grade even below isolation level 2"
    )


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Nothing of a submission runs in this process: no ``conftest.py`` is loaded, no settings of it are accepted.

    Raises:
        UsageError: the settings that pytest found lie in a folder that is to be graded.
    """
    options = early_config.known_args_namespace
    if not options.gradmark:
        return
    options.noconftest = True
    given = [*(options.file_or_dir or ()), *options.gradmark_submission]
    named = [Path(str(argument).partition("::")[0]).resolve() for argument in given]
    found = early_config.inipath
    if found is not None and any(folder.is_dir() and found.is_relative_to(folder) for folder in named):
        raise pytest.UsageError(
            f"{found} is part of what is to be graded, and its settings were read; run its checks again with "
            f"--gradmark-submission={found.parent}"
        )


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers that items carry."""
    apart = config.getoption("gradmark_submission")
    if apart:
        given = config.args if config.args_source is config.ArgsSource.ARGS else []
        config.args = [*given, *apart]
    config.addinivalue_line("markers", "gradmark(part, kind, audience): a check of a rubric")
    if config.getoption("gradmark"):
        for name in ("public", "hidden"):
            config.addinivalue_line("markers", f"{name}: who may see the check")


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the sandbox."""
    sandbox = config.stash.get(_SANDBOX, None)
    if sandbox is not None:
        sandbox.close()


def pytest_collect_directory(path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A folder that was named on the command line is a submission."""
    return _submission(path, parent)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """So is an archive or a notebook."""
    if not parent.config.getoption("gradmark"):
        return None
    from grader.submission.file_names import is_archive

    known = is_archive(file_path.name) or file_path.suffix == ".ipynb"
    return _submission(file_path, parent) if known else None


def _submission(path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    config = parent.config
    if not config.getoption("gradmark"):
        return None
    named = {Path(str(arg).partition("::")[0]).resolve() for arg in config.args}
    if path.resolve() not in named:
        return None
    node: pytest.Collector = SubmissionNode.from_parent(parent, path=path)
    return node


class SubmissionNode(pytest.Directory):
    """One submission; its items are the rubric's checks."""

    def collect(self) -> Iterator[pytest.Item | pytest.Collector]:
        """One item for each check of the submission's variant."""
        session = self._graded()
        for part in session.prepare().parts:
            for spec in part.checks:
                yield CheckItem.from_parent(
                    self, name=_name(part, spec), part=part, spec=spec, graded=session
                )

    def _graded(self) -> Session:
        from grader.grading import GradeRequest, open_session
        from grader.sandbox import Sandbox, SandboxSettings

        option = self.config.getoption
        if _SANDBOX not in self.config.stash:
            loose = bool(option("gradmark_allow_unconfined"))
            self.config.stash[_SANDBOX] = Sandbox(
                SandboxSettings(require=1 if loose else 2, allow_unconfined=loose)
            )
        data = option("gradmark_data")
        request = GradeRequest(
            submission=self.path,
            rubric=option("gradmark"),
            variant=option("gradmark_variant"),
            data=Path(data) if data else None,
            device="cpu",
            seed=option("gradmark_seed"),
        )
        return open_session(request, self.config.stash[_SANDBOX])


def _name(part: PartSpec, spec: CheckBase) -> str:
    from grader.rubric import check_id

    return check_id(part, spec)


class CheckFailedError(Exception):
    """A check did not pass; the message is what a report would say."""


class CheckItem(pytest.Item):
    """One check as a test."""

    def __init__(self, *, part: PartSpec, spec: CheckBase, graded: Session, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.part, self.spec, self.graded = part, spec, graded
        kind: str = spec.kind  # type: ignore[attr-defined]
        self.add_marker(pytest.mark.gradmark(part=part.id, kind=kind, audience=str(spec.audience)))
        self.add_marker(str(spec.audience))
        self.extra_keyword_matches.update({part.id, kind})

    def runtest(self) -> None:
        """Run the check; skip what a person marks or what was left out, fail what is wrong."""
        from grader.model import Verdict

        result = self.graded.check_one(self.part, self.spec)
        self.user_properties.append(("points", result.points))
        self.user_properties.append(("earned", result.earned))
        if result.verdict in (Verdict.SKIPPED, Verdict.MANUAL):
            pytest.skip(result.message)
        if result.verdict is Verdict.INTERNAL:
            raise RuntimeError(result.message + "\n" + result.detail)
        if result.verdict is not Verdict.PASSED:
            raise CheckFailedError(_words(result))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The check's own words in place of a traceback of the grader."""
        if isinstance(excinfo.value, CheckFailedError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where the item comes from: the submission, and the check's title."""
        return self.path, 0, f"{self.name}: {self.spec.title or self.name}"


def _words(result: CheckResult) -> str:
    lines = [f"{result.verdict}: {result.message}", f"points: {result.earned:g} of {result.points:g}"]
    lines += [f"{e.what}: {e.detail}" if e.detail else e.what for e in result.evidence if not e.agreed]
    lines += [f"{d.id} {d.title}" for d in result.diagnoses]
    return "\n".join([*lines, *([f"hint: {result.hint}"] if result.hint else [])])


@pytest.fixture
def gradient_check() -> Callable[..., GradientReport]:
    """``check_gradients`` that fails the test with its report unless everything is consistent."""
    from grader.numerics import check_gradients

    def checked(*args: Any, **kwargs: Any) -> GradientReport:
        report = check_gradients(*args, **kwargs)
        report.require()
        return report

    return checked


@pytest.fixture
def assert_gradients_close() -> Callable[..., None]:
    """Compare gradients by name; see ``grader.assert_gradients_close``."""
    from grader.numerics import assert_gradients_close as close

    return close
