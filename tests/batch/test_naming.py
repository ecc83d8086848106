"""Names in bulk downloads say whose a file is."""

from __future__ import annotations

import pytest

from grader.batch.naming import Identity, make_keys, place, without_versions


@pytest.mark.parametrize(
    ("name", "folder", "group", "identity", "file"),
    [
        ("doejane_12345_678910_modules.py", False, "doejane_12345", Identity("doejane", canvas_id="12345"), "modules.py"),
        ("doe_LATE_12_678_a_b.zip", False, "doe_12", Identity("doe", canvas_id="12", late=True), "a_b.zip"),
        ("müller-lü_7_8_x.ipynb", False, "müller-lü_7", Identity("müller-lü", canvas_id="7"), "x.ipynb"),
        ("doejane_12345_text.html", False, "doejane_12345", Identity("doejane", canvas_id="12345"), "text.html"),
        ("anon_5gFhK_678910_modules.py", False, "anon_5gFhK", Identity("anon_5gFhK"), "modules.py"),
        ("Jo van Do_123456_assignsubmission_file_", True, "Jo van Do_123456", Identity("Jo van Do", moodle_id="123456"), ""),
        ("Jo Do_12_assignsubmission_file_a.py", False, "Jo Do_12", Identity("Jo Do", moodle_id="12"), "a.py"),
        ("Participant_9001_assignsubmission_file_", True, "Participant_9001", Identity("Participant", moodle_id="9001"), ""),
        ("submission_12345678", True, "submission_12345678", Identity("submission_12345678", gradescope_id="12345678"), ""),
        ("alice", True, "alice", Identity("alice"), ""),
        ("alice_v2.zip", False, "alice_v2", Identity("alice_v2"), "alice_v2.zip"),
        ("hw1_2_final.py", False, "hw1_2_final", Identity("hw1_2_final"), "hw1_2_final.py"),
    ],
)  # fmt: skip
def test_a_name_says_whose_it_is(name: str, folder: bool, group: str, identity: Identity, file: str) -> None:
    placed = place(name, folder=folder)
    assert (placed.group, placed.identity, placed.file) == (group, identity, file)


def test_keys_are_portable_stable_and_different() -> None:
    groups = ["alice", "Bob", "bob", "Zoë Müller_12", "../../etc", "con", "x" * 200, "李雷", ""]
    keys = make_keys(groups)
    assert keys["alice"] == "alice"
    assert len({key.casefold() for key in keys.values()}) == len(groups)
    assert all(
        key.isascii() and "/" not in key and not key.startswith(".") and len(key) <= 90
        for key in keys.values()
    )
    assert keys["Zoë Müller_12"].startswith("Zoe_Muller_12-")
    assert make_keys(["Zoë Müller_12"])["Zoë Müller_12"] == keys["Zoë Müller_12"]


def test_canvas_version_numbers_go_and_the_last_version_wins() -> None:
    assert without_versions(["modules-1.py", "modules-12.py", "mlp.py"]) == {"modules-12.py": "modules.py"}
    assert without_versions(["modules.py", "modules-1.py"]) == {}
    assert without_versions(["modules.py", "modules-1.py"], latest=True) == {"modules-1.py": "modules.py"}
