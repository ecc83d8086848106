"""``python -m tests.bench [NAME ...]``: the registered benches in turn; they print figures and assert nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from tests.bench import batch, gradient_sweep, gradients, training

BENCHES: dict[str, Callable[[], None]] = {
    "gradients": gradients.main,
    "gradient-sweep": gradient_sweep.main,
    "training": training.main,
    "batch": batch.main,
}
"""All benches by name. A new one is a module with ``main()`` and a line here."""


def main(names: Sequence[str]) -> int:
    """Run the named benches, or all; 2 if a name is unknown."""
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        print(f"unknown: {', '.join(unknown)}; there are: {', '.join(BENCHES)}", file=sys.stderr)
        return 2
    for name in names or BENCHES:
        print(f"== {name}")
        BENCHES[name]()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
