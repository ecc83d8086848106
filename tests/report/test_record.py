"""report.json is read back without loss and is what its schema says."""

from __future__ import annotations

import json
import math

import jsonschema
import pytest

from grader.errors import UsageError
from grader.model import Evidence, PartResult, Verdict
from grader.report import from_json, to_json
from grader.report.record import SCHEMA_PATH, json_schema
from tests.report import samples

SCHEMA = json.loads(json_schema())


def _no_constants(name: str) -> float:
    raise AssertionError(f"{name} is not JSON")


@pytest.mark.parametrize("name", ["everything", "full_marks"])
def test_a_record_survives_writing_and_reading(name: str) -> None:
    report = getattr(samples, name)()
    assert from_json(to_json(report)) == report
    assert to_json(from_json(to_json(report))) == to_json(report)


@pytest.mark.parametrize("name", sorted(samples.HOSTILE))
def test_a_hostile_record_survives_too_and_is_valid(name: str) -> None:
    text = to_json(samples.hostile(samples.HOSTILE[name]))
    assert to_json(from_json(text)) == text
    jsonschema.validate(json.loads(text, parse_constant=_no_constants), SCHEMA)


def test_numbers_that_are_not_finite_are_strings() -> None:
    evidence = Evidence(what="loss", agreed=False, got=math.nan, want=math.inf, abs_error=-math.inf)
    check = samples.check("a.b", "B", "forward", Verdict.FAILED, 1, evidence=(evidence,))
    text = to_json(samples.report(PartResult(id="a", title="A", checks=(check,))))
    data = json.loads(text, parse_constant=_no_constants)
    told = data["parts"][0]["checks"][0]["evidence"][0]
    assert (told["got"], told["want"], told["abs_error"]) == ("NaN", "Infinity", "-Infinity")
    jsonschema.validate(data, SCHEMA)
    back = from_json(text).checks[0].evidence[0]
    assert math.isnan(back.got or 0.0)
    assert (back.want, back.abs_error) == (math.inf, -math.inf)


def test_the_schema_that_is_shipped_is_current() -> None:
    assert SCHEMA_PATH.read_text(encoding="utf-8") == json_schema(), "run: python -m grader.report.schema"


def test_the_schema_is_a_schema_and_rejects_what_is_no_report() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    data = json.loads(to_json(samples.everything()))
    jsonschema.validate(data, SCHEMA)
    for change in ({"schema": 2}, {"seed": "seven"}, {"surprise": 1}, {"parts": None}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(data | change, SCHEMA)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", r"old\.json: top level: Invalid JSON"),
        ('{"schema": 2}', r"old\.json: schema: Input should be 1"),
        ("[]", r"old\.json: top level: Input should be an object"),
        ("", r"old\.json: top level: Invalid JSON"),
    ],
)
def test_what_is_no_report_is_refused_with_its_place(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        from_json(text, name="old.json")
