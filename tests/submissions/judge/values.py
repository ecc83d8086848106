"""Comparisons, the PyTorch twin, and how a layer of unknown spelling is set and read."""

import importlib
import os

import numpy as np
import torch

rng = np.random.default_rng(7)
N, D, C = 6, 5, 4


def close(got, want, tolerance=2e-6):
    got = np.asarray(got, dtype=float)
    want = np.asarray(want, dtype=float)
    if got.size == want.size == 1:
        got = got.reshape(want.shape)
    assert got.shape == want.shape, f"shape {got.shape}, expected {want.shape}"
    scale = np.abs(want).max() + 1e-12
    error = np.abs(got - want).max() / scale
    if got.dtype != np.float64 or PRECISION[0] == "float32":
        tolerance = max(tolerance, 1e-4)
    assert error < tolerance, f"off by {error:.3g}"


PRECISION = ["float64"]  # of the submission at hand


def probe_precision(output):
    """A result that float32 holds exactly was computed in float32."""
    output = np.asarray(output)
    if output.dtype == np.float32 or np.array_equal(output, output.astype(np.float32)):
        PRECISION[0] = "float32"


def twin(function, *arrays, cotangent=None):
    tensors = [torch.tensor(a, dtype=torch.float64, requires_grad=True) for a in arrays]
    out = function(*tensors)
    if cotangent is None:
        out.backward()
    else:
        out.backward(torch.as_tensor(cotangent, dtype=torch.float64))
    return out.detach().numpy(), [t.grad.numpy() for t in tensors]


def modules():
    return importlib.import_module("modules")


def set_parameters(layer, weight, bias):
    """Set (out, in) weights and (out,) biases in whatever shape the submission keeps them."""
    key = "weight" if "weight" in layer.params else "weights"
    shape = np.shape(layer.params[key])
    layout = weight if shape == weight.shape else weight.T
    dtype = np.asarray(layer.params[key]).dtype
    layer.params[key] = layout.astype(dtype).copy()
    layer.params["bias"] = bias.astype(dtype).reshape(np.shape(layer.params["bias"])).copy()
    return key, layout is weight or layout.shape == weight.shape


def weight_gradient(layer, key, straight):
    gradient = np.asarray(layer.grads[key], dtype=float)
    return gradient if straight else gradient.T


def bias_gradient(layer, size):
    gradient = np.asarray(layer.grads["bias"], dtype=float)
    assert gradient.size == size, f"bias gradient has shape {gradient.shape}"
    return gradient.reshape(size)


def clear(layer):
    """The years before 2021 have no clear_cache."""
    if hasattr(layer, "clear_cache"):
        layer.clear_cache()


def source(name):
    try:
        with open(os.path.join(os.getcwd(), name + ".py"), encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def activation_name():
    text = source("modules")
    if "class ELUModule" in text:
        return "elu"
    return (
        "relu" if "class ReLUModule" in text else "leaky_relu" if "class LeakyReLUModule" in text else "elu"
    )
