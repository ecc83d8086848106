"""
This module implements various modules of the network.
"""
import numpy as np


class LinearModule(object):

    def __init__(self, in_features, out_features):
        self.params = {'weight': None, 'bias': None}
        self.grads = {'weight': None, 'bias': None}
        self.params['weight'] = np.random.normal(loc=0.0, scale=0.0001, size=(out_features, in_features))
        self.params['bias'] = np.zeros((out_features, 1))

    def forward(self, x):
        self.x = x
        out = np.dot(x, self.params['weight'].T) + self.params['bias'].squeeze(1)
        return out

    def backward(self, dout):
        self.grads['weight'] = np.dot(dout.T, self.x)
        self.grads['bias'] = dout.sum(0)[:, None]
        dx = np.dot(dout, self.params['weight'])
        return dx


class LeakyReLUModule(object):

    def __init__(self, neg_slope):
        self.neg_slope = neg_slope

    def forward(self, x):
        self.x = x
        out = np.maximum(0, x) + self.neg_slope * np.minimum(0, x)
        return out

    def backward(self, dout):
        dx = dout.copy()
        dx[self.x < 0] = dx[self.x < 0] * self.neg_slope
        return dx


class SoftMaxModule(object):

    def forward(self, x):
        x_max = np.expand_dims(np.max(x, axis=1), 1)
        exp = np.exp(x - x_max)
        out = np.divide(exp, np.expand_dims(np.sum(exp, axis=1), 1))
        self.x = out
        return out

    def backward(self, dout):
        batch, dim = self.x.shape
        diag = np.zeros((batch, dim, dim))
        ii = np.arange(dim)
        diag[:, ii, ii] = self.x
        dxdx = diag - np.einsum('ij, ik -> ijk', self.x, self.x)
        dx = np.einsum('ij, ijk -> ik', dout, dxdx)
        return dx


class CrossEntropyModule(object):

    def forward(self, x, y):
        out = -np.log(np.sum(x * y, axis=1))
        return np.mean(out)

    def backward(self, x, y):
        return - (y / x) / len(y)
