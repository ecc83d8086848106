"""Problems of a rubric that can be found without a submission."""

from __future__ import annotations

from pathlib import Path

from grader.errors import RubricError
from grader.rubric import FormulaSpec, Rubric, TrainingSpec, check_id, load_rubric
from grader.truth import LAYERS

LAYER_KINDS = frozenset({"forward", "gradient", "contract", "init"})
TARGET_KINDS = frozenset({*LAYER_KINDS, "network", "torch_module", "metrics", "training"})


def lint_rubric(name: str | Path) -> list[str]:
    """Every problem of a rubric, one sentence each; empty if there is none."""
    try:
        rubric = load_rubric(name)
    except RubricError as error:
        return str(error).split("\n")
    return [
        f"rubric {rubric.id}: {problem}"
        for problem in (*_parts(rubric), *_variants(rubric), *_questions(rubric))
    ]


def _parts(rubric: Rubric) -> list[str]:
    found = []
    for part in rubric.parts:
        needs_layer = any(check.kind in LAYER_KINDS for check in part.checks)
        if needs_layer and part.layer not in LAYERS:
            found.append(f"part {part.id}: layer {part.layer!r} is none of {', '.join(LAYERS)}")
        for check in part.checks:
            if check.kind in TARGET_KINDS and not (check.target or part.target):
                found.append(f"{check_id(part, check)}: no target, and its part has none either")
            if isinstance(check, TrainingSpec) and check.ask == "accuracy":
                found += [
                    f"{check_id(part, check)}: no bands for the {kind.replace('_', '-')} data"
                    for kind in ("cifar10", "stand_in")
                    if not getattr(check.bands, kind)
                ]
    return found


def _variants(rubric: Rubric) -> list[str]:
    found = []
    for variant in rubric.variants:
        view = rubric.for_variant(variant.id)
        if not view.parts:
            found.append(f"variant {variant.id}: no part is left")
        if not variant.defines:
            found.append(
                f"variant {variant.id}: defines nothing, so that no submission can be found to be of it"
            )
    return found


def _questions(rubric: Rubric) -> list[str]:
    questions = [
        check.question for part in rubric.parts for check in part.checks if isinstance(check, FormulaSpec)
    ]
    if not questions:
        return []
    from grader.formulas import lint_questions

    return lint_questions(questions)
