"""report.json: the record itself, written and read back without loss, and its JSON Schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from grader.errors import UsageError
from grader.model import Report

SCHEMA_PATH = Path(__file__).with_name("report.schema.json")


def to_json(report: Report) -> str:
    """The record as JSON (RFC 8259: no NaN; what is not finite is a string)."""
    return report.model_dump_json(indent=2, by_alias=True) + "\n"


def from_json(text: str | bytes, *, name: str = "report.json") -> Report:
    """Read a record back.

    Raises:
        UsageError: where the text is not a report of schema 1; says where in it and why.
    """
    try:
        return Report.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "top level"
        raise UsageError(
            f"{name}: {place}: {first['msg']}; a report.json with schema = 1 is needed"
        ) from None


def json_schema() -> str:
    """The JSON Schema (draft 2020-12) of report.json."""
    schema = Report.model_json_schema(by_alias=True, mode="serialization", schema_generator=_Schema)
    schema["$schema"] = _Schema.schema_dialect
    return json.dumps(schema, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


class _Schema(GenerateJsonSchema):
    """Pydantic's schema, with what is true of floats here: those that are not finite are strings."""

    def float_schema(self, schema: Any) -> JsonSchemaValue:
        plain = super().float_schema(schema)
        if "minimum" in plain:  # a constraint rules out NaN and -Infinity
            return plain
        return {"anyOf": [plain, {"enum": ["NaN", "Infinity", "-Infinity"]}]}
