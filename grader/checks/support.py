"""What all checks share: opening a worker, and turning what a submission raised into a finding."""

from __future__ import annotations

import difflib
import importlib.resources
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from grader.checks.context import Context, Finding
from grader.model import Diagnosis, Evidence, Verdict
from grader.numerics import Comparison
from grader.sandbox import Limits, Reply, StudentError, Worker
from grader.submission.outline import Outline

if TYPE_CHECKING:
    from grader.submission.outline import FunctionOutline
    from grader.submission.sources import Sources

NOT_THERE = "A file of your own has to be handed in too; a package has to be installed where submissions run."
MOVED_ON = "The cause lies in the environment, not in this part's idea."
SUPPORT_MODULES = ("cifar10_utils.py", "gradmark_probe.py")
USES_TORCH = frozenset({"cifar10_utils"})  # those of our modules that import torch


def open_worker(context: Context, readonly: Sequence[Path], changes: Mapping[str, int]) -> Worker:
    """A fresh worker with the submission's files, for the caller to close."""
    limits = worker_limits(context)
    if changes:
        limits = replace(limits, **changes)
    return context.sandbox.worker(
        context.submission.files,
        limits=limits,
        support=support_files(),
        readonly=tuple(readonly),
        packages=needed_packages(context.submission.sources, context.module),
    )


def needed_packages(sources: Sources, module: str) -> frozenset[str]:
    """Packages that importing a module of the submission will import: slow ones are imported beforehand."""
    found = sources.reach(module).packages
    return found | {"torch"} if found & USES_TORCH else found


def worker_limits(context: Context) -> Limits:
    """The rubric's limits in the sandbox's units."""
    limits = context.rubric.limits
    return Limits(
        memory=limits.memory_mb << 20,
        scratch_bytes=limits.scratch_mb << 20,
        scratch_files=limits.scratch_files,
        output_bytes=limits.output_kb << 10,
        processes=limits.processes,
    )


def support_files() -> dict[str, bytes]:
    """Modules of ours that a submission may import, by file name."""
    folder = importlib.resources.files("grader.worker") / "support"
    return {name: (folder / name).read_bytes() for name in SUPPORT_MODULES}


def absent(context: Context, module: str, name: str, *, methods: tuple[str, ...] = ()) -> Finding | None:
    """Why a target cannot be graded, seen from the source alone; None if it seems to be there."""
    file = module.replace(".", "/") + ".py"
    outline = context.outline(module)
    if outline is None:
        if module.split(".")[0] + "/__init__.py" in context.submission.files:
            return None
        return Finding(Verdict.MISSING, f"{file} is not in the submission.")
    if outline.broken:
        return Finding(
            Verdict.ERRORED,
            f"{file}, line {outline.broken.line}: {outline.broken.message}",
            hint=f"Python cannot read {file}; mend that line first, and every check of this file can run.",
        )
    if not outline.defines(name) and not outline.star_imports:
        return Finding(Verdict.MISSING, f"{file} does not define {name}{_near(name, outline)}.")
    return _unfilled(file, name, methods, outline)


def _near(name: str, outline: Outline) -> str:
    near = difflib.get_close_matches(name, [*outline.classes, *outline.functions], n=1, cutoff=0.7)
    return f"; is {near[0]} meant?" if near else ""


def _unfilled(file: str, name: str, methods: tuple[str, ...], outline: Outline) -> Finding | None:
    if name in outline.functions and outline.functions[name].unfilled:
        line = outline.functions[name].line
        return Finding(Verdict.MISSING, f"{name} ({file}, line {line}) is not filled in yet.")
    if name not in outline.classes:
        return None
    found = outline.classes[name]
    if outline.unfilled(name):
        return Finding(Verdict.MISSING, f"{name} ({file}, line {found.line}) is not filled in yet.")
    for method in methods:
        item: FunctionOutline | None = found.methods.get(method)
        if item is not None and item.unfilled:
            return Finding(
                Verdict.MISSING, f"{name}.{method} ({file}, line {item.line}) is not filled in yet."
            )
    return None


