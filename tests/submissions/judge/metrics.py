"""Accuracy, confusion matrix and its metrics, evaluation of a whole data set."""

import importlib

import numpy as np
import torch

from tests.submissions.judge.layers import activation, one_hot
from tests.submissions.judge.networks import numpy_mlp
from tests.submissions.judge.values import close, rng


def scores(n, c=10, highest=None):
    predictions = rng.normal(size=(n, c)).astype(np.float32)
    y = rng.integers(0, highest or c, size=n).astype(np.int32)
    predictions[np.arange(n), y] += 1
    return predictions, y


def kinds(name, as_torch):
    module = importlib.import_module(name)
    return module, (lambda a: torch.from_numpy(np.array(a))) if as_torch else (lambda a: np.array(a))


def as_labels(y, as_torch):
    if not as_torch and one_hot():
        return np.eye(10)[y]
    return y.astype(np.int64) if as_torch else y


def check_accuracy(name, as_torch):
    module, wrap = kinds(name, as_torch)
    for n in (1, 13, 40):
        p, y = scores(n)
        got = module.accuracy(wrap(p), wrap(as_labels(y, as_torch)))
        close(float(np.asarray(got)), (p.argmax(1) == y).mean(), 1e-5)


def matrix_of(p, y, c=10):
    want = np.zeros((c, c))
    np.add.at(want, (y, p.argmax(1)), 1)
    return want


def check_confusion_matrix(name, as_torch):
    module, wrap = kinds(name, as_torch)
    for n, highest in ((40, 10), (5, 3)):
        p, y = scores(n, highest=highest)
        got = np.asarray(module.confusion_matrix(wrap(p), wrap(as_labels(y, as_torch))), dtype=float)
        want = matrix_of(p, y)
        assert got.shape == want.shape, got.shape
        assert np.array_equal(got, want) or np.array_equal(got, want.T), "other counts"


def check_metrics(name, as_torch):
    module, wrap = kinds(name, as_torch)
    p, y = scores(400)
    matrix = np.asarray(module.confusion_matrix(wrap(p), wrap(as_labels(y, as_torch))), dtype=float)
    rows_are_true = np.array_equal(matrix, matrix_of(p, y))
    matrix = (
        torch.from_numpy(matrix)
        if isinstance(module.confusion_matrix(wrap(p), wrap(y.astype(np.int64))), torch.Tensor)
        else matrix
    )
    for beta in (1.0, 0.5, 10.0):
        got = module.confusion_matrix_to_metrics(matrix, beta)
        m = np.asarray(matrix, dtype=float)
        m = m if rows_are_true else m.T
        precision, recall = np.diag(m) / m.sum(0), np.diag(m) / m.sum(1)
        close(float(got["accuracy"]), np.diag(m).sum() / m.sum(), 1e-5)
        close(np.asarray(got["precision"]), precision, 1e-5)
        close(np.asarray(got["recall"]), recall, 1e-5)
        close(
            np.asarray(got["f1_beta"]),
            (1 + beta**2) * precision * recall / (beta**2 * precision + recall),
            1e-5,
        )


def number(result):
    return float(np.asarray(result["accuracy"] if isinstance(result, dict) else result))


def check_evaluate(name, as_torch):
    module, _ = kinds(name, as_torch)
    data = importlib.import_module("cifar10_utils")
    loader = data.get_dataloader(data.get_cifar10("data/"), 128, return_numpy=not as_torch)["test"]
    images, y = loader.dataset.data, loader.dataset.targets
    if as_torch:
        model = importlib.import_module("mlp_pytorch").MLP(3072, [9], 10, use_batch_norm=True)
        model.train()
        with torch.no_grad():
            for _ in range(20):
                model(torch.from_numpy(images[:100]).flatten(1) * 2 + 1)
        model.eval()
        with torch.no_grad():
            want = model(torch.from_numpy(images).flatten(1)).numpy().argmax(1)
        model.train()
    else:
        model, state = numpy_mlp(3072, [9], 10)
        h = images.reshape(len(images), -1)
        _, function = next(iter(activation()))
        for i, (_, w, b, *_rest) in enumerate(state):
            h = h @ w.T + b
            h = function(torch.tensor(h)).numpy() if i == 0 else h
        want = h.argmax(1)
    got = number(module.evaluate_model(model, loader))
    assert abs(got - (want == y).mean()) < 1e-4, f"accuracy {got:.4f}, expected {(want == y).mean():.4f}"
