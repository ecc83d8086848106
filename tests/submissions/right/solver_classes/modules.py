import numpy as np


def _he(n_in, n_out, gain):
    rng = np.random.RandomState(np.random.randint(2 ** 31 - 1))
    return rng.normal(0., (gain / n_in) ** 0.5, size=(n_in, n_out))


class LinearModule:

    def __init__(self, in_features, out_features, input_layer=False):
        self._in, self._out = in_features, out_features
        self.params = {"weight": _he(in_features, out_features, 1. if input_layer else 2.), "bias": np.zeros((out_features,))}
        self.grads = {}
        self._tape = []

    def forward(self, x):
        # the tape holds the inputs of forward passes that wait for their backward pass
        self._tape = [x]
        return x @ self.params["weight"] + self.params["bias"]

    def backward(self, dout):
        x = self._tape[-1]
        self.grads["weight"] = x.T @ dout
        self.grads["bias"] = dout.sum(axis=0).reshape(-1, 1)  # column, flattened by the solver
        return dout @ self.params["weight"].T

    def clear_cache(self):
        self._tape.clear()
        self.grads.clear()


class ELUModule:

    def __init__(self, alpha):
        self.alpha = float(alpha)
        self._tape = []

    def forward(self, x):
        y = np.empty_like(x, dtype=np.result_type(x, np.float32))
        pos = x > 0
        np.copyto(y, x, where=pos)
        np.copyto(y, self.alpha * np.expm1(x, where=~pos, out=np.zeros_like(y)), where=~pos)
        self._tape = [(pos, y)]
        return y

    def backward(self, dout):
        pos, y = self._tape[-1]
        return np.where(pos, dout, dout * (y + self.alpha))

    def clear_cache(self):
        self._tape.clear()


class SoftMaxModule:

    def __init__(self):
        self._tape = []

    def forward(self, x):
        e = np.exp(x - np.max(x, axis=1, keepdims=True))
        y = e * (1 / np.sum(e, axis=1, keepdims=True))
        self._tape = [y]
        return y

    def backward(self, dout):
        y = self._tape[-1]
        dot = np.matmul(dout[:, None, :], y[:, :, None])[:, :, 0]
        return (dout - dot) * y

    def clear_cache(self):
        self._tape.clear()


class CrossEntropyModule:

    def forward(self, x, y):
        eps = np.finfo(x.dtype).eps
        return -np.log(np.maximum(x[np.arange(len(y)), y], eps)).mean(dtype=np.float64)

    def backward(self, x, y):
        eps = np.finfo(x.dtype).eps
        out = np.zeros_like(x)
        np.put_along_axis(out, y.reshape(-1, 1).astype(np.intp), -1., axis=1)
        return out / np.maximum(x, eps) / len(y)
