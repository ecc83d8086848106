"""Names for a fitted factor: what it equals in every probe (1/N, 2, C ...)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from grader.diagnose.observation import Observation

CLOSE = 1e-5
ALPHA = ("alpha", "negative_slope", "slope")
RATE = ("p", "rate", "probability")


@dataclass(frozen=True)
class Factor:
    """A factor with a name.

    Args:
        fault: its id in the catalogue when the truth is multiplied by it.
        name: "1/N".
        value: its value in a probe; None where the probe has no such thing.
        meaning: for titles: "divided by the batch size N".
    """

    fault: str
    name: str
    value: Callable[[Observation], float | None]
    meaning: str


def batch_size(observation: Observation) -> int | None:
    """N: the length of the first axis of the input, or of the output where no tensor is called x."""
    first = observation.tensors.get("x", observation.output_want)
    shape = np.shape(first) if first is not None else ()
    return shape[0] if len(shape) > 1 else None


def features(observation: Observation) -> int | None:
    """D: the elements of one example of the input; of one query where there are queries."""
    if "query" in observation.tensors:
        return int(np.shape(observation.tensors["query"])[-1])
    first = next(iter(observation.tensors.values()), None)
    shape = np.shape(first) if first is not None else ()
    return math.prod(shape[1:]) if len(shape) > 1 else None


def outputs(observation: Observation) -> int | None:
    """C: the elements of one example of the output; of a loss, the classes."""
    if observation.output_want is None:
        return None
    if np.ndim(observation.output_want) == 0:
        return features(observation) if "labels" in observation.constants else None
    shape = np.shape(observation.output_want)
    return math.prod(shape[1:]) if len(shape) > 1 else None


def positions(observation: Observation) -> int | None:
    """The places of an image's output: height times width."""
    if observation.output_want is None:
        return None
    shape = np.shape(observation.output_want)
    return math.prod(shape[2:]) if len(shape) == 4 else None


def window(observation: Observation) -> int | None:
    """The elements of a pooling window or of a kernel."""
    size = observation.options.get("kernel_size")
    if isinstance(size, int):
        return size * size
    if isinstance(size, tuple | list):
        return math.prod(size)
    weight = observation.tensors.get("weight")
    return math.prod(np.shape(weight)[2:]) if weight is not None and np.ndim(weight) == 4 else None


def _number(observation: Observation, *names: str) -> float | None:
    for name in names:
        value = observation.options.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
    return None


def _power(
    size: Callable[[Observation], int | None], exponent: float
) -> Callable[[Observation], float | None]:
    def value(observation: Observation) -> float | None:
        n = size(observation)
        return None if not n else float(n) ** exponent

    return value


def _product(
    a: Callable[[Observation], int | None], b: Callable[[Observation], int | None], exponent: float
) -> Callable[[Observation], float | None]:
    def value(observation: Observation) -> float | None:
        m, n = a(observation), b(observation)
        return None if not m or not n else float(m * n) ** exponent

    return value


def _option(transform: Callable[[float], float], *names: str) -> Callable[[Observation], float | None]:
    def value(observation: Observation) -> float | None:
        number = _number(observation, *names)
        if number is None:
            return None
        try:
            return transform(number)
        except ZeroDivisionError:
            return None

    return value


def _in_mode(training: bool, transform: Callable[[float], float]) -> Callable[[Observation], float | None]:
    """A function of dropout's rate, in one of its modes."""
    of_rate = _option(transform, *RATE)
    return lambda o: of_rate(o) if bool(o.options.get("training", True)) is training else None


def _bessel(exponent: float, *, guarded: bool = False) -> Callable[[Observation], float | None]:
    """N / (N - 1); guarded: N - 1, but 1 at least."""

    def value(observation: Observation) -> float | None:
        n = batch_size(observation)
        if not n or (n < 2 and not guarded):
            return None
        return float((n / max(n - 1, 1)) ** exponent)

    return value


def _over_one_less(observation: Observation) -> float | None:
    n = batch_size(observation)
    return None if not n else 1 / max(n - 1, 1)


def _constant(number: float) -> Callable[[Observation], float | None]:
    return lambda _: number


