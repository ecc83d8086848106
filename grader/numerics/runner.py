"""A subject with the mode that it must be run in, and counts of what it was asked."""

from __future__ import annotations

from collections.abc import Sequence

from grader.numerics.subject import Call, Outcome, Subject


class Runner:
    """Runs calls in the mode that suits the layer: seeds frozen if it is random, fresh if it keeps state.

    Attributes:
        frozen: whether global seeds are set before every forward.
        fresh_each: whether every call gets an instance of its own.
        forward_calls: how many forwards were asked for so far.
        backward_calls: how many backwards.
        runs: how many runs (round trips, where the layer is in another process).
    """

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self.frozen = False
        self.fresh_each = False
        self.forward_calls = 0
        self.backward_calls = 0
        self.runs = 0

    def run(self, calls: Sequence[Call], *, fresh: bool = False) -> list[Outcome]:
        """Make the calls; one outcome for each."""
        if self.fresh_each:
            return [self.alone(call) for call in calls]
        self.forward_calls += len(calls)
        self.backward_calls += sum(call.backwards for call in calls if call.cotangent is not None)
        self.runs += 1
        return self._subject.run(calls, fresh=fresh, freeze_seeds=self.frozen)

    def alone(self, call: Call) -> Outcome:
        """One call on an instance of its own."""
        self.forward_calls += 1
        self.backward_calls += call.backwards if call.cotangent is not None else 0
        self.runs += 1
        return self._subject.run([call], fresh=True, freeze_seeds=self.frozen)[0]
