"""A diagnosis of what a check saw by itself: calls, modes, returned values, and not numbers to be explained."""

from __future__ import annotations

from grader.diagnose.hypothesis import OUTPUT
from grader.model import Diagnosis


def name_fault(fault_id: str, *, note: str = "", certain: bool = True) -> Diagnosis:
    """The catalogue's entry as a diagnosis.

    Args:
        fault_id: of the catalogue.
        note: what is particular here, for the title.
        certain: False where another fault would show in the same way.

    Raises:
        KeyError: the catalogue has no such entry.
    """
    # not above: with it comes the catalogue, which a right layer does without
    from grader.diagnose.wording import diagnosis

    return diagnosis(fault_id, OUTPUT, note=note, certain=certain)
