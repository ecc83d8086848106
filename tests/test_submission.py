"""Intake: folders, zips, tars and notebooks, with caps, and without trusting a name."""

from __future__ import annotations

import gzip
import io
import os
import stat
import struct
import tarfile
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from grader.errors import SubmissionError
from grader.submission import load_submission, packed, submission_from_files
from grader.submission.packed import MAX_FILE_BYTES


def test_a_folder_is_read_with_its_subfolders(tmp_path: Path) -> None:
    (tmp_path / "pkg").mkdir()
    (tmp_path / "modules.py").write_text("x = 1")
    (tmp_path / "pkg" / "a.py").write_text("y = 2")
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "z.pyc").write_text("no")
    found = load_submission(tmp_path)
    assert dict(found.files) == {"modules.py": b"x = 1", "pkg/a.py": b"y = 2"}


def test_the_hash_follows_names_and_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("1")
    first = load_submission(tmp_path).hash
    assert load_submission(tmp_path).hash == first
    (tmp_path / "a.py").rename(tmp_path / "b.py")
    assert load_submission(tmp_path).hash != first


def test_the_root_is_the_folder_with_most_of_the_modules(tmp_path: Path) -> None:
    inner = tmp_path / "hw" / "code"
    inner.mkdir(parents=True)
    for name in ("modules.py", "mlp_numpy.py"):
        (inner / name).write_text("")
    (tmp_path / "modules.py").write_text("old")
    found = load_submission(tmp_path, modules=("modules.py", "mlp_numpy.py"))
    assert set(found.files) == {"modules.py", "mlp_numpy.py"}
    assert "sub-folder hw/code" in found.notes[0]


ASKED = ("modules.py", "mlp_numpy.py", "train_mlp_numpy.py")
HANDED_IN = {  # what was handed in, which of them is read for modules.py, and what is said
    "version": (("modules (1).py", "test_modules.py", "unittest_modules.py", "modules_tests.py", "._modules (1).py"), "modules (1).py", "was read in its place"),
    "case": (("hw/Modules.PY", "hw/unrelated.py"), "hw/Modules.PY", "sub-folder hw"),
    "longer": (("train_mlp_numpy_v2.py", "jdoe-modules.py"), "jdoe-modules.py", "There is no train_mlp_numpy.py"),
    "unclear": (("modules_old.py", "modules_new.py"), "", "it is not clear which stands for it"),
    "other": (("layers.py",), "", "None of the files asked for is there (modules.py, mlp_numpy.py, train_mlp_numpy.py), "
              "only 'layers.py'."),
    "both": (("modules.py", "modules_old.py"), "modules.py", ""),
}  # fmt: skip


@pytest.mark.parametrize("case", HANDED_IN)
def test_a_file_of_a_similar_name_stands_for_the_one_that_is_missing(case: str) -> None:
    names, read, said = HANDED_IN[case]
    found = submission_from_files({name: name.encode() for name in names}, name="s", modules=ASKED)
    assert found.files.get("modules.py", b"").decode() == read
    assert {name.rpartition("/")[2] for name in names} <= set(found.files)
    assert said in " ".join(found.notes)


def test_a_source_in_utf_16_is_read() -> None:
    files = {"modules.py": "x = 'é'\r\n".encode("utf-16"), "data.bin": b"\xff\xfea", "a.py": b"\xff\xfe\x00"}
    found = submission_from_files(files, name="s", modules=("modules.py",))
    assert found.files["modules.py"].decode() == "x = 'é'\r\n"
    assert [found.files[name] for name in ("data.bin", "a.py")] == [
        files[name] for name in ("data.bin", "a.py")
    ]
    assert "UTF-16" in found.notes[0]


def test_links_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    folder = tmp_path / "s"
    folder.mkdir()
    (folder / "leak.py").symlink_to(secret)
    (folder / "dir").symlink_to(tmp_path)
    found = load_submission(folder)
    assert not found.files
    assert len([note for note in found.notes if "link" in note]) == 2


