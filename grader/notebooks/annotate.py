"""Feedback written back into a notebook: Markdown cells below the work that they speak of.

The student's cells keep their source, outputs, metadata and order. Cells of an earlier annotation are replaced.
"""

from __future__ import annotations

import ast
import hashlib
import itertools
import json
import re
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import nbformat
from nbformat.reader import NotJSONError

from grader.errors import SubmissionError
from grader.model import CheckResult, Report, Verdict
from grader.notebooks.cells import read_cells, without_magics
from grader.notebooks.modules import convert, locate
from grader.report import phrases
from grader.report.markdown import MARKS, check_lines
from grader.syntax import parse_python
from grader.text import markdown_inline

TAG = "gradmark-feedback"
# nbformat has no type hints
_reads: Callable[..., Any] = nbformat.reads
_writes: Callable[..., str] = nbformat.writes
_from_dict: Callable[..., Any] = nbformat.from_dict
_ANSWER = re.compile(r"\A\s*(?:<!--|#)\s*answer:\s*([\w.\-]+)", re.IGNORECASE)
_PLACE = re.compile(r"(?<![\w./-])([\w./-]{1,200}\.py):(\d{1,7})")
_WRITTEN = re.compile(r"\A\s*%%(?:write)?file\s+(?:-a\s+)?(?:\./)?([\w./-]{1,200})")
_WORD = re.compile(r"[a-z]+|\d+\w*")


def annotate(notebook: bytes, report: Report, *, name: str = "notebook.ipynb") -> bytes:
    """Write a report into a notebook.

    Args:
        notebook: the student's notebook.
        report: what to say; a student's view of it where students read the result.
        name: the notebook's path in the submission, as it was graded.

    Returns:
        The notebook with feedback cells, in the format that it had (format 3 becomes 4).

    Raises:
        SubmissionError: it is no notebook.
    """
    read_cells(name, notebook)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # nbformat warns of cells without ids and repairs them
        try:
            book = _reads(notebook.decode("utf-8-sig"), as_version=4)
        except (
            NotJSONError,
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
            nbformat.ValidationError,
        ) as error:
            raise SubmissionError(f"{name}: not a notebook that can be annotated: {error}") from None
        book.cells = [cell for cell in book.cells if not _is_feedback(cell)]
        places = _Places(book.cells, name, notebook)
        below: dict[int, list[CheckResult]] = {}
        for check in report.checks:
            if check.asked:
                below.setdefault(places.of(check), []).append(check)
        with_ids = (book.nbformat, book.nbformat_minor) >= (4, 5)
        cells = []
        for index, cell in enumerate(book.cells):
            cells.append(cell)
            if index in below:
                cells.append(_feedback(below[index], _words(below[index]), with_ids))
        cells.append(_feedback(below.get(-1, []), _summary(report, below.get(-1, [])), with_ids))
        book.cells = cells
        return _writes(book, version=nbformat.NO_CONVERT).encode() + b"\n"


