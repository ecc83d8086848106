"""First code of a worker interpreter: reads the sources of its own modules from a pipe and becomes a role.

Started as ``python -I -S -c <this file> FD``. The pipe holds one JSON object: ``sources`` (module name to
source), ``path`` (entries of ``sys.path`` after the standard library), ``role`` (module whose
``main(config)`` runs) and ``config``.
"""

from __future__ import annotations
import __future__

import importlib.abc
import importlib.machinery
import json
import linecache
import os
import sys
import types
from typing import Any

PACKAGE = "_gradmark"


class SourceImporter(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports the modules that came over the pipe; they have no file."""

    def __init__(self, sources: dict[str, str]) -> None:
        self.sources = sources

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        """Spec of one of our modules, or None for everybody else's."""
        if fullname not in self.sources:
            return None
        is_package = any(name.startswith(fullname + ".") for name in self.sources)
        return importlib.machinery.ModuleSpec(fullname, self, origin=_label(fullname), is_package=is_package)

    def create_module(self, spec: Any) -> types.ModuleType | None:
        """Leave the creation to the import system."""
        return None

    def exec_module(self, module: types.ModuleType) -> None:
        """Run the source in the new module."""
        name = module.__name__
        source = self.sources[name]
        label = _label(name)
        linecache.cache[label] = (len(source), None, source.splitlines(True), label)
        flags = __future__.annotations.compiler_flag  # `X | None` in annotations, also before Python 3.10
        exec(compile(source, label, "exec", flags, dont_inherit=True), module.__dict__)


def _label(name: str) -> str:
    return f"<{name}>"


def main() -> None:
    """Read the start message and hand over to the role that it names."""
    with os.fdopen(int(sys.argv[1]), "rb") as pipe:
        start = json.load(pipe)
    sys.argv = ["submission"]
    sys.path.extend(entry for entry in start["path"] if entry not in sys.path)
    sources = {PACKAGE: "", **{f"{PACKAGE}.{name}": text for name, text in start["sources"].items()}}
    sys.meta_path.insert(0, SourceImporter(sources))
    role = importlib.import_module(f"{PACKAGE}.{start['role']}")
    role.main(start["config"])


if __name__ == "__main__":
    main()
