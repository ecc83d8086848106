"""The numbers of every probe, kept for a diagnosis."""

from __future__ import annotations

from dataclasses import replace

from grader.numerics.conversation import Asked, Conversation
from grader.numerics.findings import Findings, gradient_of, usable_tensors
from grader.numerics.report import Against, Record
from grader.numerics.subject import Array, Call, Outcome


def records_of(talk: Conversation, findings: Findings) -> list[Record]:
    """One record for each probe; then one for each answer that earlier calls had spoiled."""
    clean = {asked.name: _record(asked, findings) for asked in talk.asked}
    spoiled = []
    for asked, outcome, call, outcome_before in talk.before:
        before = _plain(f"before {asked.name}", asked, call, outcome_before)
        record = _plain(f"{asked.name}, after other calls", asked, asked.call, outcome)
        right = clean[asked.name]
        spoiled.append(
            replace(
                record,
                output_want=right.output_want,
                grads_want=right.grads_want,
                want_by=right.want_by,
                before=before,
            )
        )
    return [*clean.values(), *spoiled]


def _plain(probe: str, asked: Asked, call: Call, outcome: Outcome) -> Record:
    return Record(
        probe=probe,
        setup=asked.setup.name,
        tensors=call.tensors,
        constants=call.constants,
        options=asked.setup.options,
        cotangent=call.cotangent,
        output_got=outcome.output,
        output_want=None,
        grads_got=outcome.grads,
        grads_want={},
        want_by=None,
    )


def _record(asked: Asked, findings: Findings) -> Record:
    record = _plain(asked.name, asked, asked.call, asked.outcome)
    slopes = findings.slopes.get(asked.name, {})
    if asked.truth is not None:
        wanted = {name: grad for name, grad in asked.truth.grads.items() if grad is not None}
        return replace(
            record,
            output_want=asked.truth.output,
            grads_want=wanted,
            want_by=Against.REFERENCE,
            slopes=slopes,
        )
    known = _known(asked, findings)
    return replace(record, grads_want=known, want_by=Against.OWN_FORWARD if known else None, slopes=slopes)


def _known(asked: Asked, findings: Findings) -> dict[str, Array]:
    """Right gradients of the own forward: differences where they were taken, what came where it was confirmed."""
    known = {}
    for name in usable_tensors(asked):
        if (asked.name, name) in findings.located:
            known[name] = findings.located[asked.name, name]
        elif (asked.name, name) in findings.accepted:
            known[name] = gradient_of(asked, name)
    return known
