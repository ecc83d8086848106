"""Pairs share unusual code: what was handed out and what everybody writes says nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("copydetect", reason="gradmark[similar] is not installed")

from typer.testing import CliRunner

from grader.batch.similar import similar_pairs
from tests.batch.classes import files_of
from tests.batch.command import app

HANDOUT = files_of("template")["modules.py"].decode()
COMMON = "".join(f"def common_{k}(x, y):\n    return [x * {k} + y for x in range({k})]\n" for k in range(12))
ODD = """
def strange(values):
    total = {}
    while values:
        head, *values = sorted(values, key=lambda one: (one % 7, -one))
        total.setdefault(head // 3, []).append(head ^ 0b1011)
        if len(total) > 11 and not head % 5:
            del total[min(total)]
    return {key: sum(found) / (1 + len(found)) for key, found in total.items()}
"""
RENAMED = ODD.replace("values", "items").replace("total", "acc").replace("head", "first").replace("one", "v")
OWN = "def mine(a):\n    for {0} in a:\n        print({0}, {1})\n        if {0} > {1}: raise ValueError\n    return a[{1}:]\n"


def _class() -> dict[str, dict[str, str]]:
    sources = {
        name: {"modules.py": HANDOUT + COMMON + OWN.format("abcdefg"[k], f"{k}**{k + 2} - {k}")}
        for k, name in enumerate(("ann", "bo", "cy", "di", "ed"))
    }
    sources["bo"]["modules.py"] += ODD
    sources["di"]["extra.py"] = "# mine\n" + RENAMED
    return sources


def test_a_renamed_copy_is_found_and_nobody_else() -> None:
    pairs = similar_pairs(_class(), [HANDOUT])
    assert [(pair.first, pair.second) for pair in pairs] == [("bo", "di")]
    place = pairs[0].places[0]
    lines = (HANDOUT + COMMON).count("\n")
    assert (place.file, place.other_file) == ("modules.py", "extra.py")
    assert place.lines[0] > lines
    assert place.other_lines[0] <= 4 <= 10 <= place.other_lines[1] + 1


def test_the_handout_and_common_code_are_subtracted() -> None:
    same = {name: {"modules.py": HANDOUT} for name in ("a", "b")}
    assert similar_pairs(same, [HANDOUT]) == []
    assert len(similar_pairs(same, [])) == 1  # without the hand-out two copies are alike
    assert similar_pairs({name: {"m.py": COMMON} for name in "abcdef"}, []) == []


def test_the_command_lists_and_accuses_nobody(tmp_path: Path) -> None:
    for name, files in _class().items():
        (tmp_path / "class" / name).mkdir(parents=True)
        for file, text in files.items():
            (tmp_path / "class" / name / file).write_text(text)
    (tmp_path / "handout").mkdir()
    (tmp_path / "handout" / "modules.py").write_text(HANDOUT)
    result = CliRunner().invoke(
        app, ["similar", str(tmp_path / "class"), "--handout", str(tmp_path / "handout")]
    )
    assert result.exit_code == 0, result.output
    assert result.output.startswith("bo and di: ")
    assert (
        "5 submissions, 1 pairs. Code can be alike for many reasons; read before you judge." in result.output
    )
    assert not any(word in result.output.lower() for word in ("plagiar", "cheat", "copied"))
