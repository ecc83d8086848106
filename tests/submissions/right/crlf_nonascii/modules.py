# -*- coding: utf-8 -*-
"""
Modules voor opdracht 1 – „MLP’s en backpropagation“.
Gemaakt door: Jörg Müller, Zoë van Dijk & 王小明 😀
"""
import numpy as np


class LinearModule(object):
    """Lineaire laag: y = x·Wᵀ + b."""

    def __init__(self, in_features, out_features, input_layer=False):
        # σ² = 2 / n  (Kaiming/He), behalve voor de eerste laag: σ² = 1 / n
        σ = np.sqrt((1 if input_layer else 2) / in_features)
        self.params = {'weight': σ * np.random.randn(out_features, in_features),
                       'bias': np.zeros((1, out_features))}
        self.grads = {'weight': np.zeros((out_features, in_features)),
                      'bias': np.zeros((1, out_features))}

    def forward(self, x):
        self.x = x  # bewaren vóór de backward pass
        return x @ self.params['weight'].T + self.params['bias']

    def backward(self, dout):
        # ∂L/∂W = (∂L/∂Y)ᵀ X,  ∂L/∂b = 1ᵀ ∂L/∂Y,  ∂L/∂X = ∂L/∂Y W
        self.grads['weight'] = dout.T @ self.x
        self.grads['bias'] = dout.sum(axis=0, keepdims=True)
        return dout @ self.params['weight']

    def clear_cache(self):
        self.x = None


class ELUModule(object):
    """ELU(x) = x als x > 0, anders α(eˣ − 1)。激活函数"""

    def __init__(self, alpha=1.):
        self.α = alpha

    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, self.α * (np.exp(np.clip(x, None, 0)) - 1))

    def backward(self, dout):
        return dout * np.where(self.x > 0, 1, self.α * np.exp(np.clip(self.x, None, 0)))

    def clear_cache(self):
        self.x = None


class SoftMaxModule(object):
    """Softmax mét max-truc."""

    def forward(self, x):
        e = np.exp(x - x.max(axis=1, keepdims=True))
        self.y = e / e.sum(axis=1, keepdims=True)
        return self.y

    def backward(self, dout):
        return self.y * (dout - (dout * self.y).sum(axis=1, keepdims=True))

    def clear_cache(self):
        self.y = None


class CrossEntropyModule(object):
    """L = −1/S Σ log xₛ,ₜ  (交叉熵)"""

    def forward(self, x, y):
        return -np.log(x[np.arange(len(y)), y]).mean()

    def backward(self, x, y):
        dx = np.zeros_like(x)
        dx[np.arange(len(y)), y] = -1 / (x[np.arange(len(y)), y] * len(y))
        return dx
