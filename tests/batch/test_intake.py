"""Every form in which a class arrives becomes the same list of submissions."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from grader.batch.intake import Entry, find_entries, read_entry, without_loose_files
from grader.errors import SubmissionError
from tests.batch.classes import MODULES, files_of, folder_of, tarred, under, zipped

FULL = files_of("full_marks")
NOTEBOOK = b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'
METADATA = b"""---
submission_111:
  :submitters:
  - :name: Jane Doe
    :sid: 42
    :email: jane@example.org
  - :name: Bo Li
    :sid: '007'
    :email: bo@example.org
  :created_at: !ruby/object:ActiveSupport::TimeWithZone
    utc: 2020-10-07 17:47:34.103280000 Z
    zone: !ruby/object:ActiveSupport::TimeZone
      name: Etc/UTC
    time: 2020-10-07 17:47:34.103280000 Z
  :score: 2.0
submission_222:
  :submitters:
  - :name: Al Ro
  :created_at: 2020-10-08 10:00:00.5 Z
"""


def _names(entry: Entry) -> set[str]:
    return set(read_entry(entry).files)


def _zip(path: Path, files: dict[str, bytes]) -> Path:
    path.write_bytes(zipped(files))
    return path


def test_folders_zips_notebooks_and_single_files(tmp_path: Path) -> None:
    folder_of(tmp_path, {"alice": "full_marks"})
    _zip(tmp_path / "bob.zip", FULL)
    (tmp_path / "carol.ipynb").write_bytes(NOTEBOOK)
    (tmp_path / "dave.py").write_bytes(b"x = 1\n")
    (tmp_path / "grades.csv").write_text("a,b\n")
    (tmp_path / ".DS_Store").write_bytes(b"")
    entries = {entry.key: entry for entry in find_entries(tmp_path)}
    assert list(entries) == ["alice", "bob", "carol", "dave"]
    assert set(MODULES) <= _names(entries["alice"])
    assert set(MODULES) <= _names(entries["bob"])
    assert _names(entries["carol"]) == {"carol.ipynb"}
    assert _names(entries["dave"]) == {"dave.py"}
    assert entries["alice"].where == f"{tmp_path.name}/alice"


def test_a_zip_of_folders_and_a_zip_of_zips_in_a_folder(tmp_path: Path) -> None:
    both = {"class/alice/modules.py": b"a = 1\n", "class/bob.zip": zipped(FULL)}
    entries = find_entries(_zip(tmp_path / "class.zip", both))
    assert [entry.key for entry in entries] == ["alice", "bob"]
    assert _names(entries[0]) == {"modules.py"}
    assert set(MODULES) <= _names(entries[1])


def test_canvas(tmp_path: Path) -> None:
    content = {
        "doejane_1_10_modules-2.py": b"a\n",
        "doejane_1_11_mlp_numpy.py": b"b\n",
        "libo_LATE_2_12_hw.zip": zipped(under("hw/", FULL)),
        "rossi_3_13_report.pdf": b"%PDF",
        "rossi_3_14_notes.txt": b"hello",
    }
    entries = {entry.key: entry for entry in find_entries(_zip(tmp_path / "submissions.zip", content))}
    assert list(entries) == ["doejane_1", "libo_2", "rossi_3"]
    assert read_entry(entries["doejane_1"]).files == {"modules.py": b"a\n", "mlp_numpy.py": b"b\n"}
    assert _names(entries["libo_2"]) == {"hw/modules.py", "hw/mlp_numpy.py"}
    assert entries["libo_2"].identity.late
    assert entries["libo_2"].identity.canvas_id == "2"
    assert _names(entries["rossi_3"]) == {"report.pdf", "notes.txt"}


@pytest.mark.parametrize("packed", [True, False])
def test_moodle(tmp_path: Path, packed: bool) -> None:
    one, two = "Jane Doe_900_assignsubmission_file_/", "Participant_901_assignsubmission_file_/"
    content = {f"{one}modules.py": b"a\n", f"{one}sub/x.py": b"b\n", f"{two}work.zip": zipped(FULL)}
    path = _zip(tmp_path / "moodle.zip", content)
    if not packed:
        path = tmp_path / "moodle"
        with zipfile.ZipFile(tmp_path / "moodle.zip") as archive:
            archive.extractall(path)
    entries = find_entries(path)
    assert [(e.identity.name, e.identity.moodle_id) for e in entries] == [
        ("Jane Doe", "900"),
        ("Participant", "901"),
    ]
    assert _names(entries[0]) == {"modules.py", "sub/x.py"}
    assert "work/modules.py" in _names(entries[1])


@pytest.mark.parametrize("packed", [True, False])
def test_gradescope(tmp_path: Path, packed: bool) -> None:
    pytest.importorskip("yaml", reason="PyYAML is not installed")
    top = "assignment_5_export/"
    content = {f"{top}submission_metadata.yml": METADATA, f"{top}submission_111/modules.py": b"a\n",
               f"{top}submission_222/modules.py": b"b\n", f"{top}submission_333/modules.py": b"c\n"}  # fmt: skip
    path = _zip(tmp_path / "export.zip", content)
    if not packed:
        with zipfile.ZipFile(path) as archive:
            archive.extractall(tmp_path / "export")
        path = tmp_path / "export"
    first, second, third = find_entries(path)
    assert first.identity.members == (
        ("Jane Doe", "jane@example.org", "42"),
        ("Bo Li", "bo@example.org", "007"),
    )
    assert first.identity.submitted == "2020-10-07T17:47:34+00:00"
    assert (second.identity.name, second.identity.submitted) == ("Al Ro", "2020-10-08T10:00:00+00:00")
    assert third.identity.name == "submission_333"


def test_what_cannot_be_read_says_why(tmp_path: Path) -> None:
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 this is no zip")
    (tmp_path / "rar").mkdir()
    (tmp_path / "rar" / "work.rar").write_bytes(b"Rar!")
    os.mkfifo(tmp_path / "pipe.py")
    os.symlink("/etc", tmp_path / "link")
    entries = {entry.key: entry for entry in find_entries(tmp_path)}
    assert set(entries) == {"broken", "rar", "pipe", "link"}
    with pytest.raises(SubmissionError, match="cannot be read as a zip"):
        read_entry(entries["broken"])
    assert (
        "'work.rar' is neither a zip nor a tar; nothing else is unpacked." in read_entry(entries["rar"]).notes
    )
    with pytest.raises(SubmissionError, match="not a regular file"):
        read_entry(entries["pipe"])
    with pytest.raises(SubmissionError, match="links are not followed"):
        read_entry(entries["link"])


def test_names_that_leave_the_folder_are_left_out_and_bombs_bounded(tmp_path: Path) -> None:
    content = {"class/a/../../evil.py": b"x", "class/a/modules.py": b"y", "class/b/zeros.py": bytes(9 << 20)}
    entries = {entry.key: read_entry(entry) for entry in find_entries(_zip(tmp_path / "c.zip", content))}
    assert set(entries["a"].files) == {"modules.py"}
    assert any("odd name" in note for note in entries["a"].notes)
    assert entries["b"].files == {}
    assert any("Larger than" in note for note in entries["b"].notes)


def _damaged(files: dict[str, bytes]) -> bytes:
    """A zip whose first member does not unpack."""
    data = bytearray(zipped(files))
    data[60:90] = bytes(30)
    return bytes(data)


UPLOADS: dict[str, tuple[dict[str, bytes], set[str], str]] = {  # what is handed in, code that is found, what is said
    "zip_in_zip": ({"hw.zip": zipped({"in.zip": zipped({"a/b.zip": zipped(FULL)})})}, set(FULL), ""),
    "too_deep": ({"a.zip": zipped({"b.zip": zipped({"c.zip": zipped({"d.zip": zipped(FULL)})})})}, set(), "3 deep"),
    "damaged": ({"hw.zip": _damaged({"a.bin": bytes(range(256)) * 9, "modules.py": b"x"})}, {"modules.py"}, "Damaged, left out"),
    "broken_zip": ({"modules.py": b"x", "hw.zip": b"PK"}, {"modules.py"}, "hw.zip"),
    "tar": ({"hw.tar.gz": tarred(FULL)}, set(FULL), ""),
    "no_tar": ({"modules.py": b"x", "hw.tgz": b"BZh9"}, {"modules.py"}, "hw.tgz"),
    "windows": ({"hw.zip": zipped({"my work\\modules.py": b"x"})}, {"modules.py"}, ""),
    "document": ({"report.docx": zipped({"word/x.py": b"x"})}, set(), "Neither a Python file nor a notebook"),
}  # fmt: skip


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize(
    "form", ["canvas_1_{number}_{file}", "Jo_7_assignsubmission_file_/{file}", "jo/{file}"]
)
@pytest.mark.parametrize("upload", UPLOADS)
def test_what_is_handed_in_is_read_alike_whatever_system_passes_it_on(
    tmp_path: Path, upload: str, form: str, packed: bool
) -> None:
    files, code, said = UPLOADS[upload]
    content = {form.format(number=k, file=name): data for k, (name, data) in enumerate(files.items())}
    path = _zip(tmp_path / "class.zip", {**content, "other/modules.py": b""})
    if not packed:
        path = tmp_path / "class"
        with zipfile.ZipFile(tmp_path / "class.zip") as archive:
            archive.extractall(path)
    found = read_entry(next(entry for entry in find_entries(path) if entry.key != "other"))
    assert {name.rpartition("/")[2] for name in found.files if name.endswith(".py")} == code
    assert any(said in note for note in found.notes) if said else not found.notes


def test_who_handed_in_nothing_has_an_entry(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "moodle.zip", "w") as archive:
        archive.writestr("Jo_1_assignsubmission_file_/", b"")
        archive.writestr("Al_2_assignsubmission_file_/modules.py", b"")
    (tmp_path / "export" / "submission_111").mkdir(parents=True)
    (tmp_path / "export" / "submission_metadata.yml").write_bytes(METADATA)
    for name, count in {"moodle.zip": 2, "export": 2}.items():
        entries = find_entries(tmp_path / name)
        assert len(entries) == count
        assert any("Nothing was handed in" in note for entry in entries for note in read_entry(entry).notes)


def test_the_latest_of_several_versions_on_canvas_is_read(tmp_path: Path) -> None:
    names = ("jo_7_11_modules.py", "jo_7_12_modules-1.py", "jo_7_13_modules-2.py", "al_8_14_work.zip")
    for name in names[:3]:
        (tmp_path / name).write_bytes(name.encode())
    (tmp_path / names[3]).write_bytes(zipped({"modules.py": b"own", "modules-1.py": b"also own"}))
    one_zip, single_files = (read_entry(entry) for entry in find_entries(tmp_path))
    assert dict(one_zip.files) == {"modules.py": b"own", "modules-1.py": b"also own"}
    assert single_files.files["modules.py"] == names[2].encode()
    assert single_files.notes == ("Handed in several times, the latest is graded: 'modules.py'.",)


def test_one_submission_is_no_class(tmp_path: Path) -> None:
    for name in MODULES:
        (tmp_path / name).write_bytes(b"")
    left_out: list[str] = []
    with pytest.raises(
        SubmissionError, match=r"one submission, not a class: .mlp_numpy\.py., .modules\.py. at"
    ):
        without_loose_files(find_entries(tmp_path), MODULES, tmp_path, left_out)
    (tmp_path / "ann.py").write_bytes(b"")
    found = without_loose_files(find_entries(tmp_path), MODULES, tmp_path, left_out)
    assert [entry.key for entry in found] == ["ann"]
    assert left_out == ["mlp_numpy.py", "modules.py"]


@pytest.mark.parametrize(
    ("name", "text"), [("nothing", "no such file"), ("empty", "no submission in it"), ("a.txt", "neither")]
)
def test_no_class_is_an_error(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "a.txt").write_text("hello")
    with pytest.raises(SubmissionError, match=text):
        find_entries(tmp_path / name)


def test_the_same_files_have_the_same_hash_whatever_holds_them(tmp_path: Path) -> None:
    files = {name: FULL[name] for name in MODULES}
    (tmp_path / "a").mkdir()
    for name, data in files.items():
        (tmp_path / "a" / name).write_bytes(data)
    _zip(tmp_path / "b.zip", files)
    one, two = (read_entry(entry) for entry in find_entries(tmp_path))
    assert one.hash == two.hash
    (tmp_path / "a" / "modules.py").write_bytes(b"")
    assert read_entry(find_entries(tmp_path)[0]).hash != two.hash
