import numpy as np
from utils import kaiming, one_hot


class LinearModule(object):
    def __init__(self, in_features, out_features, input_layer=False):
        self.params = dict(weight=kaiming(in_features, out_features, input_layer), bias=np.zeros(out_features))
        self.grads = dict(weight=np.empty((out_features, in_features)), bias=np.empty(out_features))

    def forward(self, x):
        self.cache = x
        return x @ self.params['weight'].transpose() + np.tile(self.params['bias'], (x.shape[0], 1))

    def backward(self, dout):
        np.matmul(dout.T, self.cache, out=self.grads['weight'])
        np.sum(dout, axis=0, out=self.grads['bias'])
        return dout @ self.params['weight']

    def clear_cache(self):
        self.cache = None


class ELUModule(object):
    def __init__(self, alpha):
        self.alpha = alpha
        self.f = np.vectorize(lambda v: v if v > 0 else alpha * (np.exp(v) - 1), otypes=[float])
        self.df = np.vectorize(lambda v: 1 if v > 0 else alpha * np.exp(v), otypes=[float])

    def forward(self, x):
        self.cache = x
        return self.f(x)

    def backward(self, dout):
        return dout * self.df(self.cache)

    def clear_cache(self):
        self.cache = None


class SoftMaxModule(object):
    def forward(self, x):
        x = x - np.max(x, axis=1, keepdims=True)
        self.cache = np.exp(x) / np.sum(np.exp(x), axis=1, keepdims=True)
        return self.cache

    def backward(self, dout):
        return self.cache * (dout - np.diag(dout @ self.cache.T).reshape(-1, 1))

    def clear_cache(self):
        self.cache = None


class CrossEntropyModule(object):
    def forward(self, x, y):
        return -np.trace(one_hot(y, x.shape[1]) @ np.log(x).T) / len(y)

    def backward(self, x, y):
        return -one_hot(y, x.shape[1]) / x / len(y)
