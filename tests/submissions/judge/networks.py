"""The NumPy and the PyTorch network against a network of the same weights."""

import importlib
import inspect
import os

import numpy as np
import torch

from tests.submissions.judge.layers import activation, softmax
from tests.submissions.judge.values import (
    N,
    activation_name,
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


def numpy_mlp(n_inputs, hidden, classes):
    """The network with random parameters, and its linear layers in order of creation."""

    made = []
    cls = modules().LinearModule
    original = cls.__init__

    def recording(self, *args, **kwargs):
        original(self, *args, **kwargs)
        made.append(self)

    cls.__init__ = recording
    try:
        mlp = importlib.import_module("mlp_numpy").MLP
        extra = [0.02] if "neg_slope" in inspect.signature(mlp).parameters else []
        net = mlp(n_inputs, list(hidden), classes, *extra)
    finally:
        cls.__init__ = original
    sizes = [n_inputs, *hidden, classes]
    assert [np.size(m.params["bias"]) for m in made] == sizes[1:], "other layers than expected"
    state = []
    for layer, d, c in zip(made, sizes, sizes[1:], strict=False):
        w, b = rng.normal(size=(c, d)) / np.sqrt(d), rng.normal(size=c)
        state.append((layer, w, b, *set_parameters(layer, w, b)))
    return net, state


def run_numpy_mlp(hidden):
    _, function = next(iter(activation()))
    net, state = numpy_mlp(3072, hidden, 10)
    x = rng.normal(size=(N, 3072))
    weights = [a for _, w, b, *_ in state for a in (w, b)]
    dout = rng.normal(size=(N, 10))

    def reference(*tensors):
        h = torch.tensor(x)
        for i in range(0, len(tensors), 2):
            h = h @ tensors[i].T + tensors[i + 1]
            if i + 2 < len(tensors):
                h = function(h)
        return softmax(h)

    want, grads = twin(reference, *weights, cotangent=dout)
    images = x.reshape(N, 3, 32, 32)
    problem = None
    for shown in (x, images):
        try:
            got = net.forward(shown.copy())
            probe_precision(got)
            close(got, want, 1e-5)
        except Exception as error:
            problem = problem or error
            continue
        return net, state, grads, dout
    # pixels in height, width, channel order
    try:
        hwc = x.reshape(N, 32, 32, 3).transpose(0, 3, 1, 2)
        close(net.forward(hwc.copy()), want, 1e-5)
    except Exception:
        raise problem from None
    return net, state, grads, dout


def mlp_numpy_forward():
    for hidden in ([], [7], [8, 6, 5]):
        run_numpy_mlp(hidden)


def mlp_numpy_gradient():
    for hidden in ([], [7], [8, 6, 5]):
        net, state, grads, dout = run_numpy_mlp(hidden)
        net.backward(dout.copy())
        for i, (layer, _, b, key, straight) in enumerate(state):
            close(weight_gradient(layer, key, straight), grads[2 * i], 1e-5)
            close(bias_gradient(layer, b.size), grads[2 * i + 1], 1e-5)
        clear(net)


def torch_net(hidden, **options):
    return importlib.import_module("mlp_pytorch").MLP(3072, list(hidden), 10, **options)


def functional(net, x, batch_norm):
    f = torch.nn.functional
    layers = list(torch.nn.Module.modules(net))
    linears = [m for m in layers if isinstance(m, torch.nn.Linear)]
    norms = [m for m in layers if isinstance(m, torch.nn.BatchNorm1d)]
    act = f.elu
    if os.path.exists(os.path.join(os.getcwd(), "modules.py")):
        act = {"relu": f.relu, "leaky_relu": lambda x: f.leaky_relu(x, 0.02)}.get(activation_name(), f.elu)
    for i, layer in enumerate(linears):
        x = f.linear(x, layer.weight, layer.bias)
        if i + 1 < len(linears):
            if batch_norm:
                x = f.batch_norm(x, None, None, norms[i].weight, norms[i].bias, training=True)
            x = act(x)
    return x, len(linears), len(norms)


def check_torch_net(batch_norm):
    for hidden in ([], [7], [8, 6, 5]):
        net = torch_net(hidden, **({"use_batch_norm": True} if batch_norm else {}))
        assert isinstance(net, torch.nn.Module)
        with torch.no_grad():
            for p in torch.nn.Module.parameters(net):
                p.copy_(torch.randn(p.shape) * (0.05 if p.ndim > 1 else 0.5) + (p.ndim == 1) * 0.5)
        net.train()
        x = torch.randn(N, 3072)
        with torch.no_grad():
            want, linears, norms = functional(net, x, batch_norm)
            assert linears == len(hidden) + 1, f"{linears} linear layers"
            assert norms == (len(hidden) if batch_norm else 0), f"{norms} batch norm layers"
            try:
                got = net(x)
            except Exception:
                got = net(x.view(N, 3, 32, 32))
        close(got.numpy(), want.numpy(), 1e-4)


def check_torch_init():
    net = torch_net([200, 150])
    linears = [m for m in torch.nn.Module.modules(net) if isinstance(m, torch.nn.Linear)]
    assert len(linears) == 3, f"{len(linears)} linear layers"
    for i, layer in enumerate(linears):
        w = layer.weight.detach().numpy().astype(float)
        gain = w.var() * w.shape[1]
        allowed = (1.0, 2.0) if i == 0 else (2.0,)
        assert any(abs(gain / want - 1) < 0.15 for want in allowed), (
            f"layer {i}: variance x fan-in {gain:.3f}"
        )
        kurtosis = ((w - w.mean()) ** 4).mean() / w.var() ** 2
        assert abs(kurtosis - 3) < 0.5, f"not normal: kurtosis {kurtosis:.2f}"
