"""The gradient checker beside ``torch.autograd.gradcheck`` on the same layers, in one run."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from grader import check_gradients
from grader.numerics import Point, check_setups
from grader.numerics.probes import PROBES
from grader.numerics.subject import Array
from tests.numerics.corpus import FAULTS, REGIMES, STYLES, Fault, Style, check_style

SEEDS = int(os.environ.get("GRADMARK_BENCH_SEEDS", "1"))
SIZES = ((4, 3), (16, 32), (64, 128), (256, 512))


@dataclass
class Tally:
    """What one checker did on many layers."""

    name: str
    found: int = 0
    faulty: int = 0
    failed: int = 0
    right: int = 0
    forward: int = 0
    backward: int = 0
    seconds: float = 0.0
    runs: int = 0

    def line(self) -> str:
        """One row of the table."""
        each = max(self.runs, 1)
        return (
            f"{self.name:28} found {self.found:4} of {self.faulty:4}   falsely failed {self.failed:4} of {self.right:4}"
            f"   {self.forward / each:7.0f} forward {self.backward / each:6.1f} backward"
            f" {1e3 * self.seconds / each:8.2f} ms"
        )


def main() -> None:
    """Print the tables."""
    torch.set_num_threads(1)
    _compare_on_corpus()
    _grow_with_size()


def _compare_on_corpus() -> None:
    """Found and falsely failed: our checker without a reference, gradcheck slow and fast, on layers it can take."""
    styles = [style for style in STYLES if style.kind != "dropout" and style.inputs]
    for regime in ("normal", "kinky", "float32"):
        tallies = [Tally("check_gradients, all probes"), Tally("check_gradients, one point")]
        tallies += [Tally("torch gradcheck, slow"), Tally("torch gradcheck, fast")]
        for style in styles:
            if regime not in style.unfit:
                for seed in range(SEEDS):
                    _try_all(tallies, style, style.cls, seed, regime, faulty=False)
        if regime == "normal":
            for fault in _fair_faults():
                for seed in range(SEEDS):
                    _try_all(tallies, fault.style, fault.cls, seed, regime, faulty=True)
        print(f"-- {regime} points, {len(styles)} right layers, {SEEDS} seed(s); time is of right layers")
        for tally in tallies:
            print(tally.line())


def _fair_faults() -> list[Fault]:
    """Faults that show in the gradient, in layers that gradcheck can take."""
    return [f for f in FAULTS if f.shows == "gradient" and f.style.kind != "dropout" and f.style.inputs]


def _try_all(
    tallies: Sequence[Tally], style: Style, cls: type, seed: int, regime: str, *, faulty: bool
) -> None:
    checks: list[Callable[[], tuple[bool, int, int]]] = [
        lambda: _ours(style, cls, seed, regime, everything=True),
        lambda: _ours(style, cls, seed, regime, everything=False),
        lambda: _gradcheck(style, cls, seed, regime, fast=False),
        lambda: _gradcheck(style, cls, seed, regime, fast=True),
    ]
    for tally, check in zip(tallies, checks, strict=True):
        start = time.process_time()
        passed, forward, backward = check()
        if faulty:
            tally.faulty += 1
            tally.found += not passed
        else:
            tally.seconds += time.process_time() - start
            tally.right += 1
            tally.failed += not passed
            tally.forward += forward
            tally.backward += backward
            tally.runs += 1


def _ours(style: Style, cls: type, seed: int, regime: str, *, everything: bool) -> tuple[bool, int, int]:
    if everything:
        report = check_style(style, seed, regime=regime, cls=cls)
    else:
        setup = style.setup(REGIMES[regime], cls=cls)
        report = check_setups([setup], seed=seed, probes=PROBES[:1])
    return str(report.judgement) != "inconsistent", report.forward_calls, report.backward_calls


class _Counts:
    forward = 0
    backward = 0


def _gradcheck(style: Style, cls: type, seed: int, regime: str, *, fast: bool) -> tuple[bool, int, int]:
    """The same layer at the same generic point under gradcheck, through an autograd function."""
    point = style.setup(REGIMES[regime], cls=cls).draw(np.random.default_rng(seed), 5)
    counts = _Counts()
    function, tensors = _as_autograd(style, cls, point, counts)
    try:
        passed = torch.autograd.gradcheck(
            function, tensors, fast_mode=fast, raise_exception=False, check_batched_grad=False
        )
    except Exception:
        passed = False
    return bool(passed), counts.forward, counts.backward


def _as_autograd(
    style: Style, cls: type, point: Point, counts: _Counts
) -> tuple[Any, tuple[torch.Tensor, ...]]:
    subject = style.subject(cls)
    names = tuple(style.wrt) or tuple(point.tensors)
    fixed = {name: array for name, array in point.tensors.items() if name not in names}
    instance = subject.new()

    def call(arrays: Sequence[torch.Tensor]) -> tuple[Any, Any]:
        tensors = {name: a.detach().numpy().copy() for name, a in zip(names, arrays, strict=True)}
        return subject.forward(instance, {**tensors, **fixed}, dict(point.constants))

    class Layer(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, *arrays: torch.Tensor) -> torch.Tensor:
            counts.forward += 1
            output, ctx.kept = call(arrays)
            ctx.shapes = [a.shape for a in arrays]
            return torch.as_tensor(np.array(output))

        @staticmethod
        def backward(ctx: Any, dout: torch.Tensor) -> Any:
            counts.backward += 1
            direct, stored = subject.backward(instance, ctx.kept, dout.numpy().copy())
            grads = stored | direct
            return tuple(
                _tensor(grads.get(name), shape) for name, shape in zip(names, ctx.shapes, strict=True)
            )

    return Layer.apply, tuple(
        torch.from_numpy(np.array(point.tensors[name])).requires_grad_() for name in names
    )


def _tensor(grad: Any, shape: Sequence[int]) -> torch.Tensor | None:
    if grad is None:
        return None
    array = np.asarray(grad)
    return torch.from_numpy(array.reshape(tuple(shape)) if array.size == int(np.prod(shape)) else array)


def _grow_with_size() -> None:
    """How the cost of a right linear layer grows with its size, batch of 32."""

    def forward(x: Array, w: Array, b: Array) -> tuple[Array, tuple[Array, Array]]:
        return x @ w + b, (x, w)

    def backward(dout: Array, cache: tuple[Array, Array]) -> tuple[Array, Array, Array]:
        x, w = cache
        return dout @ w.T, x.T @ dout, dout.sum(axis=0)

    print("-- a right linear layer, batch of 32, by size")
    for d, c in SIZES:
        rng = np.random.default_rng(0)
        x, w, b = rng.standard_normal((32, d)), rng.standard_normal((d, c)), rng.standard_normal(c)
        start = time.process_time()
        report = check_gradients((forward, backward), x, w, b)
        ours = time.process_time() - start
        tensors = tuple(torch.from_numpy(a).requires_grad_() for a in (x, w, b))
        start = time.process_time()
        torch.autograd.gradcheck(lambda x, w, b: x @ w + b, tensors, fast_mode=True)
        fast = time.process_time() - start
        slow = f"{_slow(tensors):9.1f}" if d * c <= 512 else "   (left out)"
        print(
            f"({d:3}, {c:3})  ours, all probes {1e3 * ours:9.1f} ms, {report.forward_calls} forward,"
            f" {report.judgement}   gradcheck fast {1e3 * fast:9.1f} ms, slow {slow} ms"
        )


def _slow(tensors: tuple[torch.Tensor, ...]) -> float:
    start = time.process_time()
    torch.autograd.gradcheck(lambda x, w, b: x @ w + b, tensors)
    return 1e3 * (time.process_time() - start)
