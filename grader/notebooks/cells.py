"""The code cells of a notebook, read with tolerance: formats 3 and 4, magics, shell lines, `%%writefile`."""

from __future__ import annotations

import ast
import json
import re
import warnings
from dataclasses import dataclass
from typing import Any

from grader.errors import SubmissionError
from grader.syntax import parse_python
from grader.text import one_line

MAX_MAGICS = 100  # lines of one cell that are replaced one by one
MAX_REPARSED = 500_000  # characters that are parsed again for them
MAX_CELLS = 5_000
MAX_CELL_CHARACTERS = 400_000
TRANSPARENT = frozenset(("time", "timeit", "capture", "prun", "python", "python3", "py", "snakeviz", "memit"))
_RUN = re.compile(
    r"^([ \t]{0,80})%run\s+(?:-i\s+)?[\"']?(?:\./)?([A-Za-z_]\w{0,100})(?:\.ipynb|\.py)[\"']?\s*$"
)
_MAGIC_LINE = re.compile(r"^(\s*)(?:[%!]|\?{1,2}\w|[\w.]+\?{1,2}\s*$)")
_MAGIC_VALUE = re.compile(r"^([ \t]{0,80})(\w[\w, ]{0,200}?)[ \t]{0,20}=[ \t]{0,20}[%!](?!=)")
_FILE_NAME = re.compile(r"^[A-Za-z_][\w./-]{0,199}$")


@dataclass(frozen=True)
class Cell:
    """One code cell: its number among the code cells (from 1), what students see beside it, and its code."""

    number: int
    count: int | None
    source: str

    @property
    def name(self) -> str:
        """How messages call it: "code cell 7 (In [12])"."""
        return f"code cell {self.number}" + (f" (In [{self.count}])" if self.count is not None else "")


def read_cells(name: str, data: bytes) -> list[Cell]:
    """The code cells of a notebook, format 3 or 4, read with tolerance and nothing executed.

    Raises:
        SubmissionError: it is no notebook, or not one in Python.
    """
    shown = one_line(name)
    try:
        notebook = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise SubmissionError(f"{shown}: not a notebook (JSON): {one_line(error)}") from None
    if not isinstance(notebook, dict):
        raise SubmissionError(f"{shown}: not a notebook: JSON, but not an object with cells")
    language = _language(notebook)
    if language not in ("", "python"):
        raise SubmissionError(f"{shown}: a notebook in {one_line(language, limit=40)}; Python is needed")
    cells = [
        cell for cell in raw_cells(notebook) if isinstance(cell, dict) and cell.get("cell_type") == "code"
    ]
    if len(cells) > MAX_CELLS:
        raise SubmissionError(f"{shown}: {len(cells):,} code cells; at most {MAX_CELLS:,} are read")
    return [_cell(number, cell) for number, cell in enumerate(cells, start=1)]


def raw_cells(notebook: dict[str, Any]) -> list[Any]:
    """The cells of a notebook of format 3 or 4, as they are."""
    cells = notebook.get("cells")
    if isinstance(cells, list):
        return cells
    sheets = notebook.get("worksheets")  # format 3
    found: list[Any] = []
    for sheet in sheets if isinstance(sheets, list) else ():
        if isinstance(sheet, dict) and isinstance(sheet.get("cells"), list):
            found += sheet["cells"]
    return found


def _language(notebook: dict[str, Any]) -> str:
    metadata = notebook.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    for key, field in (("language_info", "name"), ("kernelspec", "language")):
        part = metadata.get(key)
        if isinstance(part, dict) and isinstance(part.get(field), str):
            language = part[field].lower()
            return "python" if language.startswith(("python", "ipython")) else language
    return ""


def joined(text: Any) -> str:
    """A text of a notebook, which may be a list of its lines; "" for anything else."""
    if isinstance(text, list):
        return "".join(line for line in text if isinstance(line, str))
    return text if isinstance(text, str) else ""


