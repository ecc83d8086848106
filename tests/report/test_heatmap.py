"""Heat maps: got, want and difference, the worst element framed, no number hidden behind a colour."""

from __future__ import annotations

import math

from grader.model import Evidence, Matrix
from grader.report.heatmap import heat_maps


def _evidence(
    got: tuple[tuple[float, ...], ...], want: tuple[tuple[float, ...], ...] | None, **more: object
) -> Evidence:
    shape = (len(got), len(got[0]))
    fields = {
        "what": "dW",
        "agreed": False,
        "got_matrix": Matrix(shape=shape, rows=got),
        "want_matrix": Matrix(shape=shape, rows=want) if want else None,
        **more,
    }
    return Evidence.model_validate(fields)


def test_got_want_and_difference_share_what_they_can() -> None:
    got, want, difference = heat_maps(_evidence(((1.0, -4.0),), ((1.0, 2.0),), worst_index=(0, 1)))
    assert [one.caption for one in (got, want, difference)] == ["got", "want", "got - want"]
    assert [cell.css for cell in got.rows[0][1]] == ["p2", "n5"]
    assert [cell.css for cell in want.rows[0][1]] == ["p2", "p3"]
    assert [cell.css for cell in difference.rows[0][1]] == ["zero", "n5"]
    assert [cell.text for cell in difference.rows[0][1]] == ["0", "\u22126.000"]
    assert got.scale == want.scale == "darkest: 4"
    assert [cell.worst for cell in got.rows[0][1]] == [False, True]


def test_numbers_that_are_not_finite_have_a_class_of_their_own() -> None:
    (got,) = heat_maps(_evidence(((math.nan, math.inf, -math.inf, 1e-9),), None))
    assert [(cell.text, cell.css) for cell in got.rows[0][1]][:3] == [
        ("NaN", "bad"),
        ("inf", "bad"),
        ("-inf", "bad"),
    ]
    assert got.rows[0][1][3].text == "1.0e\u221209"


def test_all_zero_is_no_division_by_zero() -> None:
    (got,) = heat_maps(_evidence(((0.0, 0.0),), None))
    assert got.scale == "all zero"
    assert {cell.css for cell in got.rows[0][1]} == {"zero"}


def test_a_small_number_is_never_shown_as_zero() -> None:
    (got,) = heat_maps(_evidence(((1.0, 1e-5),), None))
    assert got.rows[0][1][1].text == "~0"


def test_ragged_and_large_excerpts_are_cut() -> None:
    rows = tuple(tuple(float(j) for j in range(30 + i)) for i in range(40))
    (got,) = heat_maps(_evidence(rows, None))
    assert len(got.rows) == 16
    assert {len(cells) for _, cells in got.rows} == {16}


def test_no_matrix_no_map() -> None:
    assert heat_maps(Evidence(what="x", agreed=False)) == ()
    assert heat_maps(Evidence(what="x", agreed=False, got_matrix=Matrix(shape=(0,), rows=()))) == ()
    assert heat_maps(Evidence(what="x", agreed=False, got_matrix=Matrix(shape=(1, 0), rows=((),)))) != ()


def test_a_vectors_worst_element_is_found() -> None:
    matrix = Matrix(shape=(3,), rows=((1.0, 2.0, 3.0),))
    (got,) = heat_maps(Evidence(what="db", agreed=False, worst_index=(2,), got_matrix=matrix))
    assert [cell.worst for cell in got.rows[0][1]] == [False, False, True]
    assert got.columns == ("0", "1", "2")
