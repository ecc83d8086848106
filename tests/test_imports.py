"""Who may import whom, and that public names are sorted and there."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# what a package may import of this project; more specific prefixes first
ALLOWED: dict[str, tuple[str, ...]] = {
    "grader.worker": ("grader.worker",),
    "grader.numerics": ("grader.numerics", "grader.errors"),
    "grader.model": ("grader.text",),
    "grader.errors": (),
    "grader.report": (
        "grader.report",
        "grader.model",
        "grader.events",
        "grader.text",
        "grader.errors",
        "grader.score",
    ),
    "grader.diagnose": ("grader.diagnose", "grader.model", "grader.errors"),
    "grader.sandbox": ("grader.sandbox", "grader.worker", "grader.model", "grader.errors"),
    "grader.data": ("grader.data", "grader.errors", "grader.model"),
    "grader.text": (),
    "grader.syntax": (),
    "reference": ("reference",),
}


def imports_of(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text("utf-8"))
    package = path.relative_to(ROOT).with_suffix("").parts
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                yield ".".join([*package[: -node.level], *([node.module] if node.module else [])])
            elif node.module:
                yield node.module


def ours() -> list[Path]:
    return [*sorted((ROOT / "grader").rglob("*.py")), *sorted((ROOT / "reference").rglob("*.py"))]


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def test_the_host_parses_python_in_one_place() -> None:
    """Threads that parse at once end in a SystemError; the worker, which has one, parses what it likes."""
    elsewhere = [
        path for path in ours() if "worker" not in path.parts and "ast.parse(" in path.read_text("utf-8")
    ]
    assert [module_of(path) for path in elsewhere] == ["grader.syntax"]


@pytest.mark.parametrize("path", ours(), ids=module_of)
def test_a_module_imports_only_what_its_place_allows(path: Path) -> None:
    module = module_of(path)
    rule = next(
        (
            allowed
            for prefix, allowed in ALLOWED.items()
            if module == prefix or module.startswith(prefix + ".")
        ),
        None,
    )
    for name in imports_of(path):
        root = name.split(".")[0]
        assert root != "tests", f"{module} imports {name}"
        if root == "reference":
            assert module.startswith("reference") or module in REFERENCE_READERS, f"{module} imports {name}"
        if name == "grader.cli" and module != "grader.__main__":
            pytest.fail(f"{module} imports the command line")
        if rule is not None and root in ("grader", "reference"):
            fits = any(name == prefix or name.startswith(prefix + ".") for prefix in rule)
            assert fits, f"{module} imports {name}; it may import {', '.join(rule) or 'nothing of ours'}"


REFERENCE_READERS = frozenset(
    {
        "grader.truth",
        "grader.formulas.problem",  # the truths of written questions, by name
        "grader.commands.reference",  # `grader reference run` runs it
        "grader.packaging.gradescope",  # packs its sources
    }
)


def test_the_rule_bites(tmp_path: Path) -> None:
    """A planted import of the reference in the worker would be found."""
    planted = ROOT / "grader" / "worker" / "frames.py"
    assert "reference" not in set(imports_of(planted))
    assert "grader.worker" in ALLOWED
    assert not any("reference".startswith(prefix) for prefix in ALLOWED["grader.worker"])


@pytest.mark.parametrize(
    "name", ["grader", "grader.numerics", "grader.sandbox", "grader.report", "grader.diagnose"]
)
def test_public_names_are_sorted_and_there(name: str) -> None:
    module = importlib.import_module(name)
    names = list(module.__all__)
    assert len(set(names)) == len(names)
    assert all(hasattr(module, item) for item in names)


def test_a_right_layer_is_graded_without_the_catalogue_of_faults() -> None:
    program = (
        "import sys, grader.grading; from grader.checks import contract, gradient, init; print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not {"grader.diagnose.catalogue", "torch", "nbformat", "dask"} & set(done.stdout.split())
