"""The corpus itself: every entry loads, says what it claims about checks that exist, and really differs from its base."""

from __future__ import annotations

import fnmatch
from pathlib import Path

import pytest

from grader.submission.outline import read_outline
from grader.rubric import check_id, load_rubric
from tests.submissions import EXAMPLES, HERE, Edit, _edited, entries, load, write

RUBRIC = load_rubric("uva_dl1_a1")
UNREADABLE = {
    "wrong/syntax_error": "modules.py",
    "wrong/tabs_mixed": "mlp_numpy.py",
    "wrong/merge_conflict_in_torch": "mlp_pytorch.py",
}


def _ids(variant: str) -> list[str]:
    return [check_id(part, check) for part in RUBRIC.for_variant(variant).parts for check in part.checks]


def test_the_corpus_is_large() -> None:
    names = list(entries())
    assert sum(name.startswith("right/") for name in names) >= 25
    assert sum(name.startswith("wrong/") for name in names) >= 60


def test_every_folder_has_an_entry() -> None:
    folders = {
        path.relative_to(HERE).as_posix() for kind in ("right", "wrong") for path in (HERE / kind).glob("*")
    }
    assert folders <= set(entries())


@pytest.mark.parametrize("name", entries())
def test_entry_loads_and_its_files_can_be_read(name: str) -> None:
    files = load(name)
    broken = {
        file
        for file, data in files.items()
        if file.endswith(".py") and read_outline(file, data).broken is not None
    }
    assert broken == ({UNREADABLE[name]} if name in UNREADABLE else set())


@pytest.mark.parametrize("name", entries())
def test_entry_speaks_of_checks_that_exist(name: str) -> None:
    entry = entries()[name]
    ids = _ids(RUBRIC.variant(entry.variant).id)
    for pattern in (*entry.loses, *entry.may_lose):
        assert fnmatch.filter(ids, pattern), (
            f"{name}: no check of variant {entry.variant} matches {pattern!r}"
        )


@pytest.mark.parametrize("name", [n for n, e in entries().items() if e.base])
def test_wrong_one_differs_from_its_base(name: str) -> None:
    entry = entries()[name]
    assert load(name) != load(entry.base)
    before = set(entries()[entry.base].loses) if entry.base in entries() else set()
    assert set(entry.loses) - before or entry.may_lose, f"{name} claims no loss of its own"


@pytest.mark.parametrize("name", [n for n in entries() if n.startswith("right/")])
def test_right_one_stands_on_its_own(name: str) -> None:
    assert not entries()[name].base
    assert load(name)


def test_edit_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match=r"wrong/x: modules\.py: 'a' occurs 2 times; expected once"):
        _edited("wrong/x", b"aba", Edit("modules.py", "c", "a"))


def test_crlf_files_keep_their_line_ends() -> None:
    assert b"\r\n" in load("right/crlf_nonascii")["modules.py"]


def test_write_makes_the_same_files(tmp_path: Path) -> None:
    folder = write("wrong/elu_no_alpha", tmp_path)
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == load("wrong/elu_no_alpha")


@pytest.mark.parametrize("folder", sorted(path.name for path in EXAMPLES.iterdir() if path.is_dir()))
def test_every_example_says_what_it_loses(folder: str) -> None:
    assert (EXAMPLES / folder / "expected.toml").is_file()
