"""Classes made of the example submissions, as folders, zips and bulk downloads."""

from __future__ import annotations

import io
import shutil
import tarfile
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "submissions_example" / "uva_dl1_a1"
MODULES = ("modules.py", "mlp_numpy.py")


def files_of(example: str) -> dict[str, bytes]:
    """The Python files of an example."""
    return {path.name: path.read_bytes() for path in sorted((EXAMPLES / example).glob("*.py"))}


def folder_of(root: Path, examples: Mapping[str, str]) -> Path:
    """A folder with one submission per name."""
    for name, example in examples.items():
        shutil.copytree(EXAMPLES / example, root / name)
    return root


def zipped(files: Mapping[str, bytes]) -> bytes:
    """These files as a zip in memory."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def tarred(files: Mapping[str, bytes]) -> bytes:
    """These files as a gzipped tar in memory."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def under(prefix: str, files: Mapping[str, bytes], names: Iterable[str] = MODULES) -> dict[str, bytes]:
    """Some of these files with a prefix before their names."""
    return {prefix + name: files[name] for name in names}
