"""Each layer against autograd."""

import inspect
import types

import numpy as np
import torch

from tests.submissions.judge.values import (
    C,
    D,
    N,
    bias_gradient,
    clear,
    close,
    modules,
    probe_precision,
    rng,
    set_parameters,
    twin,
    weight_gradient,
)


def linear(n=N, d=D, c=C, layer=None):
    layer = layer or modules().LinearModule(d, c)
    w, b = rng.normal(size=(c, d)), rng.normal(size=c)
    x, dout = rng.normal(size=(n, d)), rng.normal(size=(n, c))
    key, straight = set_parameters(layer, w, b)
    want, (dx, dw, db) = twin(lambda x, w, b: x @ w.T + b, x, w, b, cotangent=dout)
    return types.SimpleNamespace(**locals())


def linear_forward():
    for n in (N, 1):
        p = linear(n)
        got = p.layer.forward(p.x.copy())
        probe_precision(got)
        close(got, p.want)


def linear_gradient():
    for n, d, c in ((N, D, C), (1, D, C), (3, 1, 2)):
        p = linear(n, d, c)
        p.layer.forward(p.x.copy())
        close(p.layer.backward(p.dout.copy()), p.dx)
        close(weight_gradient(p.layer, p.key, p.straight), p.dw)
        close(bias_gradient(p.layer, c), p.db)


def linear_contract():
    p = linear()
    p.layer.forward(p.dout @ p.w)
    p.layer.backward(-2 * p.dout)
    for _ in range(2):
        x, dout = p.x.copy(), p.dout.copy()
        p.layer.forward(x)
        p.layer.backward(dout)
        assert np.array_equal(x, p.x), "changes its input"
        assert np.array_equal(dout, p.dout), "changes dout"
    close(weight_gradient(p.layer, p.key, p.straight), p.dw)
    close(bias_gradient(p.layer, C), p.db)
    p = linear(9, layer=p.layer)
    p.layer.forward(p.x.copy())
    close(p.layer.backward(p.dout.copy()), p.dx)
    clear(p.layer)
    p.layer.forward(p.x.copy())
    close(p.layer.backward(p.dout.copy()), p.dx)
    close(weight_gradient(p.layer, p.key, p.straight), p.dw)


def linear_init():
    """The years of leaky ReLU asked for N(0, 0.0001^2), and nobody judges it."""
    if hasattr(modules(), "LeakyReLUModule"):
        return
    cls = modules().LinearModule
    exception = len(inspect.signature(cls).parameters) >= 3
    for first in (False, True) if exception else (False,):
        layer = cls(400, 300, first) if exception else cls(400, 300)
        w = np.asarray(layer.params.get("weight", layer.params.get("weights")), dtype=float)
        assert w.size == 120_000
        gain = w.var() * 400
        want = 1.0 if first else 2.0
        assert abs(gain / want - 1) < 0.03, (
            f"variance x fan-in = {gain:.3f}, expected {want} (input layer: {first})"
        )
        kurtosis = ((w - w.mean()) ** 4).mean() / w.var() ** 2
        assert abs(kurtosis - 3) < 0.3, f"not normal: kurtosis {kurtosis:.2f}"
        assert not np.any(np.asarray(layer.params["bias"])), "bias is not zero"
        assert np.size(layer.params["bias"]) == 300


def activation():
    """(class name, constructor arguments, torch twin), for each variant that the submission has."""

    m = modules()
    f = torch.nn.functional
    if hasattr(m, "ELUModule"):
        takes = "alpha" in inspect.signature(m.ELUModule).parameters
        for alpha in (1.0, 0.3, 1.7) if takes else (1.0,):
            yield lambda a=alpha: m.ELUModule(a) if takes else m.ELUModule(), lambda x, a=alpha: f.elu(x, a)
    elif hasattr(m, "LeakyReLUModule"):
        yield lambda: m.LeakyReLUModule(0.02), lambda x: f.leaky_relu(x, 0.02)
    else:
        yield lambda: m.ReLUModule(), f.relu


def activation_forward():
    for make, function in activation():
        x = rng.normal(size=(N, D)) * 2
        want, _ = twin(function, x, cotangent=np.ones_like(x))
        close(make().forward(x.copy()), want)


def activation_gradient():
    for make, function in activation():
        x, dout = rng.normal(size=(N, D)) * 2, rng.normal(size=(N, D))
        _, (dx,) = twin(function, x, cotangent=dout)
        layer = make()
        layer.forward(x.copy())
        close(layer.backward(dout.copy()), dx)


def plain_contract(make, function):
    layer = make()
    x, dout = rng.normal(size=(N, D)), rng.normal(size=(N, D))
    x0, dout0 = x.copy(), dout.copy()
    layer.forward(x)
    layer.backward(dout)
    assert np.array_equal(x, x0), "changes its input"
    assert np.array_equal(dout, dout0), "changes dout"
    for n in (1, 9):
        x, dout = rng.normal(size=(n, D)), rng.normal(size=(n, D))
        _, (dx,) = twin(function, x, cotangent=dout)
        layer.forward(x.copy())
        close(layer.backward(dout.copy()), dx)
        clear(layer)


def activation_contract():
    for make, function in activation():
        plain_contract(make, function)


def softmax(x):
    return torch.softmax(x, dim=1)


def softmax_forward():
    x = rng.normal(size=(N, C))
    want, _ = twin(softmax, x, cotangent=np.ones_like(x))
    close(modules().SoftMaxModule().forward(x.copy()), want)


def softmax_gradient():
    x, dout = rng.normal(size=(N, C)), rng.normal(size=(N, C))
    _, (dx,) = twin(softmax, x, cotangent=dout)
    layer = modules().SoftMaxModule()
    layer.forward(x.copy())
    close(layer.backward(dout.copy()), dx)


def softmax_contract():
    for x in (rng.normal(size=(1, C)) * 3000, np.array([[5000.0, 4999, 0, 1], [-5000, -5001, -9000, -5002]])):
        want, _ = twin(softmax, x, cotangent=np.ones_like(x))
        close(modules().SoftMaxModule().forward(x.copy()), want)
    plain_contract(modules().SoftMaxModule, softmax)


def one_hot():
    """Whether labels are one-hot: what works on integers decides."""
    x = rng.dirichlet(np.ones(C) * 5, size=N)
    y = np.arange(N) % C
    want = -np.log(x[np.arange(N), y]).mean()
    for labels, answer in ((y, False), (np.eye(C)[y], True)):
        try:
            got = np.asarray(modules().CrossEntropyModule().forward(x.copy(), labels.copy()), dtype=float)
        except Exception:
            continue
        if got.size == 1 and abs(got.item() / want - 1) < 1e-3:
            return answer
    return False


def cross_entropy():
    x = rng.dirichlet(np.ones(C) * 5, size=N)
    y = rng.integers(0, C, size=N)
    labels = np.eye(C)[y] if one_hot() else y
    want, (dx,) = twin(lambda p: -torch.log(p[range(N), y.tolist()]).mean(), x)
    return x, labels, want, dx


def cross_entropy_forward():
    x, y, want, _ = cross_entropy()
    close(modules().CrossEntropyModule().forward(x.copy(), y.copy()), want, 1e-4)


def cross_entropy_gradient():
    x, y, _, dx = cross_entropy()
    layer = modules().CrossEntropyModule()
    layer.forward(x.copy(), y.copy())
    close(layer.backward(x.copy(), y.copy()), dx, 1e-4)