FACTORS: tuple[Factor, ...] = (
    Factor("G101", "-1", _constant(-1.0), "of the wrong sign"),
    Factor("G104", "1/N", _power(batch_size, -1), "divided by the batch size N"),
    Factor("G105", "N", _power(batch_size, 1), "multiplied by the batch size N"),
    Factor("G107", "2", _constant(2.0), "doubled"),
    Factor("G108", "1/2", _constant(0.5), "halved"),
    Factor("G106", "1/C", _power(outputs, -1), "divided by the number of outputs C"),
    Factor("G106", "C", _power(outputs, 1), "multiplied by the number of outputs C"),
    Factor("G106", "1/D", _power(features, -1), "divided by the number of features D"),
    Factor("G106", "D", _power(features, 1), "multiplied by the number of features D"),
    Factor(
        "G156", "1/(N C)", _product(batch_size, outputs, -1), "divided by all elements of the output, N C"
    ),
    Factor(
        "G156", "1/(N D)", _product(batch_size, features, -1), "divided by all elements of the input, N D"
    ),
    Factor("G156", "N D", _product(batch_size, features, 1), "multiplied by all elements of the input, N D"),
    Factor("G106", "1/(H W)", _power(positions, -1), "divided by the output's height times width"),
    Factor("G106", "H W", _power(positions, 1), "multiplied by the output's height times width"),
    Factor("G615", "k", _power(window, 1), "multiplied by the window's size"),
    Factor("G106", "1/k", _power(window, -1), "divided by the window's size"),
    Factor("G104", "1/N²", _power(batch_size, -2), "divided by the batch size twice"),
    Factor("G157", "N/(N-1)", _bessel(1), "multiplied by N/(N-1)"),
    Factor("G157", "(N-1)/N", _bessel(-1), "multiplied by (N-1)/N"),
    Factor("G157", "1/(N-1)", _over_one_less, "divided by N - 1"),
    Factor("G157", "N/(N-1)", _bessel(1, guarded=True), "divided by N - 1 where N is due"),
    Factor("G157", "√(N/(N-1))", _bessel(0.5), "multiplied by √(N/(N-1))"),
    Factor("G157", "√((N-1)/N)", _bessel(-0.5), "multiplied by √((N-1)/N)"),
    Factor("G106", "√N", _power(batch_size, 0.5), "multiplied by √N"),
    Factor("G106", "1/√N", _power(batch_size, -0.5), "divided by √N"),
    Factor("G106", "√D", _power(features, 0.5), "multiplied by √D"),
    Factor("G106", "1/√D", _power(features, -0.5), "divided by √D"),
    Factor("G158", "alpha", _option(lambda a: a, *ALPHA), "multiplied by alpha"),
    Factor("G158", "1/alpha", _option(lambda a: 1 / a, *ALPHA), "divided by alpha"),
    Factor("G530", "1 - p", _in_mode(True, lambda p: 1 - p), "not scaled by 1/(1 - p)"),
    Factor("G536", "1 - p", _in_mode(False, lambda p: 1 - p), "multiplied by 1 - p, in evaluation"),
    Factor("G534", "1/(1 - p)", _option(lambda p: 1 / (1 - p), *RATE), "divided by 1 - p"),
    Factor("G535", "p", _option(lambda p: p, *RATE), "multiplied by p"),
    Factor("G535", "(1 - p)/p", _option(lambda p: (1 - p) / p, *RATE), "divided by p instead of 1 - p"),
    Factor("G430", "1/ln 2", _constant(1 / math.log(2)), "divided by ln 2"),
    Factor("G430", "1/ln 10", _constant(1 / math.log(10)), "divided by ln 10"),
    Factor("G430", "ln 2", _constant(math.log(2)), "multiplied by ln 2"),
    Factor("G107", "4", _constant(4.0), "multiplied by 4"),
    Factor("G108", "1/4", _constant(0.25), "divided by 4"),
    Factor("G107", "3", _constant(3.0), "multiplied by 3"),
)


SIZES: tuple[tuple[str, Callable[[Observation], int | None]], ...] = (
    ("N", batch_size),
    ("C", outputs),
    ("D", features),
    ("k", window),
    ("H W", positions),
)


def _combined() -> tuple[Factor, ...]:
    """A small number times one size, or two sizes, up or down: D/2, C/N ..."""
    found = []
    for number in (1.0, 2.0, 0.5, 4.0, 0.25):
        for (a, size_a), (b, size_b) in combinations((*SIZES, ("1", lambda _: 1)), 2):
            for up, down in ((1, 1), (1, -1), (-1, 1), (-1, -1), (2, 0), (-2, 0), (0.5, 0), (-0.5, 0)):
                name = _spelled(number, ((a, up), (b, down)))
                value = _scaled(number, size_a, up, size_b, down)
                found.append(Factor("G106", name, value, f"off by the factor {name}"))
    return tuple(found)


def _spelled(number: float, powers: Sequence[tuple[str, float]]) -> str:
    top = [] if number in (1.0, 0.5, 0.25) else [f"{number:g}"]
    bottom = [f"{1 / number:g}"] if number in (0.5, 0.25) else []
    for name, power in powers:
        if name == "1" or power == 0:
            continue
        word = {1: name, 2: f"{name}²", 0.5: f"√{name}"}[abs(power)]
        (top if power > 0 else bottom).append(word)
    over = " ".join(top) or "1"
    return (
        over if not bottom else f"{over}/({' '.join(bottom)})" if len(bottom) > 1 else f"{over}/{bottom[0]}"
    )


def _scaled(
    number: float,
    size_a: Callable[[Observation], int | None],
    up: float,
    size_b: Callable[[Observation], int | None],
    down: float,
) -> Callable[[Observation], float | None]:
    def value(observation: Observation) -> float | None:
        a, b = size_a(observation), size_b(observation)
        return None if not a or not b else number * float(a) ** up * float(b) ** down

    return value


COMBINED: tuple[Factor, ...] = _combined()


def name_factors(
    fitted: Sequence[tuple[Observation, float]], *, combined: bool = True
) -> list[tuple[Factor, bool]]:
    """All named factors that equal the fitted one in every probe, most plausible first.

    Args:
        fitted: the factor found in each probe (at least one).
        combined: also try products of two sizes and small numbers.

    Returns:
        pairs of a factor and whether its sign is flipped.
    """
    found = _among(FACTORS, fitted)
    return found or (_among(COMBINED, fitted) if combined else [])


def _among(
    factors: Sequence[Factor], fitted: Sequence[tuple[Observation, float]]
) -> list[tuple[Factor, bool]]:
    found = []
    for factor in factors:
        for flipped in (False, True) if factor.name != "-1" else (False,):
            if all(_equals(factor, flipped, observation, value) for observation, value in fitted):
                found.append((factor, flipped))
    return found


def _equals(factor: Factor, flipped: bool, observation: Observation, fitted: float) -> bool:
    value = factor.value(observation)
    if value is None:
        return False
    return abs(fitted + value if flipped else fitted - value) <= CLOSE * abs(value)
