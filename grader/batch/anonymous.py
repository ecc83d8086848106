"""Codes instead of names, for marking without knowing whose work it is."""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
import os
import re
from collections.abc import Iterable
from pathlib import Path

from grader.batch.intake import Entry
from grader.batch.store import write_file
from grader.text import csv_cell

LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is read for another


def code_of(seed: int, key: str) -> str:
    """The code of a submission: the same in every run with the same seed."""
    found = hmac.new(f"gradmark {seed}".encode(), key.encode(), hashlib.sha256).digest()
    return "anon-" + "".join(LETTERS[byte % len(LETTERS)] for byte in found[:8])


def masked_words(entry: Entry) -> tuple[str, ...]:
    """Words that would say whose a submission is: names, addresses, ids, what it was called."""
    who = entry.identity
    stem = re.sub(r"\.(zip|ipynb|py)$", "", entry.source)
    words = {
        entry.source,
        stem,
        who.name,
        who.email,
        who.student_id,
        who.canvas_id,
        who.moodle_id,
        who.gradescope_id,
    }
    words |= {text for member in who.members for text in member}
    return tuple(sorted(word for word in words if len(word) >= (5 if word.isdigit() else 3)))


def write_names(path: Path, entries: Iterable[Entry]) -> None:
    """Write whose codes these are, readable by their owner alone."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("code", "student", "email", "id", "source"))
    for entry in entries:
        who = entry.identity
        texts = (who.name, who.email, who.student_id or who.canvas_id or who.moodle_id, entry.source)
        writer.writerow((entry.key, *map(csv_cell, texts)))
    write_file(path, out.getvalue())
    os.chmod(path, 0o600)
