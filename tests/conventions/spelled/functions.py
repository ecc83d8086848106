"""Pairs of functions, as homework spells them."""

import numpy as np


def linear_forward(A, W, b):
    return W @ A + b, (A, W, b)


def linear_backward(dZ, cache):
    A, W, _ = cache
    return W.T @ dZ, dZ @ A.T, dZ.sum(axis=1, keepdims=True)


def svm_loss(x, y):
    rows = np.arange(len(x))
    margins = np.maximum(0, x - x[rows, y][:, None] + 1)
    margins[rows, y] = 0
    dx = (margins > 0).astype(float)
    dx[rows, y] -= dx.sum(axis=1)
    return margins.sum() / len(x), dx / len(x)


def batchnorm_forward(x, gamma, beta, bn_param):
    if bn_param["mode"] != "train":
        raise ValueError(bn_param["mode"])
    std = np.sqrt(x.var(axis=0) + bn_param.get("eps", 1e-5))
    normal = (x - x.mean(axis=0)) / std
    return gamma * normal + beta, (normal, gamma, std)


def batchnorm_backward(dout, cache):
    normal, gamma, std = cache
    d = dout * gamma
    dx = (d - d.mean(axis=0) - normal * (d * normal).mean(axis=0)) / std
    return dx, (dout * normal).sum(axis=0), dout.sum(axis=0)


def tanh_forward(x):
    return np.tanh(x)


def tanh_backward(dout, out):
    return dout * (1 - out**2)


def rnn_step_forward(x, prev_h, Wx, Wh, b):
    h = np.tanh(x @ Wx + prev_h @ Wh + b)
    return h, (x, prev_h, Wx, Wh, h)


def rnn_step_backward(dnext_h, cache):
    x, prev_h, Wx, Wh, h = cache
    dz = dnext_h * (1 - h**2)
    return dz @ Wx.T, dz @ Wh.T, x.T @ dz, prev_h.T @ dz, dz.sum(axis=0)


def attention(q, k, v):
    scores = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[-1])
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))
    a = e / e.sum(axis=-1, keepdims=True)
    return a @ v, (q, k, v, a)


def attention_backward(dout, cache):
    q, k, v, a = cache
    da = dout @ v.transpose(0, 2, 1)
    ds = a * (da - (da * a).sum(axis=-1, keepdims=True)) / np.sqrt(q.shape[-1])
    return {"dq": ds @ k, "dk": ds.transpose(0, 2, 1) @ q, "dv": a.transpose(0, 2, 1) @ dout}


def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
    """As in CS231n: two results and a cache, the gates in the order i, f, o, g, one bias."""
    a = x @ Wx + prev_h @ Wh + b
    i, f, o = (1 / (1 + np.exp(-part)) for part in np.split(a, 4, axis=1)[:3])
    g = np.tanh(np.split(a, 4, axis=1)[3])
    next_c = f * prev_c + i * g
    return o * np.tanh(next_c), next_c, (x, prev_h, prev_c, Wx, Wh, i, f, o, g, next_c)


def lstm_step_backward(dnext_h, dnext_c, cache):
    x, prev_h, prev_c, Wx, Wh, i, f, o, g, next_c = cache
    t = np.tanh(next_c)
    dc = dnext_c + dnext_h * o * (1 - t**2)
    da = np.hstack(
        [dc * g * i * (1 - i), dc * prev_c * f * (1 - f), dnext_h * t * o * (1 - o), dc * i * (1 - g**2)]
    )
    return da @ Wx.T, da @ Wh.T, dc * f, x.T @ da, prev_h.T @ da, da.sum(axis=0)


def max_pool_forward(x, pool_param):
    """Every maximum of a window gets its gradient: as many courses have it, and wrong where there are several."""
    k, s = pool_param["pool_height"], pool_param["stride"]
    out = np.zeros((*x.shape[:2], 1 + (x.shape[2] - k) // s, 1 + (x.shape[3] - k) // s))
    for i, j in np.ndindex(*out.shape[2:]):
        out[:, :, i, j] = x[:, :, i * s : i * s + k, j * s : j * s + k].max(axis=(2, 3))
    return out, (x, out, k, s)


def max_pool_backward(dout, cache):
    x, out, k, s = cache
    dx = np.zeros_like(x)
    for i, j in np.ndindex(*out.shape[2:]):
        rows, columns = slice(i * s, i * s + k), slice(j * s, j * s + k)
        here = np.index_exp[:, :, i, j, None, None]
        dx[:, :, rows, columns] += (x[:, :, rows, columns] == out[here]) * dout[here]
    return dx
