"""Numbers that a submission hands in: a JSON file, or what stands in its notebooks, read with care; and values by path."""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from typing import Any

from grader.checks.context import CannotJudge, Context, Finding
from grader.model import Verdict
from grader.notebooks.numbers import numbers_in
from grader.trial import SMALL, read_apart

MOST_CHARACTERS = 4_000_000


def reported(context: Context, file: str) -> Any:
    """The content of a JSON file of the submission; without it, what its notebooks assign and show.

    Raises:
        CannotJudge: there is neither, or it is too large, or not JSON.
    """
    text = context.submission.text(file)
    if text is None:
        found = _in_notebooks(context)
        if not found:
            raise CannotJudge(Finding(Verdict.MISSING, f"{file} is not in the submission."))
        named = found.get(PurePosixPath(file).stem)
        return {**found, **named} if isinstance(named, dict) else found
    if len(text) > MOST_CHARACTERS:
        raise CannotJudge(
            Finding(Verdict.FAILED, f"{file} has {len(text):,} characters; at most {MOST_CHARACTERS:,}.")
        )
    try:
        return json.loads(text)
    except ValueError as error:
        raise CannotJudge(
            Finding(Verdict.ERRORED, f"{file} is not JSON: {str(error).partition(';')[0]}")
        ) from error
    except RecursionError:
        raise CannotJudge(Finding(Verdict.ERRORED, f"{file} is nested too deep")) from None


def _in_notebooks(context: Context) -> dict[str, Any]:
    """What the submission's notebooks hold; nothing where they cannot be read."""
    notebooks = context.submission.notebooks
    if sum(map(len, notebooks.values())) > SMALL:
        found: dict[str, Any] | None = read_apart("numbers", notebooks)[1]
        return found or {}
    try:
        return numbers_in(notebooks)
    except (ValueError, RecursionError):
        return {}


def value_at(content: Any, path: str) -> Any:
    """The value at a dotted path ("numpy.test_accuracy"); None if there is none. A key may hold dots itself."""
    if not path:
        return content
    if isinstance(content, dict):
        if path in content:
            return content[path]
        head, _, rest = path.partition(".")
        return value_at(content[head], rest) if head in content and rest else None
    if isinstance(content, list):
        head, _, rest = path.partition(".")
        if head.isdecimal() and len(head) < 9 and int(head) < len(content):
            return value_at(content[int(head)], rest)
    return None
