"""Every id that a report can show is explained, and nothing in an explanation is read as markup."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from grader.check_catalogue import KINDS, KINDS_BY_NAME
from grader.errors import UsageError
from grader.explain import explain, known_ids


@pytest.mark.parametrize("name", known_ids())
def test_every_entry_has_all_its_sections(name: str) -> None:
    entry = explain(name)
    assert entry.id == name
    headings = [heading for heading, _ in entry.sections]
    assert "Example" in headings or name.startswith("F")
    assert "See it yourself" in headings
    assert all(len(text) > 10 for _, text in entry.sections)
    assert entry.title
    assert "{" not in entry.title


@pytest.mark.parametrize("name", known_ids())
def test_it_is_printed_as_it_is_written(name: str) -> None:
    out = io.StringIO()
    Console(file=out, width=1000).print(explain(name))
    printed = " ".join(out.getvalue().split())
    for _, text in explain(name).sections:
        assert " ".join(text.split()) in printed


def test_every_kind_of_check_of_the_rubric_is_explained() -> None:
    from typing import get_args

    from grader import rubric

    specs = [
        one for one in vars(rubric).values() if isinstance(one, type) and issubclass(one, rubric.CheckBase)
    ]
    kinds = {get_args(one.model_fields["kind"].annotation)[0] for one in specs if "kind" in one.model_fields}
    assert kinds == set(KINDS_BY_NAME)


@pytest.mark.parametrize(
    ("name", "found"),
    [("g103", "G103"), (" C102 ", "C102"), ("gradient", "C102"), ("linear.gradient", "C102"),
     ("mlp.network_forward", "C105"), ("numpy.linear.forward", "C101"), ("torch_module", "C106")],
)  # fmt: skip
def test_an_entry_is_found_by_id_kind_or_check(name: str, found: str) -> None:
    assert explain(name).id == found


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("G1030", r"explain G1030: no such entry; near: (G\d+, )*G103"),
        ("gradeint", r"explain gradeint: no such entry; near: gradient"),
        ("zzzzzz", r"explain zzzzzz: no such entry; there are C, F, G, M, N, P, T, U, W entries"),
        ("\x1b[31m", r"explain : no such entry"),
    ],
)
def test_what_is_not_there_names_what_is_near(name: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        explain(name)


def test_ids_of_kinds_are_unique() -> None:
    assert len({entry.id for entry in KINDS}) == len(KINDS)


def test_as_text() -> None:
    text = explain("C101").text()
    assert text.startswith(
        "C101  forward: does forward compute the layer?\n\nWhat is decided\n  The grader draws"
    )
