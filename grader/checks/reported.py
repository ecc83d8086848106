"""Numbers that a submission hands in: a JSON file, read with care, and values in it by path."""

from __future__ import annotations

import json
from typing import Any

from grader.checks.context import CannotJudge, Context, Finding
from grader.model import Verdict

MOST_CHARACTERS = 4_000_000


def reported(context: Context, file: str) -> Any:
    """The content of a JSON file of the submission.

    Raises:
        CannotJudge: it is not there, too large, or not JSON.
    """
    text = context.submission.text(file)
    if text is None:
        raise CannotJudge(Finding(Verdict.MISSING, f"{file} is not in the submission."))
    if len(text) > MOST_CHARACTERS:
        raise CannotJudge(
            Finding(Verdict.FAILED, f"{file} has {len(text):,} characters; at most {MOST_CHARACTERS:,}.")
        )
    try:
        return json.loads(text)
    except ValueError as error:
        raise CannotJudge(Finding(Verdict.ERRORED, f"{file} is not JSON: {error}")) from error
    except RecursionError:
        raise CannotJudge(Finding(Verdict.ERRORED, f"{file} is nested too deep")) from None


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
