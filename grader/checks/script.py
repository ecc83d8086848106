"""Does a script of the course's compute with the submission what it should?

The script runs in a worker that holds the submission. What is due runs in another worker, that does not: the rubric's own
lines, or the same script with the course's solution. Both are given the same drawn inputs; only values come back.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from grader.checks.context import CannotJudge, Context, Finding
from grader.checks.script_draws import draw_inputs
from grader.checks.script_updates import faults_of_updates
from grader.checks.script_values import differences, in_proportion, sound, unfit
from grader.checks.support import (
    absent,
    evidence_of,
    fault_in_words,
    keep_output,
    needed_packages,
    printed,
    raised,
    support_files,
    worker_limits,
    worst_first,
)
from grader.errors import RubricError
from grader.model import Evidence, Verdict
from grader.rubric import Rubric, ScriptSpec
from grader.rubric.scripts import CAME, ScriptMistake, compared, imported, looks_at, script_problems
from grader.sandbox import Opaque, Program, Reply
from grader.submission import Submission, load_submission, submission_from_files

SCRIPT = "course_script"  # the module that a script runs as
BEFORE = "import numpy as np\n"
Values = list[dict[str, Any]]  # of each trial, by name


def check_script(spec: ScriptSpec, context: Context) -> Finding:
    """Run the script with the submission, and compare what it leaves behind with what is due.

    Raises:
        RubricError: the rubric's own lines fail, or the course's solution is not there.
    """
    problem = next(iter(script_problems(spec)), None)
    if problem is not None:
        raise RubricError(f"rubric {context.rubric.id}: {context.id}: {problem}")
    missing = next(_not_there(spec, context), None)
    if missing is not None:
        return missing
    rng = context.rng
    draws = [draw_inputs(spec.inputs, rng) for _ in range(spec.trials)]
    names = compared(spec)
    reply = _run(context, context.submission, spec.script, draws, names)
    keep_output(context, reply)
    if reply.errors or reply.error:
        error = next(iter(reply.errors.values()), None) or reply.error
        assert error is not None
        verdict = Verdict.MISSING if error.type == "NotImplementedError" else Verdict.ERRORED
        found = raised(error, doing="The check's script", output=printed(context))
        return found if verdict is Verdict.ERRORED else Finding(verdict, f"Not filled in yet: {error}")
    got = _values(reply, names, len(draws))
    return _judge(spec, context, draws, got, _due(spec, context, draws, got))


def _not_there(spec: ScriptSpec, context: Context) -> Iterator[Finding]:
    """Why the target, or something that the script imports from the submission, cannot be graded."""
    places = [context.target] if spec.target or context.part.target else []
    for module, name in dict.fromkeys((*places, *imported(spec.script))):
        if name and context.outline(f"{module}.{name}") is not None:
            continue  # a module of a package
        if name and _of_submission(module, context):
            found = absent(context, module, name)
            if found is not None:
                yield found


def _of_submission(module: str, context: Context) -> bool:
    root = module.partition(".")[0]
    if context.outline(module) is not None or f"{root}/__init__.py" in context.submission.files:
        return True
    return root not in sys.stdlib_module_names and importlib.util.find_spec(root) is None


def _judge(spec: ScriptSpec, context: Context, draws: Values, got: Values, want: Values) -> Finding:
    evidence: list[Evidence] = []
    faults: list[tuple[bool, str]] = []  # what did not come at all says more than a wrong number
    for trial, (given, one, due) in enumerate(zip(draws, got, want, strict=True)):
        sizes = {name: value for name, value in given.items() if name not in spec.inputs}
        for name in compared(spec):
            for place, result, left, right in differences(one[name], due[name], name, spec.tolerance):
                what = f"{place} (draw {trial + 1})"
                evidence.append(evidence_of(what, result, probe=f"draw {trial + 1}", tensor=place))
                if not result.agreed:
                    how = in_proportion(left, right, sizes) or result.detail
                    faults.append((left is not None, f"{place} is wrong: {how}."))
    if not faults:
        return Finding(Verdict.PASSED, evidence=tuple(evidence[:2]), output=printed(context))
    known = _known_mistake(spec, context, draws, got)
    share = known.share if known else 0.0
    named = faults_of_updates(spec.optimizer, draws, got)
    said = f"What the optimizer does is not right: {fault_in_words(named[0])}." if named else ""
    return Finding(
        Verdict.PARTIAL if share else Verdict.FAILED,
        known.message if known else said or min(faults, key=lambda fault: fault[0])[1],
        share,
        hint=named[0].hint
        if named
        else "Do the same with small arrays of your own, and compare with a calculation by hand.",
        evidence=worst_first(evidence),
        diagnoses=named,
        output=printed(context),
    )


def _known_mistake(spec: ScriptSpec, context: Context, draws: Values, got: Values) -> ScriptMistake | None:
    """The first of the rubric's known wrong results that is this one."""
    for mistake in spec.mistakes:
        wrong = _ours(context, mistake.expected, draws, compared(spec), "mistakes: expected")
        if _agree(spec, got, wrong):
            return mistake
    return None


