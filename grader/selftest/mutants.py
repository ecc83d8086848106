"""Mutants: a right solution with one fault. From a catalogue beside the solution, or made by operators."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from grader.conventions.target_look import backward_names
from grader.errors import UsageError
from grader.rubric import PartSpec, Rubric, ScriptSpec, check_id
from grader.rubric.scripts import imported
from grader.selftest.operators import mutations
from grader.syntax import parse_python

CATALOGUE = "mutants.toml"


@dataclass(frozen=True)
class Mutant:
    """One fault planted in a solution.

    Attributes:
        name: what was changed, for people.
        file: in which file.
        source: the whole changed file.
        breaks: ids of checks or parts, one of which must lose points.
        diagnosis: id that the fault should be named by; "" if any or none is fine.
    """

    name: str
    file: str
    source: bytes
    breaks: tuple[str, ...]
    diagnosis: str = ""

    def planted(self, files: Mapping[str, bytes]) -> dict[str, bytes]:
        """The solution's files with the fault in it."""
        return {**files, self.file: self.source}

    @property
    def part(self) -> str:
        """The part that it breaks."""
        return self.breaks[0].partition(".")[0]


def read_catalogue(path: Path) -> list[dict[str, object]]:
    """The entries of a catalogue.

    Raises:
        UsageError: it is no TOML, or holds no list ``mutants``.
    """
    try:
        entries = tomllib.loads(path.read_text("utf-8")).get("mutants", [])
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path}: cannot be read: {error}") from error
    if not isinstance(entries, list) or not entries:
        raise UsageError(f"{path}: holds no [[mutants]]")
    return entries


def catalogued(path: Path, files: Mapping[str, bytes], rubric: Rubric) -> list[Mutant]:
    """The mutants of a catalogue: a text of a file replaced by another.

    Raises:
        UsageError: an entry names a file, a text or a check that is not there; the message says which.
    """
    known = {check_id(part, check) for part in rubric.parts for check in part.checks}
    known |= {part.id for part in rubric.parts}
    found = []
    for number, entry in enumerate(read_catalogue(path)):
        where = f"{path}: mutants[{number}]"
        try:
            file, old, new = str(entry["file"]), str(entry["old"]), str(entry["new"])
            breaks = entry["breaks"]
        except KeyError as error:
            raise UsageError(f"{where}: {error} is missing") from None
        names = tuple(str(name) for name in (breaks if isinstance(breaks, list) else [breaks]))
        unknown = [name for name in names if name not in known]
        if unknown:
            raise UsageError(f"{where}: breaks: {unknown[0]!r} is no check or part of rubric {rubric.id}")
        text = files.get(file, b"").decode("utf-8")
        if text.count(old) < 1:
            raise UsageError(f"{where}: old: {file} does not contain {old!r}")
        label = str(entry.get("name", f"{old.strip()[:40]} -> {new.strip()[:40]}"))
        source = text.replace(old, new, 1).encode()
        found.append(Mutant(label, file, source, names, str(entry.get("diagnosis", ""))))
    return found


def targets_of(part: PartSpec) -> list[tuple[str, str]]:
    """Modules and names that a part is about: its targets with their backward functions, and what its scripts import."""
    targets = {t for t in (part.target, *(check.target for check in part.checks)) if t}
    found = {(module, name) for module, _, name in (target.partition(":") for target in targets)}
    if part.layer:
        backward = (part.spelling.backward,) if part.spelling.backward else ()
        found |= {
            (module, other) for module, name in found for other in (*backward, *backward_names(name, ""))
        }
    for check in part.checks:
        if isinstance(check, ScriptSpec):
            found |= {(module, name) for module, name in imported(check.script) if name}
    return sorted(found)


def generated(files: Mapping[str, bytes], rubric: Rubric) -> Iterator[Mutant]:
    """Mutants of the classes and functions that the rubric's parts are about, one operator at one place each.

    Where several parts are about the same one, any of them may lose points. Some mutants may do the same as the original;
    survivors are for a person to look at.
    """
    concerned: dict[tuple[str, str], list[str]] = {}
    for part in rubric.parts:
        for place in targets_of(part):
            concerned.setdefault(place, []).append(part.id)
    for (module, name), parts in concerned.items():
        file = module.replace(".", "/") + ".py"
        if file in files:
            for label, source in mutations(parse_python(files[file]), name):
                yield Mutant(f"{file}: {label}", file, source.encode(), tuple(parts))
