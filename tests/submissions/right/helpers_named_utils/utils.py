import numpy as np


def kaiming(n_in, n_out, first):
    return np.random.normal(0., np.sqrt((1. if first else 2.) / n_in), (n_out, n_in))


def one_hot(y, c):
    return np.identity(c)[y]


def batched(loader):
    """Flattened images and labels."""
    for images, labels in loader:
        yield images.reshape(images.shape[0], -1), labels


class RunningMean:
    def __init__(self):
        self.total = 0.
        self.n = 0

    def add(self, value, n=1):
        self.total += value * n
        self.n += n

    def __float__(self):
        return float(self.total / max(self.n, 1))
