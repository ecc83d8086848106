"""Scalar results about initialisation and learning rates."""

from __future__ import annotations


def relu_second_moment(sigma: float) -> float:
    """E[ReLU(f)^2] = sigma^2 / 2 for f with mean 0, variance sigma^2 and a distribution symmetric about 0.

    ReLU(f)^2 = f^2 1[f > 0]; by symmetry f^2 1[f > 0] and f^2 1[f < 0] have the same mean, and they sum to f^2. So
    E[ReLU(f)^2] = E[f^2] / 2. It is not the sum of a variance sigma^2/2 and a mean 0: for a normal f the variance of
    ReLU(f) is (1/2 - 1/(2 pi)) sigma^2 = 0.341 sigma^2 and its mean is sigma / sqrt(2 pi) = 0.399 sigma. Without
    symmetry it is false: an exponential variable less its mean has 0.736 sigma^2.
    """
    return sigma**2 / 2


def time_based_decay(lr0: float, decay: float, epoch: float) -> float:
    """Learning rate under time-based decay: lr = lr0 / (1 + decay * epoch).

    Args:
        lr0: initial learning rate.
        decay: decay rate, per epoch.
        epoch: number of the epoch, from 0.
    """
    return lr0 / (1 + decay * epoch)
