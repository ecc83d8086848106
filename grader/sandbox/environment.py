"""The Python environment that a submission runs in: an interpreter and its packages, without ours."""

from __future__ import annotations

import importlib.resources
import importlib.util
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from grader.errors import UsageError

OURS = ("grader", "reference")  # import packages that no worker may see
_QUERY = """
import importlib.util, json, os, sys
print(json.dumps({
    "numpy": importlib.util.find_spec("numpy") is not None,
    "path": [os.path.abspath(entry) for entry in sys.path if entry],
    "version": list(sys.version_info[:3]),
    "prefixes": [sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix],
    "executable": sys.executable,
    "real": os.path.realpath(sys.executable),
}))
"""
_QUERY_SECONDS = 60.0
OLDEST = (3, 8)


@dataclass(frozen=True)
class Environment:
    """An interpreter, the entries of its ``sys.path`` that a worker gets, and where its files are."""

    python: str  # absolute path of the interpreter, links resolved
    path: tuple[str, ...]
    roots: tuple[str, ...]  # folders whose files the interpreter and its packages need
    hidden: tuple[str, ...]  # files and folders below the roots that no worker may read
    version: tuple[int, ...]


@cache
def find_environment(python: str = "") -> Environment:
    """Ask an interpreter where its packages are.

    Args:
        python: path of the interpreter; empty for the one that runs the grader.

    Raises:
        UsageError: if it cannot be run or is too old.
    """
    executable = python or sys.executable
    command = [executable, *(["-E"] if python else []), "-c", _QUERY]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_QUERY_SECONDS, cwd="/", check=True)
        found = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise UsageError(f"the Python interpreter {executable} cannot be used: {error}") from None
    if tuple(found["version"]) < OLDEST:
        shown = ".".join(map(str, found["version"]))
        raise UsageError(f"{executable} is Python {shown}; a worker needs Python 3.8 or newer")
    if not found["numpy"]:
        raise UsageError(
            f"{executable} has no numpy; a worker's environment needs it, and torch where that is graded"
        )
    entries = [entry for entry in found["path"] if os.path.exists(entry) and not _is_checkout(Path(entry))]
    path = tuple(entry for entry in entries if python or _holds_packages(Path(entry), found["prefixes"]))
    prefixes = [prefix for prefix in dict.fromkeys(found["prefixes"]) if os.path.isdir(prefix)]
    return Environment(
        python=found["real"],
        path=path,
        roots=tuple(dict.fromkeys([*_stdlib_roots(found, prefixes), *path])),
        hidden=tuple(str(item) for entry in path for item in _ours_in(Path(entry))),
        version=tuple(found["version"]),
    )


def _stdlib_roots(found: dict[str, list[str]], prefixes: list[str]) -> list[str]:
    """Library folders of the base interpreter: the standard library, and shared libraries beside it."""
    base = found["prefixes"][1]
    return [str(path) for path in (Path(base, "lib"), Path(base, "lib64")) if path.is_dir()]


def _holds_packages(entry: Path, prefixes: list[str]) -> bool:
    """Whether an entry of the grader's own path is for packages, and not a course's folder that came by
    PYTHONPATH.
    """
    installed = any(str(entry).startswith(f"{prefix}{os.sep}lib") for prefix in prefixes)
    named = entry.name in ("site-packages", "dist-packages")
    return installed or named or (entry / "numpy").is_dir() or (entry / "torch").is_dir()


def _is_checkout(entry: Path) -> bool:
    """Whether a path entry is a source tree of ours, as an editable installation adds it."""
    return (entry / "grader" / "worker" / "boot.py").exists() and (entry / "pyproject.toml").exists()


def _ours_in(entry: Path) -> list[Path]:
    """What an installation of ours put into a folder of packages."""
    if not entry.is_dir():
        return []
    names = [name for name in os.listdir(entry) if name in OURS or "gradmark" in name.lower()]
    return [entry / name for name in sorted(names)]


@cache
def worker_sources() -> dict[str, str]:
    """Sources of the worker's own modules by name, and of the Landlock binding that they use."""
    own = {name: text for name, text in _sources("grader.worker").items() if name not in ("", "boot")}
    if importlib.util.find_spec("landlockpy") is None:
        return own
    landlock = _sources("landlockpy").items()
    return own | {f"landlockpy.{name}".rstrip("."): text for name, text in landlock}


def _sources(package: str) -> dict[str, str]:
    """Source of each module of a package by its name; the package's own under the empty name."""
    modules = [item for item in importlib.resources.files(package).iterdir() if item.name.endswith(".py")]
    named = {item.name.removesuffix(".py"): item.read_text("utf-8") for item in modules}
    return {"" if name == "__init__" else name: text for name, text in named.items()}


@cache
def boot_source() -> str:
    """The code that a worker interpreter starts with."""
    return (importlib.resources.files("grader.worker") / "boot.py").read_text("utf-8")


def clean_environment() -> dict[str, str]:
    """The whole environment of a worker: nothing is inherited."""
    one = dict.fromkeys(
        ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1"
    )
    return {
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "USER": "student",
        "HOME": "/tmp",
        "MPLBACKEND": "Agg",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONUNBUFFERED": "",
        **one,
    }