def _cell(number: int, cell: dict[str, Any]) -> Cell:
    text = joined(cell.get("source", cell.get("input", "")))
    count = cell.get("execution_count", cell.get("prompt_number"))
    count = count if type(count) is int and 0 <= count < 10**6 else None
    text = (
        text[:MAX_CELL_CHARACTERS]
        .replace("\r\n", "\n")
        .replace("\r", "\n")
        .replace("\x00", "")
        .lstrip("\ufeff")
    )
    return Cell(number, count, text.encode("utf-8", "replace").decode())


def without_files(name: str, cells: list[Cell], written: dict[str, bytes], notes: list[str]) -> list[Cell]:
    """The cells that hold Python code; those that write a file give that file."""
    kept = []
    for cell in cells:
        head, _, rest = cell.source.lstrip("\n").partition("\n")
        if not head.startswith("%%"):
            kept.append(cell)
            continue
        magic, *arguments = head[2:].split() or [""]
        if magic in ("writefile", "file"):
            _write_file(f"{one_line(name)}, {cell.name}", arguments, rest, written, notes)
        elif magic in TRANSPARENT:
            kept.append(Cell(cell.number, cell.count, f"# {head}\n{rest}"))
    return kept


def _write_file(
    place: str, arguments: list[str], text: str, written: dict[str, bytes], notes: list[str]
) -> None:
    append = arguments[:1] in (["-a"], ["--append"])
    file = arguments[-1].strip("\"'").removeprefix("./") if arguments else ""
    if not _FILE_NAME.match(file) or ".." in file.split("/"):
        notes.append(
            f"{place} writes a file of an odd name, which was left out: {one_line(file, limit=60)!r}."
        )
        return
    before = written.get(file, b"") if append else b""
    written[file] = before + text.encode() + b"\n"


def without_magics(source: str) -> str:
    """Replace magic, shell and help lines; a cell that is plain Python stays as it is.

    First the lines that do not parse, so that a text in quotes which looks like a magic stays; where that leads
    nowhere, every line that looks like one.
    """
    if _parses(source):
        return source
    lines = _dedented(source).split("\n")
    for _ in range(min(MAX_MAGICS, 1 + MAX_REPARSED // (len(source) + 1))):
        bad = _bad_line("\n".join(lines))
        if bad is None:
            return "\n".join(lines)
        if not 0 < bad <= len(lines) or not _replace(lines, bad - 1):
            break
    for index in range(len(lines)):
        _replace(lines, index)
    return "\n".join(lines)


def _dedented(source: str) -> str:
    """The cell without the indentation of its first line, as IPython runs it."""
    first = next((line for line in source.split("\n") if line.strip()), "")
    indent = first[: len(first) - len(first.lstrip())]
    return "\n".join(line.removeprefix(indent) for line in source.split("\n")) if indent else source


def _bad_line(source: str) -> int | None:
    """The line at which a source fails to parse; 0 where none is named; None where it parses."""
    try:
        parse(source)
    except SyntaxError as error:
        return error.lineno or 0
    except (ValueError, RecursionError, MemoryError):
        return 0
    return None


def _replace(lines: list[str], index: int) -> bool:
    """Replace a line by Python that stands for it, if it is a magic; lines that continue it are emptied."""
    line = lines[index]
    run, magic, value = _RUN.match(line), _MAGIC_LINE.match(line), _MAGIC_VALUE.match(line)
    if run:
        lines[index] = f"{run[1]}from {run[2]} import *"
    elif magic:
        lines[index] = f"{magic[1]}pass"
    elif value:
        lines[index] = f"{value[1]}{value[2]} = None"
    else:
        return False
    while line.endswith("\\") and index + 1 < len(lines):
        index += 1
        line, lines[index] = lines[index], ""
    return True


def _parses(source: str) -> bool:
    try:
        parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def parse(source: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return parse_python(source)
