"""``autograder.zip`` for Gradescope: setup.sh, run_autograder, the rubric, this package's sources and pinned versions.

Source: Gradescope's autograder specification (setup.sh and run_autograder at the root of the zip; submission in
/autograder/submission; results in /autograder/results/results.json).
"""

from __future__ import annotations

import importlib.metadata
import re
import stat
import zipfile
from collections.abc import Iterator
from importlib.resources import files as resources
from pathlib import Path

from grader.packaging.course_files import course_files

EXECUTABLE = frozenset({"setup.sh", "run_autograder"})
COURSE = "course"  # the folder of the rubric in the zip
EPOCH = (1980, 1, 1, 0, 0, 0)  # the same inputs give the same zip, byte for byte


def package_gradescope(
    rubric: str, output: Path, *, variant: str | None = None, allow_unconfined: bool = False
) -> Path:
    """Write the zip that is uploaded to Gradescope.

    Args:
        rubric: built-in name or path of a TOML file.
        output: where the zip goes.
        variant: of the rubric; None: found from each submission.
        allow_unconfined: grade even where the container gives no isolation level 2.

    Raises:
        RubricError: the rubric cannot be read.
    """
    course = {f"{COURSE}/{name}": data for name, data in course_files(rubric).items()}
    flags = ["--variant", variant] if variant else []
    flags += ["--allow-unconfined", "--isolation", "require=1"] if allow_unconfined else []
    members = {
        "setup.sh": _template("setup.sh"),
        "run_autograder": _template("run_autograder").replace(b"@FLAGS@", " ".join(flags).encode()),
        "requirements.txt": "".join(f"{pin}\n" for pin in pinned()).encode(),
        **course,
        **dict(_sources()),
    }
    output.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(members.items()):
            info = zipfile.ZipInfo(name, EPOCH)
            mode = 0o755 if name in EXECUTABLE else 0o644
            info.external_attr = (stat.S_IFREG | mode) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
    return output


def pinned() -> list[str]:
    """This package's requirements, what submissions import, and theirs, as installed here: ``numpy==2.4.6``."""
    found: dict[str, str] = {}
    todo = _requirements("gradmark", extra="submissions")
    while todo:
        name = todo.pop()
        if name in found:
            continue
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # for another platform
        found[name] = version.partition("+")[0]
        if not name.startswith(("nvidia", "triton")):
            todo += _requirements(name)
    return [f"{name}=={version}" for name, version in sorted(found.items())]


def _requirements(name: str, extra: str = "") -> list[str]:
    lines = importlib.metadata.requires(name) or []
    wanted = re.compile(rf"extra == ['\"]{extra}['\"]")
    plain = [line for line in lines if "extra ==" not in line or (extra and wanted.search(line))]
    return [
        match[0].lower().replace("_", "-") for line in plain if (match := re.match(r"[A-Za-z0-9_.\-]+", line))
    ]


def _template(name: str) -> bytes:
    return (resources("grader.packaging") / "templates" / name).read_bytes()


def _sources() -> Iterator[tuple[str, bytes]]:
    """The installed packages ``grader`` and ``reference``, below ``src/``."""
    import grader
    import reference

    for package in (grader, reference):
        root = Path(str(package.__file__)).parent
        for path in sorted(root.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield f"src/{root.name}/{path.relative_to(root).as_posix()}", path.read_bytes()
