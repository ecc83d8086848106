"""
A tiny PyTorch look-alike: every layer is a Module, calling it is its forward pass.
"""
import numpy as np
from abc import ABC, abstractmethod


class Module(ABC):
    def __init__(self):
        self.params = {}
        self.grads = {}
        self._saved = ()

    def save_for_backward(self, *values):
        self._saved = values

    @property
    def saved(self):
        return self._saved

    def __call__(self, *args):
        return self.forward(*args)

    @abstractmethod
    def forward(self, x):
        ...

    @abstractmethod
    def backward(self, dout):
        ...

    def clear_cache(self):
        self._saved = ()

    def modules(self):
        yield self

    def zero_grad(self):
        for module in self.modules():
            for name in module.grads:
                module.grads[name] = np.zeros_like(module.params[name])


class LinearModule(Module):
    def __init__(self, in_features, out_features, input_layer=False):
        super().__init__()
        self.params['weight'] = np.random.normal(scale=np.sqrt((2, 1)[input_layer] / in_features), size=(out_features, in_features))
        self.params['bias'] = np.zeros(out_features)
        self.zero_grad()

    def forward(self, x):
        self.save_for_backward(x)
        return x @ self.params['weight'].T + self.params['bias']

    def backward(self, dout):
        x, = self.saved
        self.grads = {'weight': dout.T @ x, 'bias': dout.sum(0)}
        return dout @ self.params['weight']


class Activation(Module):
    """Elementwise function with a derivative."""

    def function(self, x):
        raise NotImplementedError

    def derivative(self, x):
        raise NotImplementedError

    def forward(self, x):
        self.save_for_backward(x)
        return self.function(x)

    def backward(self, dout):
        x, = self.saved
        return dout * self.derivative(x)


class ELUModule(Activation):
    def __init__(self, alpha=1.0):
        super().__init__()
        self.alpha = alpha

    def function(self, x):
        return np.where(x > 0, x, self.alpha * np.expm1(np.minimum(x, 0)))

    def derivative(self, x):
        return np.where(x > 0, 1.0, self.alpha * np.exp(np.minimum(x, 0)))


class SoftMaxModule(Module):
    def forward(self, x):
        e = np.exp(x - x.max(axis=-1, keepdims=True))
        p = e / e.sum(axis=-1, keepdims=True)
        self.save_for_backward(p)
        return p

    def backward(self, dout):
        p, = self.saved
        return p * (dout - np.sum(p * dout, axis=-1, keepdims=True))


class CrossEntropyModule(Module):
    def forward(self, x, y):
        return -np.mean(np.log(x[np.arange(len(y)), y]))

    def backward(self, x, y):
        dx = np.zeros_like(x)
        dx[np.arange(len(y)), y] = -1.0 / x[np.arange(len(y)), y]
        return dx / len(y)


class Sequential(Module):
    def __init__(self, *children):
        super().__init__()
        self.children = children

    def modules(self):
        for child in self.children:
            yield from child.modules()

    def forward(self, x):
        for child in self.children:
            x = child(x)
        return x

    def backward(self, dout):
        for child in reversed(self.children):
            dout = child.backward(dout)
        return dout

    def clear_cache(self):
        for child in self.children:
            child.clear_cache()
