"""
2021 version: ReLU. Group "Backprop to the future"
"""
import numpy as np


class LinearModule(object):
    def __init__(self, in_features, out_features, input_layer=False):
        self.params = {'weight': None, 'bias': None}
        self.grads = {'weight': None, 'bias': None}

        bound = np.sqrt(2 / in_features)
        if input_layer:
            bound = bound / np.sqrt(2)
        self.params['weight'] = np.random.normal(0, bound, (out_features, in_features))
        self.params['bias'] = np.zeros(out_features)

    def forward(self, x):
        self.cached_x = x
        out = []
        for row in x:
            out.append(self.params['weight'] @ row + self.params['bias'])
        return np.stack(out)

    def backward(self, dout):
        self.grads['weight'] = sum(np.outer(d, x) for d, x in zip(dout, self.cached_x))
        self.grads['bias'] = sum(d for d in dout)
        return np.vstack([d @ self.params['weight'] for d in dout])

    def clear_cache(self):
        self.cached_x = None


class ReLUModule(object):
    def forward(self, x):
        out = x.copy()
        out[out < 0] = 0
        self.positive = out > 0
        return out

    def backward(self, dout):
        dx = dout.copy()
        dx[~self.positive] = 0
        return dx

    def clear_cache(self):
        self.positive = None


class SoftMaxModule(object):
    def forward(self, x):
        exps = np.exp(x - np.max(x, axis=1)[:, None])
        out = exps / np.sum(exps, axis=1)[:, None]
        self.a = out
        return out

    def backward(self, dout):
        N, C = dout.shape
        eye = np.eye(C)
        # d a_i / d x_j = a_i (delta_ij - a_j)
        grads = self.a.reshape(N, C, 1) * (eye.reshape(1, C, C) - self.a.reshape(N, 1, C))
        dx = np.matmul(dout.reshape(N, 1, C), grads).reshape(N, C)
        return dx

    def clear_cache(self):
        self.a = None


class CrossEntropyModule(object):
    def forward(self, x, y):
        targets = np.zeros_like(x)
        for i, label in enumerate(y):
            targets[i][label] = 1.0
        out = np.average(np.sum(-targets * np.log(x), axis=1))
        return out

    def backward(self, x, y):
        targets = np.zeros_like(x)
        for i, label in enumerate(y):
            targets[i][label] = 1.0
        dx = -1.0 / targets.shape[0] * (targets / x)
        return dx
