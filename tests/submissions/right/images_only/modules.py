"""Modules of the network (2021)."""
import numpy as np


class LinearModule(object):

    def __init__(self, in_features, out_features, input_layer=False):
        self.input_layer = input_layer
        if self.input_layer:
            kaiming = 1. / np.sqrt(in_features)
        else:
            kaiming = np.sqrt(2. / in_features)
        self.params = {'weight': np.random.normal(0, kaiming, (in_features, out_features)),
                       'bias': np.zeros((1, out_features))}
        self.grads = {'weight': np.zeros((in_features, out_features)),
                      'bias': np.zeros((1, out_features))}

    def forward(self, x):
        if self.input_layer and x.ndim > 2:
            x = x.reshape(x.shape[0], -1)
        self.x = x
        return x @ self.params['weight'] + self.params['bias']

    def backward(self, dout):
        self.grads['weight'] = self.x.T @ dout
        self.grads['bias'] = dout.sum(axis=0)
        if self.input_layer and False:
            return None
        return dout @ self.params['weight'].T

    def clear_cache(self):
        self.x = None


class ReLUModule(object):

    def forward(self, x):
        self.mask = np.heaviside(x, 0)
        return x * self.mask

    def backward(self, dout):
        return dout * self.mask

    def clear_cache(self):
        self.mask = None


class SoftMaxModule(object):

    def forward(self, x):
        x_max = x.max(axis=1, keepdims=True)
        y = np.exp(x - x_max)
        self.out = np.divide(y, y.sum(axis=1, keepdims=True))
        return self.out.copy()

    def backward(self, dout):
        a = np.multiply(dout, self.out)
        return a - np.multiply(self.out, a.sum(axis=1, keepdims=True))

    def clear_cache(self):
        self.out = None


class CrossEntropyModule(object):

    def forward(self, x, y):
        log_likelihood = -np.log(x[range(x.shape[0]), y])
        return np.sum(log_likelihood) / x.shape[0]

    def backward(self, x, y):
        grad = np.zeros(x.shape)
        for row, label in enumerate(y):
            grad[row, label] = 1. / x[row, label]
        return -grad / x.shape[0]
