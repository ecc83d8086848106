"""`python -m grader.report.schema` writes the JSON Schema of report.json, which is shipped beside this file."""

from __future__ import annotations

from grader.report.record import SCHEMA_PATH, json_schema

if __name__ == "__main__":
    SCHEMA_PATH.write_text(json_schema(), encoding="utf-8")
    print(f"written: {SCHEMA_PATH}")
