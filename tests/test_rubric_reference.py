"""docs/rubrics.md says what the models say, and its rubrics and examples are read."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from grader.rubric import Rubric
from grader.rubric.lint import lint_rubric
from grader.rubric.reference import BEGIN, END, EXAMPLES, kinds, rubric_reference

PAGE = (Path(__file__).parent.parent / "docs" / "rubrics.md").read_text("utf-8")
PART = (
    'schema = 1\nid = "r"\ntitle = "R"\n[[parts]]\nid = "p"\ntitle = "P"\ntarget = "m:f"\nlayer = "linear"\n'
)


def test_the_page_is_what_the_command_writes() -> None:
    written = PAGE.partition(BEGIN)[2].partition(END)[0]
    assert written.strip() == rubric_reference().strip(), "run: grader rubric fields --page docs/rubrics.md"


def test_every_field_says_what_it_means() -> None:
    fields = rubric_reference().partition("### Layers")[0].splitlines()
    assert [line for line in fields if line.startswith("| `") and line.endswith("|  |")] == []


def test_there_is_an_example_of_every_kind_and_it_is_read() -> None:
    assert list(EXAMPLES) == list(kinds())
    for kind, example in EXAMPLES.items():
        rubric = Rubric.model_validate(tomllib.loads(f"{PART}checks = [{example}]"))
        assert rubric.parts[0].checks[0].kind == kind


def test_the_rubrics_of_the_page_have_no_problem(tmp_path: Path) -> None:
    hand_written = PAGE.partition(BEGIN)[0]
    for block in re.findall(r"```toml\n(.*?)```", hand_written, re.DOTALL):
        path = tmp_path / "page.toml"
        path.write_text(block if block.startswith("schema") else PART.partition("[[")[0] + block, "utf-8")
        assert lint_rubric(path) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('layer = "linear"', 'layer = "BatchNorm1d"', "layer 'BatchNorm1d' is unknown; did you mean 'batch_norm'? (layers: linear, "),
        ('layer = "linear"', 'layer = "max_pool"', "did you mean 'max_pool2d'?"),
        ('layer = "linear"', "", "layer is missing; one of linear, relu"),
        ('layer = "linear"', 'layer = "linear"\noptions = { stride = 2 }', "options: linear has no 'stride'; it has none"),
        ('layer = "linear"', 'layer = "linear"\nspelling = { parameters = { w = "W" } }', "linear has no parameter 'w'; it has weight, bias"),
        ('"forward"', '"contract", asks = ["stable"]', "p.contract: 'stable' is for softmax, softmax_cross_entropy"),
        ('"forward"', '"gradient", tensors = ["w"]', "p.gradient: tensors: linear has no 'w'; it has x, weight, bias"),
        ('"forward"', '"torch_module"', 'p.torch_module: which activation? Give the part layer = "relu"'),
    ],
)  # fmt: skip
def test_lint_says_what_a_layer_does_not_have(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = tmp_path / "r.toml"
    path.write_text(f'{PART}checks = [{{ kind = "forward" }}]'.replace(old, new), "utf-8")
    problems = lint_rubric(path)
    assert len(problems) == 1
    assert said in problems[0]
