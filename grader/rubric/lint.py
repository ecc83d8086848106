"""Problems of a rubric that can be found without a submission."""

from __future__ import annotations

import difflib
from pathlib import Path

from grader.errors import RubricError
from grader.rubric import FormulaSpec, PartSpec, Rubric, ScriptSpec, TrainingSpec, check_id, load_rubric
from grader.rubric.scripts import script_problems
from grader.truth import LAYERS

LAYER_KINDS = frozenset({"forward", "gradient", "contract", "init"})
STABLE_ASKS = frozenset({"stable", "stable_rows"})
STABLE_LAYERS = frozenset({"softmax", "softmax_cross_entropy"})
ACTIVATIONS = frozenset({"elu", "relu", "leaky_relu", "tanh", "sigmoid"})
TARGET_KINDS = frozenset({*LAYER_KINDS, "network", "torch_module", "metrics", "training", "claim"})


def lint_rubric(name: str | Path) -> list[str]:
    """Every problem of a rubric, one sentence each; empty if there is none."""
    try:
        rubric = load_rubric(name)
    except RubricError as error:
        return str(error).split("\n")
    return [
        f"rubric {rubric.id}: {problem}"
        for problem in (*_parts(rubric), *_scripts(rubric), *_variants(rubric), *_questions(rubric))
    ]


def _parts(rubric: Rubric) -> list[str]:
    found = []
    for part in rubric.parts:
        needs_layer = any(check.kind in LAYER_KINDS for check in part.checks)
        if needs_layer and part.layer not in LAYERS:
            found.append(f"part {part.id}: {_unknown_layer(part.layer)}")
        elif part.layer:
            found += [f"part {part.id}: {problem}" for problem in _layer_problems(part)]
        for check in part.checks:
            if check.kind in TARGET_KINDS and not (check.target or part.target):
                found.append(f"{check_id(part, check)}: no target, and its part has none either")
            if check.kind == "torch_module" and not any(
                p.layer in ACTIVATIONS for p in (part, *rubric.parts)
            ):
                found.append(
                    f'{check_id(part, check)}: which activation? Give the part layer = "relu", or another'
                )
            if isinstance(check, TrainingSpec) and check.ask == "accuracy":
                found += [
                    f"{check_id(part, check)}: no bands for the {kind.replace('_', '-')} data"
                    for kind in ("cifar10", "stand_in")
                    if not getattr(check.bands, kind)
                ]
    return found


def _unknown_layer(name: str) -> str:
    """What is wrong with a layer's name, with the nearest one or all."""
    if not name:
        return f"layer is missing; one of {', '.join(LAYERS)}"
    plain = {known.replace("_", ""): known for known in LAYERS}
    spelled = name.lower().replace("_", "").removesuffix("layer").removesuffix("loss").removesuffix("1d")
    near = [known for bare, known in plain.items() if bare == spelled]
    near = near or difflib.get_close_matches(name, LAYERS, n=1, cutoff=0.7)
    guess = f"; did you mean {near[0]!r}?" if near else ""
    return f"layer {name!r} is unknown{guess} (layers: {', '.join(LAYERS)})"


def _layer_problems(part: PartSpec) -> list[str]:
    """Options, asks, tensors and spelling that the part's layer does not have."""
    if part.layer not in LAYERS:
        return [_unknown_layer(part.layer)]
    layer = LAYERS[part.layer]
    found = []
    for name in part.options:
        if name not in layer.options:
            found.append(
                f"options: {layer.name} has no {name!r}; it has {', '.join(layer.options) or 'none'}"
            )
    for name in (*part.spelling.parameters, *part.spelling.gradients, *part.spelling.without):
        if name not in layer.parameters:
            have = ", ".join(layer.parameters) or "none"
            found.append(f"spelling: {layer.name} has no parameter {name!r}; it has {have}")
    for check in part.checks:
        asks = set(getattr(check, "asks", ())) & STABLE_ASKS
        if asks and layer.name not in STABLE_LAYERS:
            found.append(
                f"{check_id(part, check)}: {sorted(asks)[0]!r} is for {', '.join(sorted(STABLE_LAYERS))}"
            )
        for tensor in getattr(check, "tensors", ()):
            if tensor not in layer.tensors:
                have = ", ".join(layer.tensors)
                found.append(
                    f"{check_id(part, check)}: tensors: {layer.name} has no {tensor!r}; it has {have}"
                )
        if check.kind == "init" and not {"weight", "bias"} <= set(layer.parameters):
            found.append(f"{check_id(part, check)}: init is for layers with weight and bias: linear, conv2d")
    return found


def _scripts(rubric: Rubric) -> list[str]:
    """Scripts that are no Python, compare what they do not assign, or do not know what is due."""
    found = []
    for part in rubric.parts:
        for check in part.checks:
            if isinstance(check, ScriptSpec):
                found += [
                    f"{check_id(part, check)}: {problem}" for problem in _script_problems(check, rubric)
                ]
    return found


def _script_problems(check: ScriptSpec, rubric: Rubric) -> list[str]:
    found = []
    if not check.expected and not rubric.solution:
        found.append("nothing says what is due; give it expected, or the rubric a solution")
    elif not check.expected and not Path(rubric.solution).is_dir():
        found.append(f"solution: {rubric.solution} is no folder")
    return [*found, *script_problems(check)]


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
