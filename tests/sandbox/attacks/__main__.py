"""``python -m tests.sandbox.attacks``: every attack against the naive grader and every level; the table as
Markdown.

With ``--naive``, ``--level 3`` or ``--level 2`` only that column; ``--json`` for a machine.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from grader.errors import SubmissionError
from grader.report import REPORTERS, render
from grader.sandbox import Sandbox, SandboxSettings
from grader.submission import load_submission
from tests.sandbox.attacks.attack import Attack
from tests.sandbox.attacks.families import ATTACKS
from tests.sandbox.attacks.families.injecting import HARM, TEXTS, naive_views
from tests.sandbox.attacks.families.intake import INTAKE, SECRET, harm, naive_harm
from tests.sandbox.attacks.runs import Outcome, run_naive, run_sandboxed
from tests.sandbox.test_host_attacks import report_with

WITHOUT: dict[str, dict[str, str]] = {
    "level 3": {},
    "level 2": {"bubblewrap": "left out", "namespaces": "left out"},
    "without bubblewrap": {"bubblewrap": "left out"},
}
Column = dict[str, Outcome | None]


def column(run: Callable[[Attack], Outcome | None], name: str) -> Column:
    """One grader's outcomes, with progress on standard error."""
    found: Column = {}
    for number, attack in enumerate(ATTACKS, start=1):
        print(f"\r{name}: {number}/{len(ATTACKS)} {attack.name:45}", end="", file=sys.stderr)
        found[attack.name] = run(attack)
    print(file=sys.stderr)
    return found


def naive_column() -> Column:
    """The grader in one process."""
    return column(lambda attack: run_naive(attack) if attack.naive else None, "naive")


def sandbox_column(name: str) -> tuple[str, Column]:
    """The sandbox without some layers; its heading names what the probe found."""
    with Sandbox(SandboxSettings(require=1, allow_unconfined=True, without=WITHOUT[name])) as sandbox:
        found = sandbox.isolation
        heading = f"{name} (found: {found.level} {found.name}{', gaps ' + ' '.join(found.gaps) if found.gaps else ''})"
        return heading, column(lambda attack: run_sandboxed(attack, sandbox), name)


def host_table() -> str:
    """What never reaches a worker: archives and texts, against the usual way to treat them, and the
    host's.
    """
    lines = ["| family | attack | usual | host |", "|---|---|---|---|"]
    for intake in INTAKE:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "secret.txt").write_text(SECRET)
            path = intake.build(folder)
            usual = naive_harm(path)
            try:
                held = not harm(path, load_submission(path, modules=["modules.py"]).files, folder)
            except SubmissionError:
                held = True
        lines.append(f"| intake | {intake.name} | {_word(bool(usual))} | {_word(not held)} |")
    for name, text in TEXTS.items():
        usual = any(HARM[form](view) for form, view in naive_views(text).items())
        found = [
            form for form in REPORTERS if HARM[form](render(report_with(text), form, audience="instructor"))
        ]
        lines.append(f"| injecting | {name} | {_word(bool(usual))} | {_word(bool(found))} |")
    return "\n".join(lines)


def _word(succeeded: bool) -> str:
    return "**succeeds**" if succeeded else "held"


def table(columns: dict[str, Column]) -> str:
    """Markdown: a line per attack, then the sums."""
    lines = ["| family | attack | " + " | ".join(columns) + " |", "|---|---|" + "---|" * len(columns)]
    for attack in ATTACKS:
        cells = [_cell(outcomes[attack.name]) for outcomes in columns.values()]
        lines.append(f"| {attack.family} | {attack.name} | " + " | ".join(cells) + " |")
    sums = [f"{_breaches(c)} of {sum(o is not None for o in c.values())} succeed" for c in columns.values()]
    lines.append("| | **all** | " + " | ".join(sums) + " |")
    return "\n".join(lines)


def _cell(outcome: Outcome | None) -> str:
    return "–" if outcome is None else _word(outcome.succeeded)


def _breaches(outcomes: Column) -> int:
    return sum(outcome is not None and outcome.succeeded for outcome in outcomes.values())


def main() -> int:
    """Write the table; the exit code is 1 if anything succeeded against the sandbox."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--naive", action="store_true")
    parser.add_argument("--level", choices=["3", "2"])
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    everything = not options.naive and not options.level
    columns: dict[str, Column] = {}
    if options.naive or everything:
        columns["naive grader"] = naive_column()
    for name in WITHOUT:
        if everything or name == f"level {options.level}":
            heading, outcomes = sandbox_column(name)
            columns[heading] = outcomes
    user = "root" if os.geteuid() == 0 else "an ordinary user"
    if options.json:
        print(json.dumps({name: {k: o and o.succeeded for k, o in c.items()} for name, c in columns.items()}))
    else:
        print(f"As {user}, {time.strftime('%Y-%m-%d')}, {os.uname().release}.\n\n{table(columns)}")
        if everything:
            print(f"\n{host_table()}")
    held = [outcomes for name, outcomes in columns.items() if name != "naive grader"]
    for outcomes in held:
        for name, outcome in outcomes.items():
            if outcome is not None and outcome.succeeded:
                print(f"{name}: {outcome.detail}", file=sys.stderr)
    return 1 if any(_breaches(outcomes) for outcomes in held) else 0


if __name__ == "__main__":
    sys.exit(main())
