"""A submission's source files, read once each: what they define, and what importing one of them reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from grader.submission.outline import Outline, read_outline


@dataclass(frozen=True)
class Reach:
    """Files of the submission that a module reads, itself included, and top-level names of other packages."""

    files: frozenset[str]
    packages: frozenset[str]


class Sources:
    """The source files of one submission, by their path below its root."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files
        self._outlines: dict[str, Outline] = {}
        self._reaches: dict[str, Reach] = {}

    def outline(self, module: str) -> Outline | None:
        """What the file of a module (``modules``, ``package.modules``) defines, or None if there is no such file."""
        file = module.replace(".", "/") + ".py"
        return self._outline(file) if file in self._files else None

    def reach(self, module: str) -> Reach:
        """What importing a module reads, as far as its sources show: imports at any depth, none by computed name."""
        if module not in self._reaches:
            self._reaches[module] = self._follow(module)
        return self._reaches[module]

    def _below_own_folder(self, name: str) -> list[str]:
        """Files that ``src.modules`` reads where ``src`` is what the submission's files call their own folder."""
        parts = name.split(".")
        tails = [".".join(parts[at:]) for at in range(1, len(parts))]
        return next(
            (own for tail in tails if (own := [f for f in _candidates(tail) if f in self._files])), []
        )

    def modules_below(self, module: str) -> list[str]:
        """Dotted names of the submission's own modules that importing this one reads, itself among them, sorted."""
        files = sorted(self.reach(module).files)
        return [file.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for file in files]

    def _outline(self, file: str) -> Outline:
        if file not in self._outlines:
            self._outlines[file] = read_outline(file, self._files[file])
        return self._outlines[file]

    def _follow(self, module: str) -> Reach:
        todo, files, packages = [module], set[str](), set[str]()
        seen = {""}
        while todo:
            name = todo.pop()
            if name in seen:
                continue
            seen.add(name)
            own = [file for file in _candidates(name) if file in self._files]
            if not own:
                packages.add(name.partition(".")[0])
                own = self._below_own_folder(name)
            for file in own:
                if file not in files:
                    files.add(file)
                    todo.extend(self._outline(file).imports)
        return Reach(frozenset(files), frozenset(packages))


def _candidates(name: str) -> list[str]:
    """Files that importing a dotted name may read: of the module and of the packages around it."""
    parts = name.split(".")
    paths = ["/".join(parts[: end + 1]) for end in range(len(parts))]
    return [file for path in paths for file in (f"{path}.py", f"{path}/__init__.py")]
