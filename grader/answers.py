"""Answer files: ``answers.toml``, ``answers.md`` and notebooks, read with tolerance and never executed.

What a file format did to a formula is undone and said: TOML turns ``"\\frac"`` into a form feed and "rac", and ends
``'h'(X)'`` after the h.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from grader.answers_markdown import answers_in_markdown
from grader.answers_toml import answers_in_toml
from grader.submission import Submission
from grader.trial import why_unreadable

MAX_FILE_BYTES = 512 * 1024
MAX_ANSWERS = 400
NAMES = ("answers.toml", "answers.md", "answers.markdown", "answers.txt")
_CELL_ID = re.compile(r"\A\s*(?:<!--\s*|#+\s*|%\s*)?answer:\s*([\w.\-]+)\s*(?:-->)?[ \t]*\n?", re.IGNORECASE)

Language = Literal["auto", "math", "code"]


@dataclass(frozen=True)
class WrittenAnswer:
    """One answer as it was handed in.

    Attributes:
        id: normal form: ``q1a``.
        text: the answer itself; empty where it is given in parts.
        parts: texts of its parts by name.
        work: derivation or remarks, for a person.
        file: where it was read.
        language: of a notebook's cell; otherwise found out.
        section: all that stands below the heading, in Markdown.
        notes: what was done to read it.
        broken: why the file could not be read at this place; the text is then its raw source.
    """

    id: str
    text: str = ""
    parts: Mapping[str, str] = field(default_factory=dict)
    work: str = ""
    file: str = ""
    language: Language = "auto"
    section: str = ""
    notes: tuple[str, ...] = ()
    broken: str = ""

    def __str__(self) -> str:
        parts = [f"{name}: {text}" for name, text in self.parts.items()]
        return "\n\n".join(piece for piece in (self.section or self.text, *parts, self.work) if piece.strip())

    @property
    def is_given(self) -> bool:
        """Whether there is anything at all."""
        return bool(str(self).strip())


@dataclass(frozen=True)
class Answers:
    """All answers of a submission by their id, and which files were read."""

    answers: Mapping[str, WrittenAnswer]
    files: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def get(self, name: str) -> WrittenAnswer | None:
        """The answer of that id, however it is spelled (``q1a``, ``1a``, ``Q1.a``)."""
        wanted = normal_id(name)
        if wanted in self.answers:
            return self.answers[wanted]
        for cut in (1, 2, 3):  # q2ai may be the part i of q2a
            whole = self.answers.get(wanted[:-cut])
            if whole is not None and (text := whole.parts.get(wanted[-cut:])) is not None:
                return replace(whole, id=wanted, text=text, parts={})
        return None


def find_answers(submission: Submission) -> Answers:
    """The written answers of a submission. Nothing in a file raises; a broken one is said."""
    found: dict[str, WrittenAnswer] = {}
    files: list[str] = []
    notes: list[str] = []
    for file, data in _answer_files(submission):
        if len(data) > MAX_FILE_BYTES:
            notes.append(f"{file}: larger than {MAX_FILE_BYTES >> 10} KiB, not read")
            continue
        why = why_unreadable("answers", {file: data})
        if why:
            notes.append(f"{file}: {why}")
            continue
        try:
            read, said = read_answers(file, data)
        except (ValueError, RecursionError) as error:
            notes.append(f"{file}: cannot be read: {type(error).__name__}: {str(error)[:200]}")
            continue
        notes += [f"{file}: {note}" for note in said]
        if not read:
            continue
        files.append(file)
        for answer in read[:MAX_ANSWERS]:
            earlier = found.get(answer.id)
            if earlier is None or not earlier.is_given:
                found[answer.id] = answer
            elif earlier.file == file:
                found[answer.id] = _merged(earlier, answer)
            elif answer.is_given:
                note = f"also answered in {file}; {earlier.file} was read"
                found[answer.id] = replace(earlier, notes=(*earlier.notes, note))
    return Answers(found, tuple(files), tuple(notes))


def read_answers(file: str, data: bytes) -> tuple[list[WrittenAnswer], list[str]]:
    """The answers of one file and what has to be said about the file as a whole."""
    text = data.decode("utf-8-sig", errors="replace").replace("\r\n", "\n")
    name = file.rpartition("/")[2].lower()
    if name.endswith(".ipynb"):
        return _from_notebook(file, text), []
    if name.endswith(".toml"):
        tables, notes = answers_in_toml(text)
        return [_from_table(file, key, table) for key, table in tables.items()], notes
    sections = answers_in_markdown(text)
    return [
        _with_part(
            WrittenAnswer(
                normal_id(s.id), s.answer, file=file, section=s.text, language="code" if s.code else "auto"
            ),
            s.id,
        )
        for s in sections
    ], []


def normal_id(name: str) -> str:
    """``1a``, ``Q1.a``, ``Question 1 a)`` and ``q1a`` are one id; the part behind a dot (``q1e.alpha``) is left out."""
    return split_id(name)[0]


def split_id(name: str) -> tuple[str, str]:
    """Id and part of a name: ``q1e.alpha`` is ``q1e`` and ``alpha``; ``2.a.i`` is ``q2ai`` and no part."""
    head, _, tail = name.strip().rpartition(".")
    part = (
        tail if head and ((len(tail) == 1 and tail.isupper()) or re.fullmatch(r"[A-Za-z]\w+", tail)) else ""
    )
    if re.fullmatch(r"[ivx]+", part):
        part = ""
    plain = (head if part else name).lower().strip()
    plain = re.sub(r"^(question|answer|exercise|problem|ex|ans|q)\b", "", plain)
    plain = re.sub(r"[\W_]+", "", plain)
    return (f"q{plain}" if plain[:1].isdigit() else plain), part


def _answer_files(submission: Submission) -> Iterator[tuple[str, bytes]]:
    """Files that may hold answers, in the order in which they are believed."""
    by_name: dict[str, list[tuple[str, bytes]]] = {name: [] for name in NAMES}
    for path, data in sorted(submission.files.items(), key=lambda item: (item[0].count("/"), item[0])):
        name = path.rpartition("/")[2].lower()
        if name in by_name:
            by_name[name].append((path, data))
    for name in NAMES:
        yield from by_name[name]
    notebooks = {
        **{k: v for k, v in submission.files.items() if k.endswith(".ipynb")},
        **submission.notebooks,
    }
    yield from sorted(notebooks.items())


def _from_table(file: str, key: str, table: Any) -> WrittenAnswer:
    name, notes = normal_id(key), ()
    if isinstance(table, str | int | float):
        return WrittenAnswer(name, str(table), file=file, notes=notes)
    if not isinstance(table, dict):
        return WrittenAnswer(name, str(table), file=file, broken="neither a text nor a table")
    said = tuple(str(note) for note in table.get("_notes", ()))
    broken = str(table.get("_broken", ""))
    texts = {
        str(k): str(v)
        for k, v in table.items()
        if not str(k).startswith("_") and isinstance(v, str | int | float)
    }
    work = "\n\n".join(texts.pop(k) for k in ("work", "derivation", "remarks", "comment") if k in texts)
    text = texts.pop("answer", "")
    return WrittenAnswer(name, text, texts, work, file, notes=said, broken=broken)


def _from_notebook(file: str, text: str) -> list[WrittenAnswer]:
    try:
        cells = json.loads(text)
        cells = cells.get("cells") or [
            c for sheet in cells.get("worksheets", ()) for c in sheet.get("cells", ())
        ]
    except (ValueError, RecursionError, AttributeError, TypeError):
        return []
    found: dict[str, WrittenAnswer] = {}
    for cell in cells if isinstance(cells, list) else ():
        for answer in _from_cell(file, cell):
            found[answer.id] = _merged(found[answer.id], answer) if answer.id in found else answer
    return list(found.values())


def _from_cell(file: str, cell: Any) -> Iterator[WrittenAnswer]:
    if not isinstance(cell, dict):
        return
    source = cell.get("source", cell.get("input", ""))
    source = "".join(map(str, source)) if isinstance(source, list) else str(source)
    metadata = cell.get("metadata")
    tags = metadata.get("tags", ()) if isinstance(metadata, dict) else ()
    names = (
        [str(tag).partition(":")[2] for tag in tags if str(tag).lower().startswith("answer:")]
        if isinstance(tags, list)
        else []
    )
    first = _CELL_ID.match(source)
    if first:
        names.append(first.group(1))
        source = source[first.end() :]
    language: Language = "code" if cell.get("cell_type") == "code" else "auto"
    for name in dict.fromkeys(names):
        yield _with_part(WrittenAnswer(normal_id(name), source, file=file, language=language), name)


def _with_part(answer: WrittenAnswer, name: str) -> WrittenAnswer:
    part = split_id(name)[1]
    return replace(answer, text="", section="", parts={part: answer.text}) if part else answer


def _merged(earlier: WrittenAnswer, later: WrittenAnswer) -> WrittenAnswer:
    """Two pieces of one answer in one file: parts come together, a second text replaces the first."""
    parts = {**earlier.parts, **later.parts}
    note = () if not (earlier.text and later.text) else ("answered twice; the last one was read",)
    return replace(
        earlier, text=later.text or earlier.text, section=later.section or earlier.section, parts=parts,
        work=later.work or earlier.work, notes=(*earlier.notes, *later.notes, *note), language=later.language,
    )  # fmt: skip
