"""Rubrics: read with clear errors, held together, cut to a variant."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.errors import RubricError
from grader.rubric import Rubric, builtin_rubrics, load_rubric

SMALL = """
schema = 1
id = "small"
title = "Small"
[[variants]]
id = "a"
also = ["aa"]
[[parts]]
id = "linear"
title = "Linear"
target = "modules:LinearModule"
layer = "linear"
checks = [{ kind = "forward", points = 2 }, { kind = "gradient", points = 3, needs = ["linear.forward"] }]
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "r.toml"
    path.write_text(text, "utf-8")
    return path


def message(folder: Path, text: str) -> str:
    with pytest.raises(RubricError) as caught:
        load_rubric(write(folder, text))
    return str(caught.value)


def test_a_small_rubric_is_read(tmp_path: Path) -> None:
    rubric = load_rubric(write(tmp_path, SMALL))
    assert [check.kind for check in rubric.parts[0].checks] == ["forward", "gradient"]
    assert rubric.parts[0].checks[1].needs == ("linear.forward",)
    assert len(rubric.source_hash) == 64


def test_another_solution_makes_it_another_rubric(tmp_path: Path) -> None:
    text = SMALL.replace('title = "Small"', 'title = "Small"\nsolution = "ours"')
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "modules.py").write_text("a = 1")
    first = load_rubric(write(tmp_path, text))
    assert first.solution == str(tmp_path / "ours")
    assert load_rubric(write(tmp_path, text)) == first
    (tmp_path / "ours" / "modules.py").write_text("a = 2")
    assert load_rubric(write(tmp_path, text)).source_hash != first.source_hash


def test_a_formula_check_is_called_like_its_question(tmp_path: Path) -> None:
    questions = ", ".join(
        f'{{ kind = "formula", question = {{ id = "{name}", symbols = {{ x = "n" }}, answer = "2 x" }} }}'
        for name in ("q1", "q2")
    )
    text = f'schema = 1\nid = "r"\ntitle = "R"\n[[parts]]\nid = "p"\ntitle = "P"\nchecks = [{questions}]\n'
    rubric = load_rubric(write(tmp_path, text))
    assert [check.id for check in rubric.parts[0].checks] == ["q1", "q2"]
    assert "at least 1 item" not in message(tmp_path, text.replace("formula", "formla"))


@pytest.mark.parametrize("name", list(builtin_rubrics()))
def test_built_in_rubrics_are_read(name: str) -> None:
    assert load_rubric(name).id == name


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "points = 2",
            "points = -1",
            "rubric r.toml: parts[0].checks[0].points: -1 is negative; points must be 0 or more",
        ),
        ('kind = "forward"', 'kind = "forwards"', "parts[0].checks[0]"),
        ('"linear.forward"', '"linear.foward"', "did you mean 'linear.forward'?"),
        ('title = "Small"', "", "title: Field required"),
        ("points = 2", "pionts = 2", "parts[0].checks[0].pionts"),
        ('target = "modules:LinearModule"', 'target = "modules"', "parts[0].target: 'modules'"),
        ("schema = 1", "schema = 9", "schema"),
        ('kind = "forward"', 'kind = "training", loop = "host"', "checks[0]: loop = 'host' needs network"),
        ('kind = "forward"', 'kind = "training", loop = "host", network = "m:N", ask = "repeats"', "submission's own train; with"),
        ('kind = "forward"', 'kind = "claim", values = { a = "speed" }', "values.a: 'speed': Input should be 'test_accuracy'"),
        ('kind = "forward"', 'kind = "claim"', "parts[0].checks[0].values: Field required"),
        ('kind = "forward"', 'kind = "experiment", experiment = "saddle"', "'saddle': Input should be 'lr-sweep', 'batch-norm'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_place(tmp_path: Path, old: str, new: str, expected: str) -> None:
    assert expected in message(tmp_path, SMALL.replace(old, new))


def test_two_checks_of_one_name_are_refused(tmp_path: Path) -> None:
    text = SMALL.replace('kind = "gradient", points = 3, needs = ["linear.forward"]', 'kind = "forward"')
    assert "two checks are called 'forward'" in message(tmp_path, text)


def test_broken_toml_names_file_and_line(tmp_path: Path) -> None:
    text = message(tmp_path, "schema = \n")
    assert "r.toml" in text
    assert "line 1" in text


def test_an_unknown_name_lists_what_there_is() -> None:
    with pytest.raises(RubricError, match="did you mean 'uva_dl1_a1'"):
        load_rubric("uva_dl1_a2")


def test_a_variant_keeps_its_parts_alone() -> None:
    rubric = load_rubric("uva_dl1_a1")
    assert {part.id for part in rubric.for_variant("2021").parts} >= {"relu", "linear"}
    assert "elu" not in {part.id for part in rubric.for_variant("2021").parts}
    assert rubric.variant("2022").id == "2023"
    with pytest.raises(RubricError, match="no variant '1999'"):
        rubric.variant("1999")


def test_every_variant_with_training_is_worth_the_same() -> None:
    rubric = load_rubric("uva_dl1_a1")

    def worth(variant: str) -> float:
        return sum(c.points for p in rubric.for_variant(variant).parts for c in p.checks)

    assert worth("2025") == worth("2023") == worth("2021")


def test_extends_replaces_parts_by_id(tmp_path: Path) -> None:
    write(tmp_path, SMALL)
    child = tmp_path / "child.toml"
    child.write_text(
        'extends = "r.toml"\nid = "child"\n[[parts]]\nid = "elu"\ntitle = "ELU"\ntarget = "modules:ELU"\nlayer = "elu"\n'
        'checks = [{ kind = "forward" }]\n',
        "utf-8",
    )
    rubric = load_rubric(child)
    assert (rubric.id, [part.id for part in rubric.parts]) == ("child", ["linear", "elu"])


def test_the_schema_covers_every_kind() -> None:
    text = str(Rubric.model_json_schema(by_alias=True))
    for kind in ("forward", "gradient", "contract", "training", "formula", "manual"):
        assert f"'const': '{kind}'" in text
