"""Events get names; what did not come back has one too; exact explanations come before symptoms."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from grader.diagnose import CATALOGUE, Event, EventKind, diagnose_forward, diagnose_gradient
from tests.diagnose.plants import observe


@pytest.mark.parametrize("kind", EventKind)
def test_every_kind_of_event_has_a_name(kind: EventKind) -> None:
    found = diagnose_gradient("linear", "weight", observe("linear"), [Event(kind, "weight", "ties")])
    assert len(found) == 1
    assert found[0].id in CATALOGUE
    assert found[0].tensor == "weight"


def test_an_event_about_another_tensor_is_left_out() -> None:
    events = [Event(EventKind.SHAPE, "bias", "ties", got=(1, 3), want=(3,))]
    assert diagnose_gradient("linear", "weight", observe("linear"), events) == []
    found = diagnose_gradient("linear", "bias", observe("linear"), events)
    assert found[0].title == "a result has the wrong shape ((1, 3), expected (3,))"


def test_an_event_of_backward_says_nothing_about_forward() -> None:
    events = [Event(EventKind.ACCUMULATION), Event(EventKind.NOT_LINEAR), Event(EventKind.IGNORED_COTANGENT)]
    assert diagnose_forward("linear", observe("linear"), events) == []


def test_accumulation_is_named_from_the_numbers_too() -> None:
    observations = [replace(one, before=None) for one in observe("linear")]
    before = observations[0]
    again = replace(
        before,
        before=before,
        grads_got={name: 2 * np.asarray(value) for name, value in before.grads_want.items()},
    )
    found = diagnose_gradient("linear", "weight", [*observations, again])
    assert [one.id for one in found] == ["G120"]


def test_a_stale_cache_is_named_from_the_numbers() -> None:
    first, second = observe("tanh", seed=1)[0], observe("tanh", seed=2)[0]
    slope = np.asarray(first.grads_want["x"]) / np.asarray(first.cotangent)
    stale = replace(second, before=first, grads_got={"x": np.asarray(second.cotangent) * slope})
    found = diagnose_gradient("tanh", "x", [first, stale])
    assert found[0].id == "G121"
    assert found[0].certain


def test_a_missing_gradient_is_named() -> None:
    observations = [replace(one, grads_got={"weight": None}) for one in observe("linear")]
    assert [one.id for one in diagnose_gradient("linear", "weight", observations)] == ["G116"]
    silent = [replace(one, output_got=None) for one in observe("linear")]
    assert [one.id for one in diagnose_forward("linear", silent)] == ["F116"]


def test_an_exact_name_comes_before_a_symptom() -> None:
    observations = [
        replace(one, grads_got={"x": np.asarray(one.grads_want["x"]) * np.asarray(one.cotangent)})
        for one in observe("relu")
    ]
    found = diagnose_gradient("relu", "x", observations, [Event(EventKind.NOT_LINEAR, "x")])
    assert found[0].id == "G112"
    assert found[-1].id == "P109"


def test_no_observation_and_no_event_is_no_diagnosis() -> None:
    assert diagnose_gradient("linear", "weight", []) == []
    assert diagnose_forward("linear", []) == []
