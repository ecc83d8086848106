"""Where in a submission a check's message points: a file and line, or a notebook's cell."""

from __future__ import annotations

import re

from grader.notebooks import locate
from grader.rubric import CheckBase, ClaimSpec, ExperimentSpec
from grader.submission import Submission

_METHODS = {
    "forward": "forward",
    "gradient": "backward",
    "init": "__init__",
}  # by kind of check, or what it asks
_PLACE = re.compile(r"\b(?P<file>[\w/]+\.py)(?:,? line |:)(?P<line>\d{1,6})")


def place_of(submission: Submission, spec: CheckBase, target: str, message: str) -> str:
    """The place that a message names, else where the code lies that the check is about: ``modules.py:31``.

    Args:
        submission: the files.
        spec: the check; its kind, or what it asks, says which method it is about.
        target: ``modules:LinearModule``.
        message: of the check.

    Returns:
        "" where the check is about no code, or about code that is not there.
    """
    named = next((found for found in _PLACE.finditer(message) if found["file"] in submission.files), None)
    if named is not None:
        return in_cells(submission, f"{named['file']}:{named['line']}")
    if isinstance(spec, ClaimSpec | ExperimentSpec):  # numbers that were handed in; no code is at fault
        return ""
    module, _, name = target.partition(":")
    outline = submission.sources.outline(module)
    if outline is None:
        return ""
    line = 0
    if name in outline.functions:
        line = outline.functions[name].line
    elif name in outline.classes:
        found = outline.classes[name]
        method = found.methods.get(_METHODS.get(_question(spec), ""))
        line = method.line if method is not None else found.line
    return in_cells(submission, f"{outline.file}:{line}") if line else ""


def in_cells(submission: Submission, text: str) -> str:
    """A text in which lines of modules that were made of a notebook are named as the notebook's cells."""
    if not submission.notebooks:
        return text

    def named(found: re.Match[str]) -> str:
        source = submission.files.get(found["file"])
        return (source is not None and locate(source, int(found["line"]))) or found[0]

    return _PLACE.sub(named, text)


def _question(spec: CheckBase) -> str:
    return str(getattr(spec, "ask", "") or spec.kind)  # type: ignore[attr-defined]