class _Places:
    """Finds the cell that a check speaks of."""

    def __init__(self, cells: list[Any], name: str, notebook: bytes) -> None:
        self._names: dict[str, int] = {}
        self._answers: dict[str, int] = {}
        self._numbers: dict[str, int] = {}
        self._files: dict[str, int] = {}
        code = iter(read_cells(name, notebook))
        for index, cell in enumerate(cells):
            source = str(cell.get("source", ""))
            tags = cell.get("metadata", {}).get("tags", ())
            answers = [str(tag).partition(":")[2] for tag in tags if str(tag).startswith("answer:")]
            answers += _ANSWER.findall(source)
            self._answers |= {answer.strip().lower(): index for answer in answers}
            if cell.get("cell_type") == "code":
                self._numbers |= {one.name: index for one in itertools.islice(code, 1)}
                self._files |= dict.fromkeys(_WRITTEN.findall(source), index)
                self._names |= dict.fromkeys(_defined(source), index)
        self._sources = {file: data.decode() for file, data in convert({name: notebook}).files.items()}
        self._everything = next(iter(self._sources.values()), "")

    def of(self, check: CheckResult) -> int:
        """The index of its cell, or -1: what was said to be its target, else what its message names, else its title."""
        kind, _, target = check.target.rpartition(":")
        if kind == "answer":
            return self._answers.get(target.lower(), -1)
        if target.split(".")[0] in self._names:
            return self._names[target.split(".")[0]]
        if check.kind in ("formula", "manual", "claim"):
            words = {word.lower() for word in re.split(r"[.\s]", f"{check.id} {check.id.replace('.', ' q')}")}
            return next((index for answer, index in self._answers.items() if answer in words), -1)
        located = self._located(f"{check.where} {check.message} {check.detail}")
        return located if located >= 0 else self._by_title(check)

    def _located(self, text: str) -> int:
        for file, line in _PLACE.findall(text):
            if file in self._files:
                return self._files[file]
            source = self._sources.get(file, self._everything)
            cell = locate(source, min(int(line), 10**6)).rpartition(", line ")[0].rpartition(", ")[2]
            if cell in self._numbers:
                return self._numbers[cell]
        return -1

    def _by_title(self, check: CheckResult) -> int:
        """The one definition all of whose words stand in the check's id or title; the longest of several."""
        words = set(_WORD.findall(_spaced(f"{check.id} {check.title}")))
        best: dict[int, int] = {}
        for name, index in self._names.items():
            split = _spaced(name).split()
            own = [word for word in split if word not in ("module", "layer", "class")]
            if own and (set(own) <= words or "".join(own) in words):
                best[index] = max(best.get(index, 0), len("".join(own)))
        top = [index for index, length in best.items() if length == max(best.values())]
        return top[0] if len(top) == 1 else -1


def _spaced(name: str) -> str:
    """Words of a name apart, in lower case: "LinearModule" is "linear module"."""
    apart = re.sub(r"([a-z\d])([A-Z])|([A-Z])([A-Z][a-z])", r"\1\3 \2\4", name)
    return apart.lower().replace("_", " ")


def _defined(source: str) -> list[str]:
    """Names of the classes and functions that a cell defines at its top level."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            body = parse_python(without_magics(source)).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return re.findall(r"^(?:class|def)\s+(\w+)", source, re.MULTILINE)
    return [
        node.name for node in body if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef))
    ]


def _is_feedback(cell: Mapping[str, Any]) -> bool:
    metadata = cell.get("metadata", {})
    return cell.get("cell_type") == "markdown" and TAG in metadata.get("tags", ()) and "gradmark" in metadata


def _words(checks: list[CheckResult]) -> str:
    lines = ["**Feedback**", ""]
    passed = [check for check in checks if check.verdict is Verdict.PASSED]
    lines += [
        f"- {MARKS[check.verdict]} {markdown_inline(check.title or check.id)} ({_worth(check)})"
        for check in passed
    ]
    lines += [""] if passed else []
    for check in checks:
        if check.verdict is not Verdict.PASSED:
            lines += check_lines(check, level=4)
    return "\n".join(lines).rstrip()


def _worth(check: CheckResult) -> str:
    return phrases.out_of(check.earned, check.points)


def _summary(report: Report, rest: list[CheckResult]) -> str:
    asked = sum(check.points for check in report.checks if check.asked)
    lines = [
        f"## Feedback: {phrases.out_of(report.earned, asked)} points",
        "",
        "| part | points |",
        "|---|---:|",
    ]
    lines += [
        f"| {markdown_inline(part.title)} | {phrases.out_of(part.earned, part.points)} |"
        for part in report.parts
    ]
    sentences = [phrases.open_sentence(report), phrases.unasked_sentence(report)]
    lines += ["", *(f"{sentence}." for sentence in sentences if sentence)]
    if rest:
        lines += ["", _words(rest)]
    return "\n".join(lines).rstrip()


def _feedback(checks: list[CheckResult], source: str, with_id: bool) -> Any:
    metadata = {"tags": [TAG], "gradmark": {"checks": [check.id for check in checks]}, "editable": False}
    cell = _from_dict({"cell_type": "markdown", "metadata": metadata, "source": source})
    if with_id:
        digest = hashlib.sha256(json.dumps([metadata, source]).encode()).hexdigest()
        cell["id"] = f"gradmark-{digest[:16]}"
    return cell
