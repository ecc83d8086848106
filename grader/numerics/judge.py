"""From slopes and gradients to verdicts: screen in one direction, then locate what disagrees."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np

from grader.numerics.conversation import Asked, Conversation
from grader.numerics.events import Events
from grader.numerics.findings import Findings, gradient_of, usable_tensors
from grader.numerics.kinks import acts_alone, compare_ranges, without_kinks
from grader.numerics.locate import ALL, Located, locate
from grader.numerics.loudness import noise_at, noise_of_layer
from grader.numerics.noise import Noise
from grader.numerics.probes import GENERIC
from grader.numerics.report import Judgement
from grader.numerics.rounding import Rounding, measure_rounding
from grader.numerics.runner import Runner
from grader.numerics.sameness import same_outcome
from grader.numerics.screen import Question, Screen, Screened, line_at
from grader.numerics.subject import Array

_LOCATED = 1  # probes at which elements are located, for each tensor, beside a reference
_SETTLED = 2  # probes at which a tensor's gradient is found wrong, after which a reference says the rest


class Judge:
    """Judges the gradients of one setup against finite differences of its own forward."""

    def __init__(
        self,
        talk: Conversation,
        runner: Runner,
        rng: np.random.Generator,
        events: Events,
        *,
        noise: Noise | None = None,
        wrong: Counter[str] | None = None,
    ) -> None:
        self.talk, self.runner, self.rng, self.events = talk, runner, rng, events
        self._replayed: dict[str, Asked] = {}
        self._times_located: dict[str, int] = {}
        self._smooth: set[str] = set()  # probes whose line disagreed and met no kink
        self._wrong = Counter[str]() if wrong is None else wrong  # by tensor, at all setups so far
        self.findings = Findings()
        self.noise = noise if noise is not None else noise_of_layer(talk, runner, rng)
        self._screen = Screen(talk, runner, rng, self.noise, self.findings)

    def judge(self) -> Findings:
        """Screen all probes, look closer at those that disagree."""
        questions: list[Question] = []
        for asked in self.talk.asked:
            names = usable_tensors(asked) if asked.probe.kind.slopes else ()
            if asked.probe.kind.name == GENERIC:
                questions += [(asked, (name,)) for name in names]
            elif names:
                questions.append((asked, names))
        for screened in self._screen.ask(questions, quick=True):
            self._take(screened)
        return self.findings

    def settled(self, name: str) -> bool:
        """Whether a tensor's gradient is known to be wrong, from enough probes."""
        return self._wrong[name] >= _SETTLED

    def noise_at(self, asked: Asked) -> float:
        """The standard deviation of the outputs at one probe, measured there."""
        return noise_at(asked, self.runner, self.rng, self.noise)

    def rounding_at(self, asked: Asked) -> Rounding:
        """The rounding of the layer's gradients at one probe, measured once."""
        if asked.name not in self.findings.rounding:
            self.findings.rounding[asked.name] = measure_rounding(self.runner, asked, self.rng, self.noise)
        return self.findings.rounding[asked.name]

    def allows_at_kink(self, asked: Asked, name: str) -> bool:
        """Whether the point sits on a kink and the own forward allows this gradient there."""
        if self.settled(name) and asked.name in self._smooth:
            return False
        if asked.name not in self.findings.kinked and name in usable_tensors(asked):
            self._take(self._screen.ask([(asked, (name,))])[0])
        return asked.name in self.findings.kinked and (asked.name, name) in self.findings.accepted

    def _take(self, screened: Screened) -> None:
        """Accept a line that agrees; look closer at one that does not, or that sits on a kink."""
        if screened.measured.kinked:
            self.findings.kinked.add(screened.asked.name)
            alone = [screened] if len(screened.names) == 1 else self._one_by_one(screened)
            for one in alone:
                self._take_at_kink(one) if one.measured.kinked else self._take(one)
        elif not screened.disagrees and screened.decides:
            self._accept(screened)
        elif not screened.disagrees and screened.below_noise:
            self.findings.vanishing |= {(screened.asked.name, name) for name in screened.names}
        else:
            self._smooth.add(screened.asked.name)
            self._take_apart(screened)

    def _take_apart(self, screened: Screened) -> None:
        """Look closer at the tensors of a line that disagrees; at those alone that are not settled beside a reference."""
        asked = screened.asked
        rest = tuple(name for name in screened.names if asked.truth is None or not self.settled(name))
        if rest and len(rest) < len(screened.names):
            self._take(self._screen.ask([(asked, rest)], quick=True)[0])
            return
        for name in rest:
            self._look_closer(asked, name)

    def _one_by_one(self, screened: Screened) -> list[Screened]:
        return self._screen.ask([(screened.asked, (name,)) for name in screened.names])

    def _accept(self, screened: Screened) -> None:
        for name in screened.names:
            self.findings.accepted.add((screened.asked.name, name))
            if screened.asked.probe.kind.name == GENERIC and screened.measured.slope is not None:
                self._note(screened, name, Judgement.CONSISTENT)

    def _note(self, screened: Screened, name: str, judgement: Judgement) -> None:
        self.findings.note(screened.asked.name, name, judgement, screened.comparison())
        self._wrong[name] += judgement is Judgement.INCONSISTENT

    def _look_closer(self, asked: Asked, name: str) -> None:
        """One tensor at one probe again, on a new instance, with the rounding measured; then its elements."""
        if asked.truth is not None and self.settled(name):
            return
        asked = self._replay(asked)
        if name not in usable_tensors(asked):
            return
        self.rounding_at(asked)
        screened = self._screen.ask([(asked, (name,))])[0]
        if screened.measured.kinked:
            self.findings.kinked.add(asked.name)
            self._take_at_kink(screened)
        elif screened.disagrees and name in self.rounding_at(asked).lost:
            self.findings.leave_open(asked.name, name, "the gradient there is all rounding")
        elif screened.disagrees:
            self._locate(screened, name)
        elif screened.decides:
            self._accept(screened)
        elif screened.below_noise:
            self.findings.vanishing.add((asked.name, name))
        elif not self._accepted_without_kinks(screened, name):
            self.findings.leave_open(asked.name, name, "the derivative cannot be resolved there")

    def _replay(self, asked: Asked) -> Asked:
        """The probe on a new instance. If the answer is another one there, earlier calls had spoiled it."""
        if asked.name in self._replayed:
            return self._replayed[asked.name]
        alone = self.runner.alone(asked.call)
        fresh = replace(asked, outcome=alone)
        if not same_outcome(alone, asked.outcome):
            detail = f"at {asked.name}, after other calls: other values than on a new instance"
            self.events.add("state", "", asked.probe.kind.name, detail)
            place = self.talk.asked.index(asked)
            before = self.talk.asked[max(place - 1, 0)]
            self.talk.before.append((fresh, asked.outcome, before.call, before.outcome))
            self.talk.asked[place] = fresh
            self.runner.fresh_each = True
        else:
            fresh = asked
        self._replayed[asked.name] = fresh
        return fresh

    def _locate(self, screened: Screened, name: str) -> None:
        """Find the elements that are off; at a few probes only where a reference has them all or they are many."""
        asked, known = screened.asked, self._times_located.get(name, 0)
        many = asked.truth is not None or asked.call.tensors[name].size > ALL
        if many and known >= _LOCATED and self._still_off(asked, name):
            self._note(screened, name, Judgement.INCONSISTENT)
            return
        located = self._located(screened, name)
        self._times_located[name] = known + 1
        if located.wrong:
            judgement = Judgement.INCONSISTENT
            self.findings.note(asked.name, name, judgement, located.comparison, located.detail)
            self._wrong[name] += 1
        elif located.open or self._still_off(asked, name):
            self.findings.leave_open(asked.name, name, "off along lines, but no single element is")
        else:
            self._accept(screened)

    def _located(self, screened: Screened, name: str) -> Located:
        asked = screened.asked
        line = line_at(asked, (), self.rng, screened.measured.noise)
        assert line is not None
        gradient: Array = gradient_of(asked, name)
        located = locate(self.runner, name, gradient, line, self.rng, rounding=self.rounding_at(asked))
        if located.numeric is not None:
            self.findings.located[asked.name, name] = located.numeric
        return located

    def _still_off(self, asked: Asked, name: str) -> bool:
        """Whether other lines disagree too, by more than the band."""
        lines = self._screen.ask([(asked, (name,))] * 3)
        return all(s.off > s.tolerance + self.noise.band * s.measured.scale for s in lines)

    def _take_at_kink(self, screened: Screened) -> None:
        """At a kink: element by element where each has its own output, else equal values moved together."""
        asked, name = screened.asked, screened.names[0]
        if acts_alone(self._screen, screened, name):
            comparison = compare_ranges(screened, self.noise)
            if comparison.agreed:
                self._accept(screened)
            elif self.noise.low_precision:  # steps cannot shrink until a sharp bend is told from a kink
                self.findings.leave_open(asked.name, name, "the point sits on a kink or beside a sharp bend")
            elif self._as_on_new_instance(asked, name):
                self.findings.note(asked.name, name, Judgement.INCONSISTENT, comparison)
            return
        tied = self._screen.ask([(asked, (name,))], tied=True)[0]
        if not tied.measured.kinked and tied.decides:
            self._disagree_when_tied(tied, name) if tied.disagrees else self._accept(tied)
        elif not screened.disagrees and screened.decides:
            self._accept(screened)
        elif not self._accepted_without_kinks(screened, name):
            self.findings.leave_open(asked.name, name, "the point sits on a kink")

    def _as_on_new_instance(self, asked: Asked, name: str) -> bool:
        """Whether a new instance answers the same; if not, that answer is judged."""
        fresh = self._replay(asked)
        if fresh is not asked:
            self._look_closer(fresh, name)
        return fresh is asked

    def _disagree_when_tied(self, tied: Screened, name: str) -> None:
        """Off although equal values moved together: look at the rounding there once more before it counts."""
        self.rounding_at(tied.asked)
        again = self._screen.ask([(tied.asked, (name,))] * 2, tied=True)
        if not all(one.disagrees and one.off > self.noise.band * one.measured.scale for one in again):
            self.findings.leave_open(tied.asked.name, name, "the point sits on a tie")
        elif self._as_on_new_instance(tied.asked, name):
            self._note(again[0], name, Judgement.INCONSISTENT)

    def _accepted_without_kinks(self, screened: Screened, name: str) -> bool:
        """Judge again with a cotangent that leaves out the outputs at a kink; whether that decided."""
        result = without_kinks(self._screen, screened, name)
        if result is None or not result.decides or result.disagrees:
            return False
        self._accept(result)
        return True
