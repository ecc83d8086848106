"""Modules made of notebooks, and the way back from a line of a module to its cell."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from grader.errors import SubmissionError
from grader.notebooks.cells import Cell, read_cells, without_files, without_magics
from grader.notebooks.guard import PRELUDE, emitted
from grader.notebooks.statements import Statement, is_future, kept_statements, statements_of
from grader.text import one_line

MARKER = re.compile(
    r"^#%% (?P<notebook>.*), (?P<cell>code cell \d+(?: \(In \[\d+\]\))?)(?:, line (?P<line>\d+))?$"
)
_NAMED_DEFINITION = re.compile(r"^(?:async\s+def|def|class)\s+([A-Za-z_]\w*)", re.MULTILINE)


@dataclass(frozen=True)
class Converted:
    """Files made of notebooks, and one sentence for each cell that could not be used."""

    files: Mapping[str, bytes]
    notes: tuple[str, ...] = ()


def notebook_to_files(name: str, data: bytes, modules: Sequence[str] = ()) -> dict[str, bytes]:
    """Turn one notebook into Python files.

    Args:
        name: its path in the submission, which messages use.
        data: its bytes.
        modules: file names that the homework asks for; each is made of the notebook's code.

    Returns:
        Files by name: the notebook's own module, those asked for, and what its `%%writefile` cells write.

    Raises:
        SubmissionError: it is no notebook, or not one in Python.
    """
    return dict(convert({name: data}, modules).files)


def convert(notebooks: Mapping[str, bytes], modules: Sequence[str] = ()) -> Converted:
    """Turn all notebooks of a submission into Python files.

    A module asked for is made of the notebook of that name, else of all notebooks in the order of their names, as
    far as they define anything. Of several notebooks those that cannot be read are noted and left out.

    Raises:
        SubmissionError: there is one, and it is no notebook or not one in Python.
    """
    own: dict[str, _Source] = {}
    written: dict[str, bytes] = {}
    notes: list[str] = []
    for name in sorted(notebooks):
        try:
            cells = read_cells(name, notebooks[name])
        except SubmissionError as error:
            if len(notebooks) == 1:
                raise
            notes.append(str(error))
            continue
        own[_module_name(name)] = _source(name, without_files(name, cells, written, notes), notes)
    files = {file: _text([source]) for file, source in own.items()}
    if any(source.defines for source in own.values()):
        everything = _text(own.values())
        files |= {module: everything for module in modules if module not in files}
    return Converted(files | written, tuple(notes))


@dataclass(frozen=True)
class _Source:
    """What one notebook gives a module."""

    notebook: str
    future: frozenset[str]
    chunks: tuple[str, ...]
    defines: bool  # functions or classes, also in cells that cannot be read


def _text(sources: Iterable[_Source]) -> bytes:
    every = list(sources)
    head = [f"# Made from {', '.join(source.notebook for source in every)}: definitions and what they need."]
    future = sorted(frozenset().union(*(source.future for source in every)))
    chunks = [chunk for source in every for chunk in source.chunks]
    return ("\n".join([*head, *future, PRELUDE, *chunks]) + "\n").encode()


def locate(source: str | bytes, line: int) -> str:
    """Name the notebook, cell and line behind a line of a generated module; empty where it was not generated.

    Args:
        source: the text of the module.
        line: a line of it, from 1.
    """
    text = source.decode("utf-8", "replace") if isinstance(source, bytes) else source
    lines = text.split("\n")[:line]
    for above, candidate in enumerate(reversed(lines)):
        match = MARKER.match(candidate)
        if match:
            place = f"{match['notebook']}, {match['cell']}"
            return f"{place}, line {int(match['line']) + max(above - 1, 0)}" if match["line"] else place
    return ""


def _module_name(name: str) -> str:
    stem = name.rpartition("/")[2].rpartition(".")[0]
    word = re.sub(r"\W", "_", stem, flags=re.ASCII) or "notebook"
    return f"{'_' if word[0].isdigit() else ''}{word}.py"


def _source(name: str, cells: Iterable[Cell], notes: list[str]) -> _Source:
    """What the notebook defines and what that needs."""
    notebook = one_line(name)
    statements: list[Statement] = []
    chunks: list[str] = []
    for cell in cells:
        code = without_magics(cell.source)
        try:
            statements += statements_of(cell, code)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            notes.append(f"{notebook}, {cell.name} cannot be read: {_problem(error)}")
            chunks.append(_broken(notebook, cell, code, error))
    kept = kept_statements(statements)
    needed = frozenset().union(*(s.needs for s in kept))
    if "display" in needed:  # IPython's, which is not there outside a notebook
        chunks.append("def display(*args, **kwargs): return None")
    chunks += [emitted(notebook, s, needed) for s in kept if not is_future(s.node)]
    definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    defines = any(isinstance(s.node, definitions) for s in statements) or any(
        "\ndef " in chunk for chunk in chunks
    )
    return _Source(
        notebook, frozenset(s.text for s in statements if is_future(s.node)), tuple(chunks), defines
    )


def _problem(error: BaseException) -> str:
    line = f", line {error.lineno} of the cell" if isinstance(error, SyntaxError) and error.lineno else ""
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    return one_line(f"{type(error).__name__}: {text}{line}")


def _broken(notebook: str, cell: Cell, code: str, error: BaseException) -> str:
    """Definitions in the place of a cell that cannot be read: using one says why it is not there."""
    message = f"{notebook}, {cell.name} cannot be read: {_problem(error)}"
    lines = [f"#%% {notebook}, {cell.name}, line 1"]
    for name in dict.fromkeys(_NAMED_DEFINITION.findall(code)):
        if name.isidentifier():
            lines.append(f"def {name}(*args, **kwargs): raise SyntaxError({message!r})")
    return "\n".join(lines)