def _agree(spec: ScriptSpec, got: Values, want: Values) -> bool:
    return all(
        result.agreed
        for one, due in zip(got, want, strict=True)
        for name in compared(spec)
        for _, result, _, _ in differences(one[name], due[name], name, spec.tolerance)
    )


def _due(spec: ScriptSpec, context: Context, draws: Values, got: Values) -> Values:
    """What is due: from the rubric's own lines, which may look at what came, or from the script with the solution.

    Raises:
        CannotJudge: the rubric's lines refuse what came.
    """
    names = compared(spec)
    if not spec.expected:
        solved = _run(context, _solution(context), spec.script, draws, names)
        return _checked(context, solved, names, len(draws), "the solution")
    if not looks_at(spec.expected, CAME):
        return _ours(context, spec.expected, draws, names, "expected")
    empty = submission_from_files({}, name="nothing")
    seen = [{**given, CAME: _plain(values)} for given, values in zip(draws, got, strict=True)]
    reply = _run(context, empty, spec.expected, seen, names)
    refused = next(iter(reply.errors.values()), None)
    if refused is not None:
        said = (
            refused.message
            if refused.type == "AssertionError" and refused.message
            else f"judging it raised {refused}"
        )
        raise CannotJudge(
            Finding(Verdict.FAILED, f"What came is not right: {said}.", output=printed(context))
        )
    if not reply.error:  # what is due is made of what came, which may prove nothing
        _refuse_unfit(context, got, _values(reply, names, len(draws)))
    return _checked(context, reply, names, len(draws), "expected")


def _refuse_unfit(context: Context, got: Values, due: Values) -> None:
    """Wrong, where what came is to blame; where that is sound, the rubric's line may be, and a person decides."""
    for came, values in zip(got, due, strict=True):
        for name, problem in ((name, unfit(value)) for name, value in values.items()):
            if not problem:
                continue
            text = f"with it, the {name} that is due {problem}."
            if all(sound(_plain(value)) for value in came.values()):
                text = f"The rubric's lines cannot judge what came: {text} A person has to mark this."
                raise CannotJudge(Finding(Verdict.MANUAL, text, output=printed(context)))
            text = f"What came is not right: {text}"
            raise CannotJudge(Finding(Verdict.FAILED, text, output=printed(context)))


def _plain(value: object) -> object:
    """A value that came, without the objects that only a name came of; a key with one is no key that a rubric asks for."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items() if not _has_object(key)}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return None if isinstance(value, Opaque) else value


def _has_object(key: object) -> bool:
    return isinstance(key, Opaque) or (isinstance(key, tuple) and any(map(_has_object, key)))


def _ours(context: Context, script: str, draws: Values, names: Sequence[str], what: str) -> Values:
    empty = submission_from_files({}, name="nothing")
    return _checked(context, _run(context, empty, script, draws, names), names, len(draws), what)


def _checked(context: Context, reply: Reply, names: Sequence[str], trials: int, what: str) -> Values:
    error = next(iter(reply.errors.values()), None) or reply.error
    if error is not None:
        raise RubricError(f"rubric {context.rubric.id}: {context.id}: {what}: {error}")
    found = _values(reply, names, trials)
    for name, value in ((name, values[name]) for values in found for name in names):
        if problem := unfit(value):
            raise RubricError(f"rubric {context.rubric.id}: {context.id}: {what}: {name} {problem}")
    return found


def _solution(context: Context) -> Submission:
    """The course's solution, read once."""
    rubric = context.rubric
    if not rubric.solution:
        raise RubricError(
            f"rubric {rubric.id}: {context.id}: nothing says what is due; give it expected, or the rubric a solution"
        )
    return context.once("solution", lambda: _loaded(rubric))


def _loaded(rubric: Rubric) -> Submission:
    if not Path(rubric.solution).is_dir():
        text = "What is due comes from the course's solution, which is not here."
        raise CannotJudge(Finding(Verdict.SKIPPED, text))
    return load_submission(Path(rubric.solution), modules=rubric.modules)


def _run(context: Context, submission: Submission, script: str, draws: Values, names: Sequence[str]) -> Reply:
    """Run a script once per draw, each time as a module of its own, under the same seeds."""
    modules = [module for module, _ in imported(script)]
    packages = set[str]().union(*(needed_packages(submission.sources, module) for module in modules))
    packages |= {module.partition(".")[0] for module in modules}
    module_of_ours = SCRIPT
    while any(name.startswith(module_of_ours) for name in submission.files):
        module_of_ours += "_"  # a package of that name would be run in place of the script
    program = Program()
    run = program.import_("runpy").attr("run_module")
    for trial, given in enumerate(draws):
        with program.attempt(f"draw {trial + 1}"):
            program.seed(context.seed + trial)
            left = program.call(run, module_of_ours, init_globals=given)
            for name in names:
                program.send(f"{trial}.{name}", left.item(name))
    files = {**submission.files, f"{module_of_ours}.py": (BEFORE + script).encode()}
    with context.sandbox.worker(
        files, limits=worker_limits(context), support=support_files(), packages=frozenset(packages)
    ) as worker:
        return worker.run(program, timeout=context.seconds)


def _values(reply: Reply, names: Sequence[str], trials: int) -> Values:
    return [{name: reply.values.get(f"{trial}.{name}") for name in names} for trial in range(trials)]
