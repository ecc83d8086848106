import numpy as np
import torch
import torch.nn as nn


class LinearModule(object):
    """Weights come from torch so that the NumPy and the PyTorch MLP start from the same point."""

    def __init__(self, in_features, out_features, input_layer=False):
        w = torch.empty(out_features, in_features)
        nn.init.kaiming_normal_(w, mode='fan_in', nonlinearity='linear' if input_layer else 'relu')
        self.params = {'weight': w.numpy(), 'bias': np.zeros(out_features, dtype=np.float32)}
        self.grads = {'weight': None, 'bias': None}

    def forward(self, x):
        self.x = x
        return x @ self.params['weight'].T + self.params['bias']

    def backward(self, dout):
        self.grads['weight'] = dout.T @ self.x
        self.grads['bias'] = dout.sum(axis=0)
        return dout @ self.params['weight']

    def clear_cache(self):
        del self.x
        self.x = None


class ELUModule(object):
    def __init__(self, alpha):
        self.alpha = alpha

    def forward(self, x):
        self.pos = np.where(x > 0, x, 0)
        self.neg = np.where(x > 0, 0, self.alpha * (np.exp(np.where(x > 0, 0, x)) - 1))
        return self.pos + self.neg

    def backward(self, dout):
        local = np.where(self.pos > 0, 1, self.neg + self.alpha)
        return dout * local

    def clear_cache(self):
        self.pos = self.neg = None


class SoftMaxModule(object):
    def forward(self, x):
        t = torch.softmax(torch.from_numpy(np.ascontiguousarray(x)), dim=1)
        self.p = t.numpy()
        return self.p

    def backward(self, dout):
        p = self.p
        return p * (dout - np.sum(dout * p, axis=1, keepdims=True))

    def clear_cache(self):
        self.p = None


class CrossEntropyModule(object):
    def forward(self, x, y):
        n = len(y)
        return (-np.log(x[np.arange(n), y])).sum() / n

    def backward(self, x, y):
        n = len(y)
        onehot = np.zeros(x.shape, dtype=x.dtype)
        onehot[np.arange(n), y] = 1
        return -onehot / (n * x)
