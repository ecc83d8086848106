"""The submission's folder as a package: `from .modules import *` and `from src.modules import *` in files at its top.

Files that were written as `src/mlp_numpy.py` are handed in without the folder, or are found below it. Such a name is
an alias here: `src.modules` is the module `modules`, not a second copy of it.
"""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterable, Mapping
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from typing import Any

FOLDER = "submission"  # what files with relative imports take their folder to be called
_IMPORT = re.compile(
    rb"^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import[ \t]+\(?[ \t]*(\w+|\*)|import[ \t]+([\w.]+))", re.MULTILINE
)
_RELATIVE = re.compile(rb"^[ \t]*from[ \t]+\.", re.MULTILINE)


def install(files: Mapping[str, bytes], folder: str, known: Iterable[str] = ()) -> None:
    """Make the submission's files importable below the names by which they call their own folder.

    Args:
        files: of the submission, by relative path.
        folder: where they were written.
        known: further modules at the top, such as ours.
    """
    sources = {name: data for name, data in files.items() if name.endswith(".py")}
    relative = {n[:-3] for n, data in sources.items() if "/" not in n and _RELATIVE.search(data)}
    packages = PackageFinder({FOLDER, *own_packages(sources, known)})
    sys.meta_path[:0] = [RelativeFinder(relative, folder), AliasFinder(packages)]
    sys.meta_path.append(packages)


def own_packages(sources: Mapping[str, bytes], known: Iterable[str] = ()) -> set[str]:
    """Dotted names that the files import from as if it were their folder: every import below one is a file of theirs."""
    top = {name.partition("/")[0].removesuffix(".py") for name in sources} | set(known)
    found: set[str] = set()
    others: set[str] = set()
    for data in sources.values():
        for base, first, plain in _IMPORT.findall(data):
            parts = (plain or base + b"." + first).decode("ascii", "replace").split(".")
            if not parts[0] or parts[0] in top:
                continue
            at = next((i for i, part in enumerate(parts) if part in top), 0)
            found.update(".".join(parts[:end]) for end in range(1, at + 1))
            others.update(() if at else parts[:1])
    return {name for name in found if name.partition(".")[0] not in others}


class RelativeFinder(MetaPathFinder):
    """Finds the files at the top that have relative imports, and says which package they are in."""

    def __init__(self, names: set[str], folder: str) -> None:
        self.names = names
        self.folder = folder

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Spec of one of these files, else None."""
        spec = PathFinder.find_spec(fullname, [self.folder]) if fullname in self.names else None
        if spec is not None and type(spec.loader) is SourceFileLoader:
            spec.loader = _InPackage(fullname, spec.loader.path)
        return spec


class _InPackage(SourceFileLoader):
    def exec_module(self, module: Any) -> None:
        module.__package__ = FOLDER
        super().exec_module(module)


class PackageFinder(MetaPathFinder, Loader):
    """Last to be asked, so that what is installed comes first: empty packages of these names."""

    def __init__(self, packages: set[str]) -> None:
        self.packages = packages

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Spec of a package, else None."""
        return ModuleSpec(fullname, self, is_package=True) if fullname in self.packages else None

    def exec_module(self, module: Any) -> None:
        """Nothing is left to run: the package is empty."""

    def below(self, fullname: str) -> str:
        """What follows the name of the innermost of these packages that was imported; "" if nothing does."""
        head = fullname.rpartition(".")[0]
        while head and getattr(getattr(sys.modules.get(head), "__spec__", None), "loader", None) is not self:
            head = head.rpartition(".")[0]
        return fullname[len(head) + 1 :] if head and fullname not in self.packages else ""


class AliasFinder(MetaPathFinder, Loader):
    """Finds the modules of the submission below the packages that stand for its folder."""

    def __init__(self, packages: PackageFinder) -> None:
        self.packages = packages
        self.specs: dict[str, Any] = {}

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Spec of an alias, else None."""
        rest = self.packages.below(fullname)
        if not rest:
            return None
        try:
            importlib.import_module(rest)
        except ModuleNotFoundError as error:
            if error.name == rest:
                return None
            raise
        return ModuleSpec(fullname, self)

    def create_module(self, spec: ModuleSpec) -> Any:
        """The module itself."""
        module = sys.modules[self.packages.below(spec.name)]
        self.specs[spec.name] = module.__spec__
        return module

    def exec_module(self, module: Any) -> None:
        """Leave the module as it was before it had this name, too."""
        spec = module.__spec__
        if spec is not None and spec.name in self.specs:
            module.__spec__ = self.specs.pop(spec.name)
