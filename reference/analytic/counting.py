"""Counts: parameters of a layer with batch norm, saddle points for every minimum."""

from __future__ import annotations


def parameter_count(inputs: int, outputs: int, *, bias: bool = True, batch_norm: bool = True) -> int:
    """Learnable parameters of a linear layer, followed by batch norm over its outputs.

    Weights inputs * outputs, a bias for every output, a scale and a shift for every normalised output:
    20 * 40 + 40 + 2 * 40 = 920. Batch norm on the 20 inputs instead, or no bias (redundant before a shift), both
    give 880, so that 880 alone does not tell which was meant.

    Args:
        inputs: number of inputs.
        outputs: number of outputs.
        bias: whether the linear layer has a bias.
        batch_norm: whether the outputs are normalised.
    """
    return inputs * outputs + (outputs if bias else 0) + (2 * outputs if batch_norm else 0)


def minimum_probability(n: float) -> float:
    """P(all N eigenvalues positive) = 2^-N, each independently positive with probability 1/2."""
    return float(2.0**-n)


def saddle_probability(n: float) -> float:
    """P(some eigenvalues positive, some negative) = 1 - 2 * 2^-N: all but the two one-sided cases."""
    return float(1.0 - 2.0 ** (1 - n))


def saddles_per_minimum(n: float) -> float:
    """How many saddle points come to one minimum: (1 - 2^(1-N)) / 2^-N = 2^N - 2.

    2^(N-1) - 1 is the number for every *extremum*, minima and maxima together. N = 1 has no saddles: 0 either way.

    Args:
        n: number of eigenvalues, 1 or more.
    """
    return saddle_probability(n) / minimum_probability(n)
