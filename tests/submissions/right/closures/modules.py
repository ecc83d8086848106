"""forward returns the output and leaves behind a function that does the backward pass"""
import numpy as np


class LinearModule(object):
    def __init__(self, in_features, out_features, input_layer=False):
        scale = np.sqrt(1 / in_features) if input_layer else np.sqrt(2 / in_features)
        self.params = {'weight': np.random.normal(0, scale, (in_features, out_features)),
                       'bias': np.zeros((out_features, 1))}
        self.grads = {'weight': None, 'bias': None}
        self._backward = lambda dout: None

    def forward(self, x):
        def _backward(dout):
            self.grads = {'weight': x.T @ dout, 'bias': dout.sum(0)}
            return dout @ self.params['weight'].T
        self._backward = _backward
        return x @ self.params['weight'] + self.params['bias'].ravel()

    def backward(self, dout):
        return self._backward(dout)

    def clear_cache(self):
        self._backward = lambda dout: None


class ELUModule(object):
    def __init__(self, alpha):
        self.alpha = alpha
        self.clear_cache()

    def forward(self, x):
        out = np.select([x > 0, x <= 0], [x, self.alpha * (np.exp(np.minimum(x, 0)) - 1)])
        self._backward = lambda dout: dout * np.select([x > 0, x <= 0], [np.ones_like(x), out + self.alpha])
        return out

    def backward(self, dout):
        return self._backward(dout)

    def clear_cache(self):
        self._backward = None


class SoftMaxModule(object):
    def forward(self, x):
        e = np.exp(x - x.max(axis=1, keepdims=True))
        out = e / e.sum(axis=1, keepdims=True)
        self._backward = lambda dout: out * (dout - (out * dout).sum(axis=1, keepdims=True))
        return out

    def backward(self, dout):
        return self._backward(dout)

    def clear_cache(self):
        self._backward = None


class CrossEntropyModule(object):
    def forward(self, x, y):
        picked = x[np.arange(len(y)), y]
        self._backward = lambda: None
        return -np.log(np.prod(picked ** (1 / len(y))))

    def backward(self, x, y):
        return np.array([[-1 / (p * len(y)) if c == label else 0. for c, p in enumerate(row)] for row, label in zip(x, y)])
