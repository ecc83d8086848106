"""What a gradient check found: verdicts, evidence, events and the numbers of every probe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from grader.numerics.compare import Comparison
from grader.numerics.gradients import describe
from grader.numerics.noise import Noise
from grader.numerics.subject import Array


class Judgement(StrEnum):
    """Whether two things fit."""

    CONSISTENT = "consistent"
    INCONSISTENT = "inconsistent"
    INCONCLUSIVE = "inconclusive"


class Against(StrEnum):
    """Which truth something was compared with."""

    OWN_FORWARD = "finite differences of its own forward"
    REFERENCE = "the reference"


@dataclass(frozen=True)
class Event:
    """Something that happened beside the values.

    Attributes:
        kind: ``"accumulation"``, ``"state"``, ``"alias"``, ``"mutation"``, ``"shape"``, ``"dtype"``,
            ``"precision"``, ``"non_finite"``, ``"non_deterministic"``, ``"random"``, ``"raised"``,
            ``"missing_gradient"``, ``"ignored_cotangent"``, ``"not_linear"``, ``"read_only"``,
            ``"memory_layout"``, ``"cache"``.
        tensor: what it happened to: a tensor's name, ``"output"``, ``"cotangent"`` or ``""``.
        probe: the probe that showed it.
        detail: one sentence for people.
        fault: whether a right layer never does this; else it is a note.
        got: the shape or the dtype that came, where that is the point.
        want: the one that was due.
    """

    kind: str
    tensor: str
    probe: str
    detail: str
    fault: bool = True
    got: tuple[int, ...] | str | None = None
    want: tuple[int, ...] | str | None = None


@dataclass(frozen=True)
class Evidence:
    """One comparison behind a verdict.

    Attributes:
        probe: the probe.
        tensor: the tensor whose gradient it is, or ``"output"``.
        against: which truth.
        judgement: what it says.
        comparison: the numbers: of the elements where they were located, else of one directional derivative
            (then the shape is ``()``).
        detail: one sentence for people.
    """

    probe: str
    tensor: str
    against: Against
    judgement: Judgement
    comparison: Comparison
    detail: str = ""

    def __str__(self) -> str:
        text = "; ".join(part for part in (describe(self.comparison), self.detail) if part)
        return f"{self.tensor} at {self.probe}, against {self.against}: {self.judgement}: {text}"


@dataclass(frozen=True)
class TensorVerdict:
    """What was found about the gradient of one tensor.

    Attributes:
        tensor: its name.
        own: is it the derivative of the layer's own forward?
        reference: is it the derivative of the right function? ``None`` without a reference.
        evidence: the comparisons, those that disagree first.
        resolved: in how many probes the derivative was resolved.
    """

    tensor: str
    own: Judgement
    reference: Judgement | None
    evidence: tuple[Evidence, ...]
    resolved: int = 0

    @property
    def worst(self) -> Evidence | None:
        """The first comparison that disagrees."""
        return next((e for e in self.evidence if e.judgement is Judgement.INCONSISTENT), None)


@dataclass(frozen=True, eq=False)
class Record:
    """The numbers of one probe, for a diagnosis.

    Attributes:
        probe: its name.
        setup: which setup it belongs to.
        tensors: the differentiable inputs.
        constants: the others.
        options: the layer's options.
        cotangent: the loss gradient at the output.
        output_got: the layer's output.
        output_want: the reference's; ``None`` without a reference.
        grads_got: the layer's gradients as they came.
        grads_want: the reference's gradients; without a reference, full numerical gradients of the
            layer's own forward where they were taken (where something failed).
        want_by: which of the two they are, ``None`` if there are none.
        slopes: derivatives along a line, by the tensors that moved: (got, want, tolerance).
        before: the call made just before on the same instance, where that spoiled this answer.
    """

    probe: str
    setup: str
    tensors: Mapping[str, Array]
    constants: Mapping[str, Array]
    options: Mapping[str, object]
    cotangent: Array | None
    output_got: Array | None
    output_want: Array | None
    grads_got: Mapping[str, Array | None]
    grads_want: Mapping[str, Array]
    want_by: Against | None
    slopes: Mapping[str, tuple[float, float, float]] = field(default_factory=dict)
    before: Record | None = None


@dataclass(frozen=True)
class GradientReport:
    """The whole answer of a gradient check.

    Attributes:
        tensors: one verdict for each tensor.
        forward: does the output equal the reference's? ``None`` without a reference.
        forward_evidence: the comparisons of outputs that disagree.
        events: what happened beside the values.
        records: the numbers of every probe.
        noise: how exactly the layer computes; ``None`` if it could not be run.
        random: whether the layer is random and was judged with frozen seeds.
        seed: repeats the check.
        forward_calls: how many forwards were made.
        backward_calls: how many backwards.
        runs: in how many runs.
    """

    tensors: tuple[TensorVerdict, ...]
    forward: Judgement | None
    forward_evidence: tuple[Evidence, ...]
    events: tuple[Event, ...]
    records: tuple[Record, ...]
    noise: Noise | None
    random: bool
    seed: int
    forward_calls: int
    backward_calls: int
    runs: int

    def __getitem__(self, tensor: str) -> TensorVerdict:
        """The verdict on the gradient of a tensor, by its name."""
        for verdict in self.tensors:
            if verdict.tensor == tensor:
                return verdict
        raise KeyError(f"no gradient of {tensor!r} was judged; judged: {[v.tensor for v in self.tensors]}")

    @property
    def own(self) -> Judgement:
        """Is backward the derivative of the layer's own forward?"""
        return _worst([verdict.own for verdict in self.tensors])

    @property
    def reference(self) -> Judgement | None:
        """Is backward the derivative of the right function? ``None`` without a reference."""
        judged = [verdict.reference for verdict in self.tensors if verdict.reference is not None]
        return _worst(judged) if judged else None

    @property
    def faults(self) -> tuple[Event, ...]:
        """The events that no right layer causes."""
        return tuple(event for event in self.events if event.fault)

    @property
    def judgement(self) -> Judgement:
        """One word: inconsistent if anything is wrong, else inconclusive if anything is open, else consistent."""
        if self.faults:
            return Judgement.INCONSISTENT
        return _worst([j for j in (self.forward, self.own, self.reference) if j is not None])

    @property
    def ok(self) -> bool:
        """Whether everything is consistent and nothing happened that a right layer does not do."""
        return self.judgement is Judgement.CONSISTENT

    @property
    def summary(self) -> str:
        """Which of the four lessons this is, in one sentence."""
        own, right = self.own, self.forward
        if self.noise is None and self.faults:
            return f"nothing could be judged: {self.faults[0].detail}"
        if right is Judgement.INCONSISTENT and own is Judgement.CONSISTENT:
            return "forward is wrong, and backward is the derivative of that wrong forward"
        if right is Judgement.CONSISTENT and own is Judgement.INCONSISTENT:
            return "forward is right, backward is not its derivative"
        if right is Judgement.INCONSISTENT and own is Judgement.INCONSISTENT:
            return "forward is wrong, and backward is not its derivative either"
        if own is Judgement.INCONSISTENT:
            return "backward is not the derivative of forward"
        if self.reference is Judgement.INCONSISTENT:
            return "backward is not the derivative of the right function"
        if self.faults:
            return f"the values fit, but: {self.faults[0].detail}"
        if self.judgement is Judgement.INCONCLUSIVE:
            return "nothing wrong was found, but not everything could be judged"
        return "backward is the derivative of forward" + (", and forward is right" if right else "")

    def __str__(self) -> str:
        lines = [f"{self.judgement}: {self.summary}"]
        lines += [f"  {evidence}" for evidence in self.forward_evidence[:2]]
        evidence = [e for verdict in self.tensors for e in verdict.evidence]
        lines += [f"  {e}" for e in evidence if e.judgement is not Judgement.CONSISTENT]
        lines += [f"  {'fault' if e.fault else 'note'}: {e.detail} [{e.probe}]" for e in self.events]
        cost = f"{self.forward_calls} forward and {self.backward_calls} backward calls in {self.runs} runs"
        return "\n".join([*lines, f"  {cost}; repeat with seed={self.seed}"])

    def require(self) -> None:
        """Raise ``AssertionError`` with the report as its text unless everything is consistent."""
        if not self.ok:
            raise AssertionError(str(self))


def _worst(judgements: list[Judgement]) -> Judgement:
    for judgement in (Judgement.INCONSISTENT, Judgement.INCONCLUSIVE):
        if judgement in judgements:
            return judgement
    return Judgement.CONSISTENT
