"""A first rubric from a course's solution: names are guesses, and each guess is tried before it is written down."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from grader.conventions.target_look import backward_names
from grader.errors import UsageError
from grader.model import Verdict
from grader.rubric import Rubric
from grader.rubric.lint import STABLE_LAYERS
from grader.sandbox import Sandbox
from grader.session import GradeSettings, Session
from grader.submission import Submission, load_submission
from grader.truth import LAYERS

WORDS: Mapping[str, tuple[str, ...]] = {
    "softmaxcrossentropy": ("softmax_cross_entropy",),
    "softmaxloss": ("softmax_cross_entropy",),
    "crossentropy": ("softmax_cross_entropy", "cross_entropy", "bce_with_logits"),
    "softmax": ("softmax", "softmax_cross_entropy"),
    "bce": ("bce_with_logits",),
    "mse": ("mse",), "squarederror": ("mse",), "euclidean": ("mse",), "l2loss": ("mse",),
    "hinge": ("hinge",), "svm": ("hinge",),
    "batchnorm": ("batch_norm",), "layernorm": ("layer_norm",),
    "maxpool": ("max_pool2d",), "averagepool": ("avg_pool2d",), "avgpool": ("avg_pool2d",), "meanpool": ("avg_pool2d",),
    "pool": ("max_pool2d", "avg_pool2d"),
    "conv": ("conv2d",), "embed": ("embedding",), "dropout": ("dropout",), "attention": ("attention",),
    "lstm": ("lstm_cell",), "rnn": ("rnn_cell",),
    "leakyrelu": ("leaky_relu",), "relu": ("relu",), "gelu": ("gelu",), "elu": ("elu",), "silu": ("swish",), "swish": ("swish",),
    "sigmoid": ("sigmoid",), "tanh": ("tanh",),
    "affine": ("linear",), "linear": ("linear",), "dense": ("linear",), "fullyconnected": ("linear",), "fc": ("linear",),
}  # fmt: skip
"""What a name may hold, and the layers that it then may be, the likeliest first."""

GATES = ("i f o g", "f i g o", "f i o g", "i g f o", "f g i o", "i o f g")
SETTINGS: Mapping[str, tuple[dict[str, Any], ...]] = {
    "lstm_cell": tuple({"spelling": {"gates": gates}} for gates in GATES),
    "batch_norm": tuple({"options": {"eps": eps}} for eps in (1e-8, 1e-6, 1e-3)),
    "layer_norm": tuple({"options": {"eps": eps}} for eps in (1e-8, 1e-6, 1e-3)),
}
"""What a course may have chosen in another way."""

CHECKS: tuple[dict[str, Any], ...] = ({"kind": "forward", "points": 2}, {"kind": "gradient", "points": 4})


@dataclass(frozen=True)
class Guess:
    """A class or function, and the part that grades it, if one was found."""

    module: str
    name: str
    takes: tuple[str, ...] = ()  # what it must be given
    part: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""  # why none was found


def draft_rubric(
    folder: Path,
    sandbox: Sandbox,
    *,
    beside: Path | None = None,
    on_tried: Callable[[str], None] = lambda name: None,
) -> str:
    """The text of a rubric for a solution: a part for every layer that was recognised, a comment for the rest.

    Args:
        folder: the solution.
        sandbox: where the guesses are tried.
        beside: the file that it will be written to; None: one in the working folder.
        on_tried: told the name of each class and function before it is tried.

    Raises:
        UsageError: there is no Python file, or nothing in it that could be graded.
    """
    solution = load_submission(folder)
    places = list(_places(solution))
    if not places:
        raise UsageError(f"{folder}: no Python file there defines a class or function")
    guesses = []
    for place in places:
        on_tried(place.name)
        guesses.append(_tried_guess(solution, sandbox, place))
    start = beside.parent if beside is not None else Path()
    return _text(folder.resolve().name, os.path.relpath(folder, start), guesses)


def _places(solution: Submission) -> Iterator[Guess]:
    """Public classes and functions; a backward function goes with its forward."""
    for file in sorted(solution.files):
        path = PurePosixPath(file)
        if path.suffix != ".py" or path.name.startswith(("test_", "__")):
            continue
        module = ".".join(path.with_suffix("").parts)
        outline = solution.sources.outline(module)
        if outline is None or outline.broken:
            continue
        names = [*outline.classes, *outline.functions]
        backward = {other for name in names for other in backward_names(name, "") if other != name}
        for name in names:
            if not name.startswith("_") and name not in backward and "backward" not in name.lower():
                found = outline.functions.get(name) or outline.classes[name].methods.get("__init__")
                yield Guess(module, name, found.parameters[: found.required] if found else ())


def layers_for(name: str) -> tuple[str, ...]:
    """Layers that a name may stand for, by the longest words that it holds."""
    bare = name.lower().replace("_", "")
    found: dict[str, None] = {}
    for word in sorted(WORDS, key=len, reverse=True):
        if word in bare:
            found |= dict.fromkeys(WORDS[word])
            bare = bare.replace(word, " ")
    return tuple(found)


def _tried_guess(solution: Submission, sandbox: Sandbox, place: Guess) -> Guess:
    """The guess with the first part that the solution passes; else with the reason why the likeliest does not fit."""
    reason = ""
    for layer in layers_for(place.name):
        for extra in ({}, *SETTINGS.get(layer, ())):
            part = {"target": f"{place.module}:{place.name}", "layer": layer, **extra}
            verdicts, said = _tried(solution, sandbox, part, CHECKS)
            if verdicts == [Verdict.PASSED] * 2:
                return replace(place, part={**part, "checks": (*CHECKS, *_contract(solution, sandbox, part))})
            if verdicts[0] is Verdict.PASSED:
                without = ({**CHECKS[0]}, {**CHECKS[1], "ties": False})
                if _tried(solution, sandbox, part, without)[0] == [Verdict.PASSED] * 2:
                    return replace(
                        place, part={**part, "checks": (*without, *_contract(solution, sandbox, part))}
                    )
            reason = reason or f"as {layer}: {said}"
    return replace(place, reason=reason)


def _contract(solution: Submission, sandbox: Sandbox, part: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
    """The check of the layer's contract, where the solution keeps it."""
    layer = LAYERS[part["layer"]]
    asks = ["overwrites"] if layer.parameters else []
    asks += ["inputs_untouched", "batch_of_one", *(["stable"] if layer.name in STABLE_LAYERS else [])]
    check = {"kind": "contract", "points": 2, "asks": asks}
    verdicts, _ = _tried(solution, sandbox, part, [check])
    return (check,) if verdicts == [Verdict.PASSED] else ()