def test_devices_and_large_files_are_left_out(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.py")
    with (tmp_path / "data.bin").open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    (tmp_path / "ok.py").write_text("")
    found = load_submission(tmp_path)
    assert list(found.files) == ["ok.py"]
    assert any("Not a regular file" in note for note in found.notes)
    assert any("Larger than" in note for note in found.notes)


def zip_of(
    path: Path, *members: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED
) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path


def test_a_zip_is_read_like_a_folder(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "s.zip", ("hw/modules.py", b"x = 1"), ("__MACOSX/hw/._modules.py", b"no"))
    assert dict(load_submission(path, modules=("modules.py",)).files) == {"modules.py": b"x = 1"}


def test_names_that_leave_the_folder_are_left_out(tmp_path: Path) -> None:
    path = zip_of(
        tmp_path / "s.zip",
        ("../evil.py", b""),
        ("a\\..\\..\\b.py", b""),
        ("a\x1b[2J.py", b""),
        ("ok.py", b""),
    )
    found = load_submission(path)
    assert list(found.files) == ["ok.py"]
    assert len(found.notes) == 3
    assert all("\x1b" not in note for note in found.notes)


NAMES = {  # as another system wrote them, and as they are read
    "HW 1: what?/modules.py": "HW 1_ what_/modules.py",
    "/home/me/modules.py": "home/me/modules.py",
    "C:\\Users\\me\\modules.py": "C_/Users/me/modules.py",
    "\u202ehw \U0001f469\u200d\U0001f4bb/modules.py": "_hw \U0001f469_\U0001f4bb/modules.py",
    "re\u0301seau/modules.py": "r\u00e9seau/modules.py",
    "/".join("abcdefghijklmnopqrst") + "/modules.py": "/".join("abcdefghijklmnopqrst") + "/modules.py",
    "\u0645" * 180 + "/modules.py": "\u0645" * 100 + "/modules.py",
}


@pytest.mark.parametrize("name", NAMES)
def test_names_that_only_another_system_allows_cost_nobody_a_file(tmp_path: Path, name: str) -> None:
    found = load_submission(zip_of(tmp_path / "s.zip", (name, b"x")))
    assert dict(found.files) == {NAMES[name]: b"x"}
    assert not found.notes
    if len(name) < 100:
        (tmp_path / "s" / name.lstrip("/")).parent.mkdir(parents=True)
        (tmp_path / "s" / name.lstrip("/")).write_bytes(b"x")
        assert dict(load_submission(tmp_path / "s").files) == {NAMES[name]: b"x"}


def test_code_is_read_before_many_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "MAX_FILES", 20)
    pictures = ((f"a/{number}{kind}", b"") for number in range(30) for kind in (".png", ".py"))
    path = zip_of(tmp_path / "s.zip", *pictures, ("modules.py", b"x"), ("modules.py/y.txt", b""))
    for place in (path, tmp_path / "s"):
        found = load_submission(place)
        assert found.files["modules.py"] == b"x"
        assert "Only the first 20 files were read" in " ".join(found.notes)
        with zipfile.ZipFile(path) as archive:
            archive.extractall(tmp_path / "s", [name for name in archive.namelist() if "/y" not in name])


def test_a_link_in_a_zip_is_left_out(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("leak.py")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    assert not load_submission(zip_of(tmp_path / "s.zip", (link, b"/etc/passwd"))).files


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_bomb_is_not_unpacked(tmp_path: Path, method: int) -> None:
    path = zip_of(tmp_path / "s.zip", ("bomb.py", b"\0" * (32 << 20)), ("ok.py", b"1" * 999), method=method)
    tracemalloc.start()
    found = load_submission(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert dict(found.files) == {"ok.py": b"1" * 999}
    assert "when unpacked" in found.notes[0]
    assert peak < 3 * MAX_FILE_BYTES


def test_a_zip_of_many_bombs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "MAX_UNPACKED_BYTES", 20 << 20)
    bombs = ((f"{number}.py", b"\0" * (9 << 20)) for number in range(4))
    notes = load_submission(zip_of(tmp_path / "s.zip", *bombs)).notes
    assert sum("when unpacked" in note for note in notes) == 2
    assert notes[-1] == "Reading stopped after 20 MiB: this is no submission."


def test_what_is_unpacked_at_all_levels_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "MAX_UNPACKED_BYTES", 20 << 20)
    inner = zip_of(tmp_path / "inner", ("a.png", b"\0" * (7 << 20)), method=zipfile.ZIP_STORED).read_bytes()
    notes = load_submission(
        zip_of(tmp_path / "s.zip", *((f"{number}.zip", inner) for number in range(4)))
    ).notes
    assert notes[-1] == "Reading stopped after 20 MiB: this is no submission."


