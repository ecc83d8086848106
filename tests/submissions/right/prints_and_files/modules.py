import numpy as np
import os
import sys
import warnings
import logging

logging.basicConfig(level=logging.DEBUG, filename='debug.log')
np.set_printoptions(precision=3, suppress=True)
print("numpy", np.__version__, "python", sys.version)
print("=" * 80)

DEBUG = True


def debug(*args):
    if DEBUG:
        print("[DEBUG]", *args)


class LinearModule(object):
    def __init__(self, in_features, out_features, input_layer=False):
        debug("LinearModule", in_features, out_features, input_layer)
        self.params = {'weight': None, 'bias': None}
        self.grads = {'weight': None, 'bias': None}
        if input_layer:
            self.params['weight'] = np.random.normal(0, np.sqrt(1 / in_features), (out_features, in_features))
        else:
            self.params['weight'] = np.random.normal(0, np.sqrt(2 / in_features), (out_features, in_features))
        self.params['bias'] = np.zeros(out_features)
        debug("weight std", self.params['weight'].std())

    def forward(self, x):
        self.x = x
        out = x @ self.params['weight'].T + self.params['bias']
        debug("linear forward", x.shape, "->", out.shape, out[:2])
        return out

    def backward(self, dout):
        self.grads['weight'] = dout.T @ self.x
        self.grads['bias'] = np.sum(dout, axis=0)
        dx = dout @ self.params['weight']
        debug("linear backward", dout.shape, "->", dx.shape)
        return dx

    def clear_cache(self):
        self.x = None


class ELUModule(object):
    def __init__(self, alpha):
        self.alpha = alpha

    def forward(self, x):
        # both branches are computed, so large x gives an overflow warning: harmless
        self.x = x
        out = np.where(x > 0, x, self.alpha * (np.exp(x) - 1))
        debug("elu", out.mean())
        return out

    def backward(self, dout):
        return dout * np.where(self.x > 0, 1, self.alpha * np.exp(self.x))

    def clear_cache(self):
        self.x = None


class SoftMaxModule(object):
    def forward(self, x):
        x = x - x.max(axis=1, keepdims=True)
        self.out = np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)
        debug("softmax", self.out.sum(axis=1))
        assert np.allclose(self.out.sum(axis=1), 1, atol=1e-4)
        return self.out

    def backward(self, dout):
        dx = self.out * (dout - np.sum(dout * self.out, axis=1, keepdims=True))
        sys.stderr.write("softmax backward %s\n" % (dx.shape,))
        return dx

    def clear_cache(self):
        self.out = None


class CrossEntropyModule(object):
    def forward(self, x, y):
        loss = -np.log(x[np.arange(y.shape[0]), y]).mean()
        with open('losses.txt', 'a') as f:
            f.write(str(loss) + '\n')
        return loss

    def backward(self, x, y):
        dx = np.zeros(x.shape)
        dx[np.arange(y.shape[0]), y] = -1 / x[np.arange(y.shape[0]), y] / y.shape[0]
        return dx


# tests, should print small numbers
print("-" * 30, "gradient check", "-" * 30)
_layer = LinearModule(4, 3)
_x = np.random.randn(5, 4)
_d = np.random.randn(5, 3)
_layer.forward(_x)
_dx = _layer.backward(_d)
_eps = 1e-5
for _i in range(5):
    for _j in range(4):
        _p = _x.copy(); _p[_i, _j] += _eps
        _m = _x.copy(); _m[_i, _j] -= _eps
        _num = ((_layer.forward(_p) - _layer.forward(_m)) * _d).sum() / (2 * _eps)
        print(_i, _j, abs(_num - _dx[_i, _j]))
