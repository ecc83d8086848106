"""The submission's files in the worker's private scratch folder."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from .packages import install


def lay_out(header: dict[str, Any], arrays: list[np.ndarray], scratch: str) -> None:
    """Write files and support modules, go to the submission's folder and put both on ``sys.path``.

    The submission lies two levels deep, because students write to ``../``. Support modules are found before
    the submission's own.
    """
    root = Path(scratch)
    submission, support = root / "home" / "submission", root / "support"
    for folder in (submission, support, root / "tmp"):
        folder.mkdir(parents=True, exist_ok=True)
    for folder, names in ((submission, header["files"]), (support, header["support"])):
        for name, index in names:
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(arrays[index].tobytes())
    own = {name: arrays[index].tobytes() for name, index in header["files"]}
    install(own, str(submission), [name.removesuffix(".py") for name, _ in header["support"]])
    os.chdir(submission)
    sys.path[:0] = [str(support), str(submission)]
    sys.argv[:] = [str(submission / "submission.py")]
    os.environ.update(HOME=str(root / "home"), TMPDIR=str(root / "tmp"), MPLCONFIGDIR=str(root / "tmp"))
    tempfile.tempdir = None