def tar_of(
    files: dict[str, bytes], kind: int = tarfile.PAX_FORMAT, odd: dict[str, bytes] | None = None
) -> bytes:
    """A tar of files, and of entries of odd types."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=kind) as tar:
        for name, data in [*files.items(), *(odd or {}).items()]:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = (odd or {}).get(name, tarfile.REGTYPE), "/etc/passwd"
            info.size = len(data) if info.isreg() else 0
            tar.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


@pytest.mark.parametrize("kind", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
@pytest.mark.parametrize("name", ["s.tar", "s.TGZ", "s.tar.gz", "s.zip"])
def test_a_tar_is_read_like_a_zip(tmp_path: Path, name: str, kind: int) -> None:
    files = {
        "hw/modules.py": b"x = 1",
        f"hw/{'d' * 120}/réseau.py": b"y" * 600,
        "../evil.py": b"",
        "hw/._modules.py": b"",
    }
    odd = {
        "link.py": tarfile.SYMTYPE,
        "hard.py": tarfile.LNKTYPE,
        "device.py": tarfile.CHRTYPE,
        "hw": tarfile.DIRTYPE,
    }
    data = tar_of(files, kind, odd)
    (tmp_path / name).write_bytes(data if name.endswith(".tar") else gzip.compress(data))
    found = load_submission(tmp_path / name, modules=("modules.py",))
    assert found.name == "s"
    assert dict(found.files) == {
        key.removeprefix("hw/"): data for key, data in files.items() if key != "../evil.py"
    }
    assert sum("Not a regular file" in note for note in found.notes) == 3
    assert sum("odd name" in note for note in found.notes) == 1


def _header(size: int, kind: bytes = tarfile.REGTYPE) -> bytes:
    info = tarfile.TarInfo("modules.py")
    info.size, info.type = size, kind
    return info.tobuf(tarfile.GNU_FORMAT)


DAMAGED = {  # bytes of a .tar.gz, and what is said
    "cut off": (gzip.compress(tar_of({"modules.py": os.urandom(9000)}))[:-999], "Compressed file ended"),
    "one file": (gzip.compress(b"x = 1\n" * 200), "invalid header at byte 0"),
    "empty": (b"", "empty header"),
    "negative": (_header(-512), "negative size"),
    "in the middle": (tar_of({"a.py": b"1"})[:1024] + b"x" * 512, "invalid header at byte 1,024"),
    "bomb": (gzip.compress(_header(64 << 20) + bytes(64 << 20)), "larger than 16 MiB when unpacked"),
    "bomb of a name": (_header(1 << 20, tarfile.GNUTYPE_LONGNAME) + b"1" * (1 << 20) + tar_of({"a.py": b""}), ""),
    "bomb of a header": (_header(9 << 10, tarfile.XHDTYPE) + b"1" * (9 << 10) + tar_of({"a.py": b""}), ""),
}  # fmt: skip


@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_or_hostile_tar_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    monkeypatch.setattr(packed, "MAX_ARCHIVE_BYTES", 16 << 20)
    data, said = DAMAGED[case]
    (tmp_path / "s.tar.gz").write_bytes(data)
    if said:
        with pytest.raises(SubmissionError, match=f"s.tar.gz: cannot be read as a tar: .*{said}"):
            load_submission(tmp_path / "s.tar.gz")
    else:
        assert list(load_submission(tmp_path / "s.tar.gz").files) == ["a.py"]


def test_remarks_are_few_however_many_members_are_odd(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "s.zip", *((f"a{number}\x1b.py", b"") for number in range(300)))
    notes = load_submission(path).notes
    assert len(notes) == 25
    assert notes[-1] == "There are 276 more remarks like these."


def test_a_second_file_of_one_name_is_left_out(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = zip_of(tmp_path / "s.zip", ("a.py", b"1"), ("a.py", b"2"))
    assert dict(load_submission(path).files) == {"a.py": b"1"}


def test_what_is_no_submission_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SubmissionError, match="no such file"):
        load_submission(tmp_path / "nothing")
    (tmp_path / "x.txt").write_text("hello")
    with pytest.raises(SubmissionError, match="neither a folder, a zip"):
        load_submission(tmp_path / "x.txt")
    (tmp_path / "bad.zip").write_bytes(b"PK\x05\x06" + b"\0" * 10)
    with pytest.raises(SubmissionError):
        load_submission(tmp_path / "bad.zip")


def test_a_zip_that_lists_too_much_is_refused_before_the_list_is_read(tmp_path: Path) -> None:
    entry = struct.pack("<4s4B4H3L5H2L", b"PK\1\2", 20, 0, 20, *[0] * 8, 8, *[0] * 6)
    listed = b"".join(entry + b"%08d" % number for number in range(160_000))
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 160_000 & 0xFFFF, 160_000 & 0xFFFF, len(listed), 0, 0)
    (tmp_path / "s.zip").write_bytes(listed + end)
    with pytest.raises(SubmissionError, match="list of members"):
        load_submission(tmp_path / "s.zip")


def test_a_current_folder_that_was_removed_is_an_error_of_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(SubmissionError, match="cannot be read: No such file"):
        load_submission(Path())
