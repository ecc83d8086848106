import numpy as np
import time


class LinearModule(object):
    # weight (in, out), bias (out,), bias grad (1, out)

    def __init__(self, in_features, out_features, input_layer=False):
        k = 1. / in_features if input_layer else 2. / in_features
        self.params = {
            'weight': np.sqrt(k) * np.random.randn(in_features, out_features),
            'bias': np.zeros(out_features)
        }
        # placeholder, real shapes come with the first backward
        self.grads = {'weight': 0, 'bias': 0}

    def forward(self, x):
        self.last = {'x': x, 'time': time.time()}
        return x.dot(self.params['weight']) + self.params['bias']

    def backward(self, dout):
        x = self.last['x']
        self.grads.update(weight=x.T.dot(dout), bias=dout.sum(axis=0, keepdims=True))
        return dout.dot(self.params['weight'].T)

    def clear_cache(self):
        self.last = {}


class ELUModule(object):
    def forward(self, x):
        self.last = x
        self.res = ((x > 0) * x) + ((x <= 0) * (np.exp(x * (x <= 0)) - 1))
        return self.res

    def backward(self, dout):
        x = self.last
        d = (x > 0) + (x <= 0) * np.exp(x * (x <= 0))
        return dout * d

    def clear_cache(self):
        self.last = self.res = None


class SoftMaxModule(object):
    def forward(self, x):
        e = np.exp((x.T - x.max(axis=1)).T)
        self.last = (e.T / e.sum(axis=1)).T
        return self.last

    def backward(self, dout):
        s = self.last
        return (s.T * (dout.T - np.sum(dout * s, axis=1))).T

    def clear_cache(self):
        self.last = None


class CrossEntropyModule(object):
    def forward(self, x, y):
        losses = [-np.log(p[label]) for p, label in zip(x, y)]
        return sum(losses) / len(losses)

    def backward(self, x, y):
        T = (np.arange(x.shape[1])[None, :] == np.reshape(y, (-1, 1)))
        return -1 * T / (x * x.shape[0])
