"""Which year's homework a submission answers, found from what its files define."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from grader.rubric import Rubric, Variant
from grader.submission.outline import FunctionOutline, Outline

_ENTRY = re.compile(r"^(?P<module>[\w.]+):(?P<name>\w+)(?P<call>\((?P<parameter>\w*)\))?$")


@dataclass(frozen=True)
class FoundVariant:
    """A variant and why it was taken."""

    id: str
    reason: str


def find_variant(
    rubric: Rubric, outline: Callable[[str], Outline | None], *, asked: str | None = None
) -> FoundVariant:
    """The variant asked for, or the one of which the submission defines the largest share; the first of equals.

    Raises:
        RubricError: the variant asked for does not exist.
    """
    if asked:
        return FoundVariant(rubric.variant(asked).id, "as asked")
    if not rubric.variants:
        return FoundVariant("", "")
    scored = [(_share(variant, outline), variant) for variant in rubric.variants]
    best = max(share for share, _ in scored)
    chosen = next(variant for share, variant in scored if share == best)
    if best == 0:
        return FoundVariant(chosen.id, "nothing of any variant was found, so the first was taken")
    found = [entry for entry in chosen.defines if _defined(entry, outline)]
    return FoundVariant(
        chosen.id, "found from " + ", ".join(entry.partition("|")[0].partition(":")[2] for entry in found)
    )


def as_found(
    rubric: Rubric, outline: Callable[[str], Outline | None], *, asked: str | None = None
) -> tuple[FoundVariant, Rubric]:
    """The variant, and the rubric as it is for it; errors as for ``find_variant``."""
    found = find_variant(rubric, outline, asked=asked)
    return found, rubric.for_variant(found.id) if found.id else rubric


def _share(variant: Variant, outline: Callable[[str], Outline | None]) -> float:
    if not variant.defines:
        return 0.0
    return sum(_defined(entry, outline) for entry in variant.defines) / len(variant.defines)


def _defined(entry: str, outline: Callable[[str], Outline | None]) -> bool:
    if "|" in entry:
        return any(_defined(choice, outline) for choice in entry.split("|"))
    match = _ENTRY.match(entry)
    if not match:
        return False
    found = outline(match["module"])
    if found is None or not found.defines(match["name"]):
        return False
    if match["call"] is None:
        return True
    function = _function(found, match["name"])
    if function is None:  # a class without a constructor, or a name from another file, which cannot be seen
        return (match["name"] in found.classes) is not bool(match["parameter"])
    if match["parameter"]:  # what *args and **kwargs take cannot be seen, and may be this parameter
        return function.open or match["parameter"] in function.parameters
    return not (function.open or function.parameters)


def _function(outline: Outline, name: str) -> FunctionOutline | None:
    """The function, or the constructor of the class, of that name."""
    if name in outline.classes:
        return outline.classes[name].methods.get("__init__")
    return outline.functions.get(name)
