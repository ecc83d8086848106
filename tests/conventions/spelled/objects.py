"""Objects with forward and backward, as homework spells them."""

import numpy as np


class Conv2D:
    def __init__(self, in_channels, num_filters, ksize, stride=1, pad=0):
        self.stride, self.pad = stride, pad
        self.filters = np.random.randn(num_filters, in_channels, ksize, ksize)
        self.b = np.zeros((num_filters, 1))
        self.dfilters = self.db = None

    def places(self, images):
        k, s = self.filters.shape[2], self.stride
        for i in range((images.shape[2] - k) // s + 1):
            for j in range((images.shape[3] - k) // s + 1):
                yield i, j, (slice(None), slice(None), slice(i * s, i * s + k), slice(j * s, j * s + k))

    def forward(self, x):
        p, k, s = self.pad, self.filters.shape[2], self.stride
        self.x = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
        rows, columns = ((size - k) // s + 1 for size in self.x.shape[2:])
        out = np.zeros((len(x), len(self.b), rows, columns))
        for i, j, place in self.places(self.x):
            out[:, :, i, j] = np.tensordot(self.x[place], self.filters, ([1, 2, 3], [1, 2, 3])) + self.b[:, 0]
        return out

    def backward(self, dout):
        p = self.pad
        dx, self.dfilters = np.zeros_like(self.x), np.zeros_like(self.filters)
        for i, j, place in self.places(self.x):
            dx[place] += np.tensordot(dout[:, :, i, j], self.filters, (1, 0))
            self.dfilters += np.tensordot(dout[:, :, i, j], self.x[place], (0, 0))
        self.db = dout.sum(axis=(0, 2, 3)).reshape(-1, 1)
        return dx[:, :, p : dx.shape[2] - p, p : dx.shape[3] - p]


class Linear:
    def __init__(self, in_features, out_features):
        self.W, self.b = np.zeros((out_features, in_features)), np.zeros((out_features, 1))

    def forward(self, A):
        self.A = A
        return A @ self.W.T + self.b.T

    def backward(self, dLdZ):
        self.dLdW, self.dLdb = dLdZ.T @ self.A, dLdZ.sum(axis=0).reshape(-1, 1)
        return (dLdZ @ self.W).tolist()


class Affine:
    def __init__(self, d, m):
        self.params = {"W1": np.zeros((d, m)), "b1": np.zeros(m)}

    def forward(self, x):
        return x @ self.params["W1"] + self.params["b1"], x

    def backward(self, dout, cache):
        return dout @ self.params["W1"].T, {"W1": cache.T @ dout, "b1": dout.sum(axis=0)}


class CrossEntropyLoss:
    def __call__(self, logits, targets):
        e = np.exp(logits - logits.max(axis=1, keepdims=True))
        self.p, self.targets = e / e.sum(axis=1, keepdims=True), targets
        return -(targets * np.log(self.p)).sum() / len(logits)

    def backward(self):
        return (self.p - self.targets) / len(self.p)


class Embedding:
    def __init__(self, vocab_size, embed_dim):
        self.W = np.zeros((vocab_size, embed_dim))

    def forward(self, ids):
        self.ids = ids
        return self.W[ids]

    def backward(self, dout):
        self.dW = np.zeros_like(self.W)
        np.add.at(self.dW, self.ids, dout)


class LSTMCell:
    """One bias, rows (4H, D) in the order i, f, g, o; forward and backward with two states."""

    def __init__(self, input_size, hidden_size):
        self.W = np.random.randn(4 * hidden_size, input_size) * 0.1
        self.U = np.random.randn(4 * hidden_size, hidden_size) * 0.1
        self.b = np.zeros(4 * hidden_size)
        self.dW = self.dU = self.db = None

    def forward(self, x, h, c):
        z = x @ self.W.T + h @ self.U.T + self.b
        zi, zf, zg, zo = np.split(z, 4, axis=1)
        i, f, o = (1 / (1 + np.exp(-part)) for part in (zi, zf, zo))
        g = np.tanh(zg)
        new = f * c + i * g
        self.saved = x, h, c, i, f, g, o, new
        return o * np.tanh(new), new

    def backward(self, dh_next, dc_next):
        x, h, c, i, f, g, o, new = self.saved
        t = np.tanh(new)
        dc = dc_next + dh_next * o * (1 - t**2)
        parts = [dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g**2), dh_next * t * o * (1 - o)]
        dz = np.hstack(parts)
        self.dW, self.dU, self.db = dz.T @ x, dz.T @ h, dz.sum(axis=0)
        return dz @ self.W, dz @ self.U, dc * f