def raised(error: StudentError, *, doing: str, output: str = "") -> Finding:
    """A finding for an exception of the submission, with the place in its own files.

    A package that is not installed, or a call that newer packages no longer take, is named as the environment's.
    """
    place = ""
    if error.frames:
        frame = error.frames[-1]
        place = (
            f" ({frame.file}, line {frame.line}: {frame.code})"
            if frame.code
            else f" ({frame.file}, line {frame.line})"
        )
    lines = [
        f"{frame.file}:{frame.line} in {frame.function or 'module'}: {frame.code}" for frame in error.frames
    ]
    told, hint = f" raised {error.type}: {error.message}", ""
    if error.environment:
        told, hint = f": {error.environment}", NOT_THERE if error.missing else MOVED_ON
    return Finding(
        Verdict.ERRORED, f"{doing}{told}{place}", detail="\n".join(lines), hint=hint, output=output
    )


def keep_output(context: Context, reply: Reply) -> None:
    """Keep what the submission printed during a request."""
    if reply.output:
        context.output.append(reply.output)


def printed(context: Context) -> str:
    """What the submission printed so far in this check."""
    return "".join(context.output)


def evidence_of(what: str, comparison: Comparison, *, probe: str = "", tensor: str = "") -> Evidence:
    """The record of a comparison."""
    return Evidence(
        what=what,
        agreed=comparison.agreed,
        detail=comparison.detail if comparison.off is None else "",
        probe=probe,
        tensor=tensor,
        shape=comparison.got_shape,
        worst_index=comparison.worst_index,
        got=comparison.got,
        want=comparison.want,
        abs_error=comparison.abs_error,
        rel_error=comparison.rel_error,
        rel_to=comparison.rel_to if comparison.off is not None else "",
        off=comparison.off,
        total=comparison.total,
        tolerance=comparison.tolerance,
        tolerance_reason=comparison.tolerance_reason,
    )


def in_words(evidence: Evidence) -> str:
    """The worst place of a comparison in one clause, for a message."""
    if evidence.detail or evidence.got is None or evidence.want is None:
        return evidence.detail
    place = f" at {list(evidence.worst_index)}" if evidence.worst_index else ""
    return f"got {evidence.got:.6g}{place}, {evidence.want:.6g} is due"


def named(diagnose: Callable[[], Sequence[Diagnosis]]) -> list[Diagnosis]:
    """What a diagnosis says; nothing where it fails, since naming a fault must never cost a grade."""
    try:
        return list(diagnose())
    except Exception:
        return []


def worst_first(evidence: list[Evidence], *, at_most: int = 6) -> tuple[Evidence, ...]:
    """The evidence to show: what disagreed first, largest error first."""
    ordered = sorted(
        evidence, key=lambda e: (e.agreed, -(e.rel_error if e.rel_error is not None else sys.float_info.max))
    )
    return tuple(ordered[:at_most])


def judged(
    context: Context, evidence: list[Evidence], *, hint: str, shown: tuple[Evidence, ...] | None = None
) -> Finding:
    """Passed if all evidence agrees; else failed, in the words of the first that does not.

    Args:
        context: of the check.
        evidence: all of it.
        hint: for a failure.
        shown: the evidence of a failure; by default the worst first.
    """
    bad = [item for item in evidence if not item.agreed]
    if not bad:
        return Finding(Verdict.PASSED, evidence=tuple(evidence), output=printed(context))
    return Finding(
        Verdict.FAILED,
        bad[0].detail,
        hint=hint,
        evidence=worst_first(evidence) if shown is None else shown,
        output=printed(context),
    )


def fault_in_words(diagnosis: Diagnosis) -> str:
    """What a fault is called in a message: with a word of doubt where several would give such numbers."""
    return diagnosis.title if diagnosis.certain else f"possibly {diagnosis.title}"


def best_hint(diagnoses: tuple[Diagnosis, ...], otherwise: str) -> str:
    """The hint of the first diagnosis, or a general one."""
    return diagnoses[0].hint if diagnoses and diagnoses[0].hint else otherwise
