"""Faults of optimizers are named from the path of a parameter; right ones and near misses are not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from grader.diagnose import Updates, diagnose_updates
from reference.optimizers import OPTIMIZERS
from reference.optimizers.optimizer import trajectory

SGD = """
class Optimizer:
    def __init__(self, lr=0.1, momentum=0.0, dampening=0.0, weight_decay=0.0, nesterov=False):
        self.lr, self.mu, self.damp, self.wd, self.nesterov = lr, momentum, dampening, weight_decay, nesterov
        self.v = None
    def step(self, w, g):
        g = g + self.wd * w
        self.v = g if self.v is None else self.mu * self.v + (1 - self.damp) * g
        d = g + self.mu * self.v if self.nesterov else self.v
        return w - self.lr * d
"""
ADAM = """
class Optimizer:
    def __init__(self, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, decoupled=False):
        self.lr, self.eps, self.wd, self.decoupled = lr, eps, weight_decay, decoupled
        self.b1, self.b2 = betas
        self.m = self.v = 0.0
        self.t = 0
    def step(self, w, g):
        if self.decoupled:
            w = w * (1 - self.lr * self.wd)
        else:
            g = g + self.wd * w
        self.t += 1
        self.m = self.b1 * self.m + (1 - self.b1) * g
        self.v = self.b2 * self.v + (1 - self.b2) * g ** 2
        mh = self.m / (1 - self.b1 ** self.t)
        vh = self.v / (1 - self.b2 ** self.t)
        return w - self.lr * mh / (np.sqrt(vh) + self.eps)
