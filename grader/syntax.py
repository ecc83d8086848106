"""Python's parser, used by one thread at a time.

Some versions of CPython 3.11 and 3.12 count the depth of all trees that are being made in one place: two threads that
parse at once disturb each other's count, which ends in a SystemError (python/cpython issue 106905).
"""

from __future__ import annotations

import ast
import threading

_ONE = threading.Lock()


def parse_python(source: str | bytes, *, filename: str = "<unknown>") -> ast.Module:
    """The syntax tree of a source.

    Raises:
        SyntaxError: it is no Python; ValueError, RecursionError, MemoryError, LookupError as ``ast.parse``.
    """
    with _ONE:
        return ast.parse(source, filename=filename)


def parse_expression(source: str) -> ast.expr:
    """The syntax tree of one expression; raises what ``parse_python`` raises."""
    with _ONE:
        return ast.parse(source, mode="eval").body
