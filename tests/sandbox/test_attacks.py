"""Hostile submissions: each succeeds against a grader in one process and fails against the sandbox."""

from __future__ import annotations

import os

import pytest

from grader.sandbox import Sandbox, SandboxSettings
from tests.sandbox.attacks.attack import Attack, Sign
from tests.sandbox.attacks.families import ATTACKS
from tests.sandbox.attacks.runs import run_naive, run_sandboxed
from tests.sandbox.conftest import NO_JAIL

BITING = [attack for attack in ATTACKS if attack.naive]
SAMPLE = BITING[::6]  # `python -m tests.sandbox.attacks` runs all of them
IDS = [attack.name for attack in ATTACKS]
OUTSIDE = ("reading", "reaching")  # what level 2 holds with other layers than level 3


def test_catalogue_is_large_and_names_are_unique() -> None:
    assert len(ATTACKS) >= 60
    assert len(set(IDS)) == len(IDS)


@pytest.mark.parametrize("attack", ATTACKS, ids=IDS)
def test_level_3_holds(attack: Attack, namespaced: Sandbox) -> None:
    outcome = run_sandboxed(attack, namespaced)
    assert not outcome.succeeded, outcome.detail


AT_LEVEL_2 = [
    attack for attack in ATTACKS if attack.family in OUTSIDE or "fill" in attack.name or "many" in attack.name
]


@pytest.mark.parametrize("attack", AT_LEVEL_2, ids=[attack.name for attack in AT_LEVEL_2])
def test_level_2_holds(attack: Attack, confined: Sandbox) -> None:
    outcome = run_sandboxed(attack, confined)
    assert not outcome.succeeded, outcome.detail


@pytest.mark.parametrize("attack", SAMPLE, ids=[attack.name for attack in SAMPLE])
def test_attack_succeeds_against_a_naive_grader(attack: Attack) -> None:
    outcome = run_naive(attack)
    assert outcome.succeeded, outcome.detail


def test_suite_sees_breaches_where_layers_are_missing() -> None:
    """The suite itself can fail: without Landlock and seccomp, files and sockets are open."""
    off = {
        **NO_JAIL,
        "landlock": "left out by a test",
        "seccomp": "left out by a test",
        "user": "left out by a test",
    }
    names = ("read_secret_file", "write_outside", "tcp", "udp", "raw_fork", "import_the_reference")
    chosen = [attack for attack in ATTACKS if attack.name in names]
    with Sandbox(SandboxSettings(require=1, allow_unconfined=True, without=off)) as open_sandbox:
        found = {attack.name: run_sandboxed(attack, open_sandbox).succeeded for attack in chosen}
    assert found == dict.fromkeys(names, True) | {"raw_fork": os.uname().machine == "x86_64"}


def test_every_sign_is_used() -> None:
    assert {attack.sign for attack in ATTACKS} == set(Sign)
