import numpy as np


class LinearModule(object):

    def __init__(self, in_features, out_features, input_layer=False):
        sd = (1 if input_layer else 2) / in_features
        self.params = {'weight': np.random.normal(0, sd ** 0.5, (out_features, in_features)),
                       'bias': np.zeros((out_features, 1))}
        self.grads = {'weight': np.zeros((out_features, in_features)),
                      'bias': np.zeros((out_features, 1))}

    def forward(self, x):
        self.a = x
        return (self.params['weight'] @ x.T + self.params['bias']).T

    def backward(self, dout):
        self.grads['weight'] = dout.T @ self.a
        self.grads['bias'] = dout.T @ np.ones((dout.shape[0], 1))
        return dout @ self.params['weight']

    def clear_cache(self):
        self.a = None


class ELUModule(object):

    def forward(self, x):
        self.a = x
        out = np.where(x > 0, x, np.exp(np.minimum(x, 0)) - 1)
        self.grad = np.where(x > 0, np.ones_like(x), np.exp(np.minimum(x, 0)))
        return out

    def backward(self, dout):
        return self.grad * dout

    def clear_cache(self):
        self.a, self.grad = None, None


class SoftMaxModule(object):

    def forward(self, x):
        x = x - x.max(axis=1, keepdims=True)
        x = np.exp(x)
        self.a = x / x.sum(axis=1, keepdims=True)
        return self.a

    def backward(self, dout):
        return self.a * (dout - np.sum(dout * self.a, axis=1, keepdims=True))

    def clear_cache(self):
        self.a = None


class CrossEntropyModule(object):

    def forward(self, x, y):
        self.T = np.eye(x.shape[1])[y]
        return np.sum(-self.T * np.log(x)) / x.shape[0]

    def backward(self, x, y):
        self.T = np.eye(x.shape[1])[y]
        return -self.T / (x * x.shape[0])
