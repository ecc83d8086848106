"""One verdict on a network that was tried with two, one and no hidden layers.

A network that is right with one hidden layer, and cannot be built with another number of them, has a fault of its own
that costs a part: one fault does not cost everything.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from grader.checks.context import CannotJudge, Context, Finding
from grader.checks.support import in_words, printed, worst_first
from grader.diagnose import name_fault
from grader.model import Diagnosis, Evidence, Verdict

SHARES = {2: 0.4, 1: 0.4, 0: 0.2}  # of the points, by number of hidden layers
NO_HIDDEN = "An empty n_hidden is due to give multinomial logistic regression: one linear layer."
MORE_HIDDEN = "n_hidden is a list: one linear layer and one activation are due for each of its entries."


@dataclass(frozen=True)
class Fault:
    """What is wrong, as an id of the catalogue and as a clause for a message."""

    id: str
    text: str
    note: str = ""

    @property
    def diagnosis(self) -> Diagnosis:
        """The same as reports show it."""
        return name_fault(self.id, note=self.note)


@dataclass(frozen=True)
class Judged:
    """What came of one number of hidden layers; ``note`` goes into the message of a network that passes."""

    evidence: tuple[Evidence, ...]
    fault: Fault | None = None
    note: str = ""

    @property
    def agreed(self) -> bool:
        """Whether nothing is wrong."""
        return all(item.agreed for item in self.evidence)


def try_sizes(
    context: Context,
    sizes: Sequence[tuple[int, ...]],
    judge: Callable[[tuple[int, ...]], Judged],
    *,
    hint: str,
) -> Finding:
    """Judge each size; the finding on all of them together.

    Args:
        context: of the check.
        sizes: hidden layers, one of them a single one.
        judge: what comes of one of them; raises CannotJudge where it cannot be built or called.
        hint: for a network that is wrong.
    """
    tried: dict[tuple[int, ...], Judged] = {}
    stopped: dict[tuple[int, ...], Finding] = {}
    for hidden in sizes:
        try:
            tried[hidden] = judge(hidden)
        except CannotJudge as stop:
            stopped[hidden] = stop.finding
    wrong = [item for item in tried.values() if not item.agreed]
    evidence = [item for judged in tried.values() for item in judged.evidence]
    if wrong:
        return _wrong(context, wrong, evidence, hint)
    if stopped and not any(len(hidden) == 1 for hidden in tried):
        return next(iter(stopped.values()))
    if stopped:
        return _in_part(context, tried, stopped, evidence)
    note = next((item.note for item in tried.values() if item.note), "")
    return Finding(Verdict.PASSED, note, evidence=tuple(evidence[:3]), output=printed(context))


def _wrong(context: Context, wrong: Sequence[Judged], evidence: list[Evidence], hint: str) -> Finding:
    diagnoses = tuple({j.fault.id: j.fault.diagnosis for j in wrong if j.fault is not None}.values())
    bad = next(item for item in wrong[0].evidence if not item.agreed)
    return Finding(
        Verdict.FAILED,
        message_of(bad),
        hint=diagnoses[0].hint if diagnoses else hint,
        evidence=worst_first(evidence),
        diagnoses=diagnoses[:3],
        output=printed(context),
    )


def _in_part(
    context: Context,
    tried: dict[tuple[int, ...], Judged],
    stopped: dict[tuple[int, ...], Finding],
    evidence: list[Evidence],
) -> Finding:
    right = " and ".join(_named(hidden) for hidden in tried)
    told = "; ".join(
        f"with {_named(hidden)}{' (n_hidden = [])' if not hidden else ''}: "
        f"{found.message.rstrip('.').removeprefix(_begun(hidden))}"
        for hidden, found in stopped.items()
    )
    faults = ["N113" if not hidden else "N114" for hidden in stopped]
    return Finding(
        Verdict.PARTIAL,
        f"Right with {right}; {told}.",
        share=sum(SHARES[len(hidden)] for hidden in tried) / sum(SHARES[len(h)] for h in (*tried, *stopped)),
        hint=NO_HIDDEN if faults[0] == "N113" else MORE_HIDDEN,
        evidence=tuple(evidence[:3]),
        diagnoses=tuple(name_fault(fault) for fault in faults),
        output=printed(context),
    )


def other_number(context: Context, hidden: tuple[int, ...], text: str) -> CannotJudge:
    """That a network has another number of linear layers than this size asks for."""
    told = f"{_begun(hidden)}{text}."
    evidence = Evidence(what=f"hidden layers {list(hidden)}", agreed=False, detail=told)
    return CannotJudge(
        Finding(
            Verdict.FAILED,
            told,
            hint=MORE_HIDDEN,
            evidence=(evidence,),
            diagnoses=(name_fault("N110"),),
            output=printed(context),
        )
    )


def _begun(hidden: tuple[int, ...]) -> str:
    return f"With hidden layers {list(hidden)}, "


def _named(hidden: tuple[int, ...]) -> str:
    return {0: "no hidden layer", 1: "one hidden layer"}.get(len(hidden), f"hidden layers {list(hidden)}")


def message_of(evidence: Evidence) -> str:
    """What a piece of evidence says, as a sentence."""
    if evidence.got is not None and not evidence.detail:
        return f"{evidence.what}: {in_words(evidence)}."
    return evidence.detail
