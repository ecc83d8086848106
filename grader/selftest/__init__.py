"""Grading the grader: does a rubric give right solutions full marks, a template nothing, and mutants what they deserve?"""

from __future__ import annotations

from grader.selftest.mutants import Mutant, catalogued, generated, read_catalogue
from grader.selftest.run import Outcome, SelfTest, SelfTestSettings, as_record, selftest
from grader.selftest.table import selftest_table

__all__ = [
    "Mutant",
    "Outcome",
    "SelfTest",
    "SelfTestSettings",
    "as_record",
    "catalogued",
    "generated",
    "read_catalogue",
    "selftest",
    "selftest_table",
]
