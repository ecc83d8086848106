"""Golden files: what a report looked like when somebody last read it.

`GRADMARK_REWRITE_GOLDEN=1 pytest tests/report` writes them anew; read the difference before committing it.
"""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).with_name("golden")


def assert_golden(name: str, text: str) -> None:
    """Compare a text with its golden file, or write the file where that was asked for."""
    path = FOLDER / name
    if os.environ.get("GRADMARK_REWRITE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text.encode())
    assert path.is_file(), f"{path.name} is missing: run with GRADMARK_REWRITE_GOLDEN=1 and read it"
    assert path.read_bytes().decode() == text
