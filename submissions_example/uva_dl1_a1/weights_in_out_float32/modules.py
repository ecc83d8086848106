"""
This module implements the layers of our network. Group 17, DL1 2023.

We store the weights as (in, out) so that forward is just x @ W + b, and keep
everything in float32 like PyTorch does.
"""
import numpy as np

DTYPE = np.float32


class LinearModule(object):
    """
    Linear module.
    """

    def __init__(self, in_features, out_features, input_layer=False):
        self.params = {'weight': None, 'bias': None}
        self.grads = {'weight': None, 'bias': None}

        if input_layer:
            scale = np.sqrt(1 / in_features)
        else:
            scale = np.sqrt(2 / in_features)
        self.params['weight'] = (np.random.randn(in_features, out_features) * scale).astype(DTYPE)
        self.params['bias'] = np.zeros((1, out_features), dtype=DTYPE)

        self.grads['weight'] = np.zeros_like(self.params['weight'])
        self.grads['bias'] = np.zeros_like(self.params['bias'])

    def forward(self, x):
        self.x = x.astype(DTYPE)
        out = np.dot(self.x, self.params['weight']) + self.params['bias']
        return out

    def backward(self, dout):
        dout = dout.astype(DTYPE)
        self.grads['weight'] = np.dot(self.x.T, dout)
        self.grads['bias'] = np.sum(dout, axis=0, keepdims=True)
        dx = np.dot(dout, self.params['weight'].T)
        return dx

    def clear_cache(self):
        self.x = None


class ELUModule(object):
    """
    ELU activation module (alpha = 1).
    """

    def forward(self, x):
        self.mask = x > 0
        self.out = np.where(self.mask, x, np.expm1(np.where(self.mask, 0, x)))
        return self.out

    def backward(self, dout):
        # exp(x) = ELU(x) + 1 on the negative side
        dx = np.where(self.mask, dout, dout * (self.out + 1))
        return dx

    def clear_cache(self):
        self.mask = None
        self.out = None


class SoftMaxModule(object):
    """
    Softmax activation module.
    """

    def forward(self, x):
        b = np.max(x, axis=1, keepdims=True)
        y = np.exp(x - b)
        out = y / np.sum(y, axis=1, keepdims=True)
        self.out = out
        return out

    def backward(self, dout):
        # dX = Y o (dY - (dY o Y) 1 1^T)
        ones = np.ones((dout.shape[1], dout.shape[1]), dtype=DTYPE)
        dx = self.out * (dout - (dout * self.out) @ ones)
        return dx

    def clear_cache(self):
        self.out = None


class CrossEntropyModule(object):
    """
    Cross entropy loss module.
    """

    def forward(self, x, y):
        one_hot = np.eye(x.shape[1], dtype=DTYPE)[y]
        out = -np.sum(one_hot * np.log(x + 1e-10)) / x.shape[0]
        return out

    def backward(self, x, y):
        one_hot = np.eye(x.shape[1], dtype=DTYPE)[y]
        dx = -one_hot / (x + 1e-10) / x.shape[0]
        return dx
