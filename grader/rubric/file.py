"""Reading a rubric: a TOML file, or a built-in one by its name; every error names the file and the place in it."""

from __future__ import annotations

import difflib
import hashlib
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from grader.errors import RubricError
from grader.rubric.parts import Rubric

PACKAGE_RUBRICS = Path(__file__).parent.parent / "rubrics"  # inside the wheel
CHECKOUT_RUBRICS = Path(__file__).parent.parent.parent / "rubrics"


def load_rubric(name: str | Path) -> Rubric:
    """Read a rubric from a TOML file, or a built-in one by its name.

    Raises:
        RubricError: not found, not TOML, or not a rubric; every problem is named with its path.
    """
    path = find_rubric(name)
    return _builtin(path) if path in builtin_rubrics().values() else _load(path)


@cache
def _builtin(path: Path) -> Rubric:
    """One of our own, which does not change while we run."""
    return _load(path)


def _load(path: Path) -> Rubric:
    try:
        data = path.read_bytes()
        table = tomllib.loads(data.decode("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise RubricError(f"rubric {path}: cannot be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise RubricError(f"rubric {path}: not valid TOML: {error}") from error
    table = _extended(table, path, depth=0)
    try:
        rubric = Rubric.model_validate(
            {**table, "source_hash": hashlib.sha256(repr(table).encode()).hexdigest()}
        )
    except ValidationError as error:
        found = error.errors()
        places = [item["loc"] for item in found]
        # where an item of a list is wrong, pydantic adds that the list is too short
        causes = [
            item
            for item in found
            if item["type"] != "too_short" or not any(_inside(loc, item["loc"]) for loc in places)
        ]
        raise RubricError("\n".join(_problem(path, item, table) for item in causes)) from error
    if not rubric.solution:
        return rubric
    beside = (path.parent / rubric.solution).resolve()
    both = hashlib.sha256((rubric.source_hash + _digest(beside)).encode()).hexdigest()
    return rubric.model_copy(update={"solution": str(beside), "source_hash": both})


def _digest(solution: Path) -> str:
    """Of the course's solution: what is due comes from it, so that another one makes it another rubric."""
    found = hashlib.sha256()
    for path in sorted(solution.rglob("*.py")):
        found.update(path.relative_to(solution).as_posix().encode() + b"\0")
        found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()


def _inside(place: tuple[int | str, ...], other: tuple[int | str, ...]) -> bool:
    return len(place) > len(other) and place[: len(other)] == other


def find_rubric(name: str | Path) -> Path:
    """The file of a rubric given by path or by built-in name.

    Raises:
        RubricError: there is neither; the message lists the built-in names.
    """
    path = Path(name)
    if path.suffix == ".toml" or path.is_file():
        if not path.is_file():
            raise RubricError(f"rubric {path}: no such file")
        return path
    built_in = builtin_rubrics()
    if str(name) in built_in:
        return built_in[str(name)]
    near = difflib.get_close_matches(str(name), built_in, n=1)
    guess = f"; did you mean {near[0]!r}?" if near else ""
    raise RubricError(
        f"rubric {name!r}: no file and no built-in rubric of that name{guess} (built in: {', '.join(built_in)})"
    )


def builtin_rubrics() -> dict[str, Path]:
    """Built-in rubrics by name."""
    folder = PACKAGE_RUBRICS if PACKAGE_RUBRICS.is_dir() else CHECKOUT_RUBRICS
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def _extended(table: dict[str, Any], path: Path, *, depth: int) -> dict[str, Any]:
    """The table with what it ``extends`` underneath (scalars replace, parts replace by id) and ``includes`` after it."""
    for name in table.pop("include", []):
        included = _other(path, str(name), "include", depth)
        table = {**table, "parts": [*table.get("parts", []), *included.get("parts", [])]}
    base_name = table.pop("extends", None)
    if base_name is None:
        return table
    base = _other(path, str(base_name), "extends", depth)
    parts = {part.get("id"): part for part in base.get("parts", [])}
    for part in table.get("parts", []):
        parts[part.get("id")] = part
    for name in table.pop("drop_parts", []):
        if parts.pop(name, None) is None:
            raise RubricError(f"rubric {path}: drop_parts: {base_name} has no part {name!r}")
    return {**base, **table, "parts": list(parts.values())}


def _other(path: Path, name: str, word: str, depth: int) -> dict[str, Any]:
    """The table of a rubric that another one names: a file beside it, or a built-in one."""
    if depth >= 5:
        raise RubricError(f"rubric {path}: {word}: more than 5 rubrics deep")
    beside = path.parent / name
    other = beside if beside.is_file() else find_rubric(name)
    try:
        table = tomllib.loads(other.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RubricError(f"rubric {path}: {word}: {other} cannot be read: {error}") from error
    return _extended(table, other, depth=depth + 1)


def _problem(path: Path, item: Any, table: Mapping[str, Any]) -> str:
    where = ""
    for step in item["loc"]:
        if isinstance(step, int):
            where += f"[{step}]"
        elif step not in _KINDS:  # the discriminator's tag is no place in the file
            where += f".{step}" if where else str(step)
    value = item.get("input")
    shown = "" if isinstance(value, (dict, list, tuple)) or item["type"] == "missing" else f"{value!r}: "
    message = item["msg"].removeprefix("Value error, ")
    if item["type"] == "greater_than_equal" and where.endswith("points"):
        return f"rubric {path.name}: {where}: {value!r} is negative; points must be 0 or more"
    return f"rubric {path.name}: {where}: {shown}{message}" if where else f"rubric {path.name}: {message}"


_KINDS = {
    "forward", "gradient", "contract", "init", "network", "torch_module", "metrics", "training", "claim",
    "experiment", "script", "formula", "manual",
}  # fmt: skip