def _tried(
    solution: Submission, sandbox: Sandbox, part: Mapping[str, Any], checks: Sequence[Mapping[str, Any]]
) -> tuple[list[Verdict], str]:
    """How a part judges the solution, and what it says where it does not pass."""
    table = {"id": "guess", "title": "Guess", **part, "checks": checks}
    rubric = Rubric.model_validate({"schema": 1, "id": "draft", "title": "Draft", "parts": [table]})
    found = Session(solution, rubric, sandbox, GradeSettings(seed=1, stamp=False)).grade().checks
    said = next((check.message for check in found if check.verdict is not Verdict.PASSED), "")
    return [check.verdict for check in found], said


def _text(title: str, solution: str, guesses: Sequence[Guess]) -> str:
    name = _identifier(title)
    files = sorted({guess.module.replace(".", "/") + ".py" for guess in guesses if guess.part})
    lines = [
        "# A first version, made from the solution. Set titles and points, then: grader rubric lint, grade, selftest.",
        "schema = 1",
        f"id = {_toml(name)}",
        f"title = {_toml(name)}",
        f"modules = {_toml(files)}",
        f"solution = {_toml(Path(solution).as_posix())}  # for scripts; relative to this file",
    ]
    taken: dict[str, int] = {}
    for guess in guesses:
        plain = guess.name.removesuffix("_naive").removesuffix("_forward")
        name = _identifier(plain)
        taken[name] = taken.get(name, 0) + 1
        lines += ["", *_part(guess, f"{name}-{taken[name]}" if taken[name] > 1 else name)]
    return "\n".join(lines) + "\n"


def _part(guess: Guess, name: str) -> list[str]:
    if guess.part:
        head = ["[[parts]]", f"id = {_toml(name)}", f"title = {_toml(guess.name)}"]
        return [*head, *(f"{key} = {_toml(value)}" for key, value in guess.part.items())]
    why = guess.reason or "no layer of the reference is called like that"
    what = f"# {guess.module}.{guess.name}: {' '.join(why.split())}"
    inputs = _toml(dict.fromkeys(guess.takes, "N D"))
    stub = [
        "[[parts]]", f"id = {_toml(name)}", f"title = {_toml(guess.name)}",
        "[[parts.checks]]", 'kind = "script"', f"inputs = {inputs}", 'compare = ["out"]', "script = '''",
        f"from {guess.module} import {guess.name}", f"out = {guess.name}({', '.join(guess.takes)})", "'''",
    ]  # fmt: skip
    return [what, *(f"# {line}" for line in stub)]


def _identifier(name: str) -> str:
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)
    return re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")[:50] or "homework"


def _toml(value: Any) -> str:
    """A text, number, truth value, list or table on one line."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_toml(item)}" for key, item in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        lines = [_toml(item) for item in value]
        return (
            "[\n" + "".join(f"  {line},\n" for line in lines) + "]"
            if _tables(value)
            else f"[{', '.join(lines)}]"
        )
    return str(value) if isinstance(value, float) else json.dumps(value, ensure_ascii=False)


def _tables(value: Sequence[Any]) -> bool:
    return bool(value) and all(isinstance(item, Mapping) for item in value)