"""
SOURCES = {"sgd": SGD, "adam": ADAM}
FAULTS = (
    ("sgd", "U101", "w - self.lr", "w + self.lr"),
    ("sgd", "U102", "w - self.lr * d", "w - d"),
    ("sgd", "U103", "w - self.lr * d", "w - self.lr * self.lr * d"),
    ("sgd", "U104", "g + self.wd * w", "g - self.wd * w"),
    ("sgd", "U105", "g = g + self.wd * w", "w = w * (1 - self.lr * self.wd)"),
    ("sgd", "U106", "g = g + self.wd * w", "pass"),
    ("sgd", "U107", "g + self.wd * w", "g + 2 * self.wd * w"),
    ("sgd", "U111", "self.mu * self.v + (1 - self.damp) * g", "g"),
    ("sgd", "U112", "self.mu * self.v + (1", "-self.mu * self.v + (1"),
    ("sgd", "U113", "self.v = g if self.v is None else self.mu * self.v + (1 - self.damp) * g",
     "self.v = (self.mu * self.v if self.v is not None else 0) + (1 - self.mu) * g"),
    ("sgd", "U114", "if self.nesterov", "if self.mu"),
    ("sgd", "U115", "g + self.mu * self.v if", "self.mu * self.v if"),
    ("sgd", "U116", "return w - self.lr * d", "old, self.old = getattr(self, 'old', 0 * w), self.v; return w - self.lr * old"),
    ("adam", "U101", "w - self.lr * mh", "w + self.lr * mh"),
    ("adam", "U102", "self.lr * mh", "mh"),
    ("adam", "U104", "g + self.wd * w", "g - self.wd * w"),
    ("adam", "U105", "if self.decoupled", "if True"),
    ("adam", "U105", "if self.decoupled", "if False"),
    ("adam", "U106", "eps, weight_decay, decoupled", "eps, 0.0, decoupled"),
    ("adam", "U108", "self.t += 1", "self.t = 1; self.m = self.v = 0.0"),
    ("adam", "U121", "self.m / (1 - self.b1 ** self.t)", "self.m"),
    ("adam", "U121", "self.v / (1 - self.b2 ** self.t)", "self.v"),
    ("adam", "U122", "self.t = 0", "self.t = 1"),
    ("adam", "U122", "self.t += 1", "self.t = 1"),
    ("adam", "U123", "1 - self.b1 ** self.t", "1 - self.b1 * self.t"),
    ("adam", "U124", "(np.sqrt(vh) + self.eps)", "np.sqrt(vh + self.eps)"),
    ("adam", "U124", "np.sqrt(vh) + self.eps", "(np.sqrt(self.v) + self.eps) / np.sqrt(1 - self.b2 ** self.t)"),
    ("adam", "U125", "np.sqrt(vh)", "vh"),
    ("adam", "U126", "(1 - self.b2) * g ** 2", "(1 - self.b2) * abs(g)"),
    ("adam", "U126", "g ** 2", "self.m ** 2"),
    ("adam", "U127", "self.b1, self.b2 = betas", "self.b2, self.b1 = betas"),
    ("adam", "U128", "self.lr * mh", "self.lr * vh"),
    ("adam", "U128", "self.lr * mh", "self.lr * g"),
    ("adam", "U129", "(1 - self.b1) * g", "g"),
    ("adam", "U130", "return", "vh = self.top = np.maximum(getattr(self, 'top', 0), vh); return"),
)  # fmt: skip


def runs_of(name: str, source: str, dtype: type = np.float64, bend: float = 0.0) -> list[Updates]:
    """Paths with the options of every case of the reference."""
    rng = np.random.default_rng(5)
    found = []
    for case in OPTIMIZERS[name].cases:
        made: dict[str, Any] = {"np": np}
        exec(source, made)
        optimizer = made["Optimizer"](**case.options)
        w = start = rng.standard_normal((3, 2)).astype(dtype)
        grads = [rng.standard_normal((3, 2)).astype(dtype) for _ in range(5)]
        path = []
        for grad in grads:
            with np.errstate(all="ignore"):
                w = np.asarray(optimizer.step(w, grad), dtype) * dtype(1 + bend * rng.uniform(0.5, 1))
            path.append(w)
        found.append(Updates(start, grads, {**OPTIMIZERS[name].options, **case.options}, path))
    return found


@pytest.mark.parametrize(
    ("name", "fault", "old", "new"), FAULTS, ids=[f"{n} {f}: {new[:30]}" for n, f, _, new in FAULTS]
)
def test_a_fault_of_an_optimizer_is_named_and_a_near_miss_is_not(
    name: str, fault: str, old: str, new: str
) -> None:
    assert old in SOURCES[name]
    source = SOURCES[name].replace(old, new)
    found = diagnose_updates(name, runs_of(name, source))
    assert [one.id for one in found] == [fault]
    assert found[0].certain
    assert diagnose_updates(name, runs_of(name, source, bend=1e-3)) == []


@pytest.mark.parametrize("name", SOURCES)
def test_a_right_optimizer_has_no_fault(name: str) -> None:
    assert diagnose_updates(name, runs_of(name, SOURCES[name])) == []
    assert diagnose_updates(name, runs_of(name, SOURCES[name], np.float32)) == []


@pytest.mark.parametrize("name", SOURCES)
def test_the_right_path_is_the_references(name: str) -> None:
    for run in runs_of(name, SOURCES[name]):
        due = trajectory(OPTIMIZERS[name], run.start, run.grads, run.options)
        assert diagnose_updates(name, [Updates(run.start, run.grads, run.options, due)]) == []


def test_faults_that_one_run_does_not_tell_apart_are_both_named() -> None:
    runs = runs_of("adam", ADAM.replace("self.lr * mh", "self.lr * g"))[:1]
    one_step = [Updates(run.start, run.grads[:1], run.options, run.path[:1]) for run in runs]
    assert diagnose_updates("adam", one_step) == []  # in step 1 it is Adam
    halved = [Updates(run.start, run.grads[:1], run.options, [2 * run.start - run.path[0]]) for run in runs]
    assert [one.id for one in diagnose_updates("adam", halved)] == ["U101"]


def test_a_path_without_one_number_says_nothing_for_certain() -> None:
    lost = [
        Updates(run.start, run.grads, run.options, [np.full((3, 2), np.nan)] * 5)
        for run in runs_of("adam", ADAM)
    ]
    assert not any(one.certain for one in diagnose_updates("adam", lost))
