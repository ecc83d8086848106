"""What a submission's exception becomes on the wire: type, message, and the frames in its own files."""

from __future__ import annotations

import os
import traceback
from typing import Any

MAX_MESSAGE = 4000  # characters
MAX_FRAMES = 20
MAX_LINE = 300  # characters


class UnsetError(Exception):
    """An instruction needs a register that an earlier, failed step should have filled."""


def error_node(error: BaseException, position: int) -> dict[str, Any]:
    """Plain description of an exception; never raises, whatever the exception's own methods do."""
    node = {"type": _type(error), "message": _message(error), "at": position, "frames": [], "missing": ""}
    try:
        node["frames"] = _frames(error)
        if isinstance(error, ImportError) and isinstance(error.name, str):
            node["missing"] = error.name[:200]
    except Exception:
        node["frames"] = []
    return node


def _type(error: BaseException) -> str:
    return str(type(error).__name__)[:200]


def _message(error: BaseException) -> str:
    try:
        text = error.msg if isinstance(error, SyntaxError) and isinstance(error.msg, str) else str(error)
        return str.__str__(text)[:MAX_MESSAGE].encode("utf-8", "replace").decode()
    except BaseException as inner:
        return f"(its message cannot be shown: {type(inner).__name__})"[:MAX_MESSAGE]


def _frames(error: BaseException) -> list[list[Any]]:
    """File, line, function and code of each frame in the submission's folder; a syntax error adds its own
    place.
    """
    here = os.getcwd() + os.sep
    found = []
    for frame in traceback.extract_tb(error.__traceback__)[-1000:]:
        name = os.path.abspath(frame.filename)
        if name.startswith(here) and not frame.filename.startswith("<"):
            found.append(_frame(name[len(here) :], frame.lineno, frame.name, frame.line))
    if isinstance(error, SyntaxError) and error.filename:
        name = os.path.abspath(str(error.filename))
        shown = name[len(here) :] if name.startswith(here) else os.path.basename(name)
        found.append(_frame(shown, error.lineno, "", error.text))
    return found[-MAX_FRAMES:]


def _frame(file: str, line: int | None, function: str, code: str | None) -> list[Any]:
    texts = [
        str(text or "").strip()[:MAX_LINE].encode("utf-8", "replace").decode()
        for text in (file, function, code)
    ]
    return [texts[0], int(line or 0), texts[1], texts[2]]
