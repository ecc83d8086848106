import numpy as np


class LinearModule(object):
    """y = x W^T + b, float32"""

    def __init__(self, in_features, out_features, input_layer=False):
        std = {True: (1 / in_features) ** .5, False: (2 / in_features) ** .5}[bool(input_layer)]
        self.params = {
            'weight': np.random.normal(0, std, [out_features, in_features]).astype('float32'),
            'bias': np.zeros([out_features], dtype='float32')}
        self.grads = {'weight': None, 'bias': None}

    def forward(self, x):
        self._x = np.asarray(x, dtype='float32')
        return np.inner(self._x, self.params['weight']) + self.params['bias']

    def backward(self, dout):
        dout = np.asarray(dout, dtype='float32')
        self.grads['weight'] = np.tensordot(dout, self._x, axes=(0, 0))
        self.grads['bias'] = dout.sum(0)
        return dout.dot(self.params['weight'])

    def clear_cache(self):
        self._x = None


class ELUModule(object):
    def forward(self, x):
        self._x = x
        return np.fmax(x, 0) + np.expm1(np.fmin(x, 0))

    def backward(self, dout):
        return np.exp(np.fmin(self._x, 0)) * dout

    def clear_cache(self):
        self._x = None


class SoftMaxModule(object):
    def forward(self, x):
        s = np.exp(np.subtract(x, np.max(x, -1, keepdims=True)))
        s = s / s.sum(-1, keepdims=True)
        self._s = s
        return s

    def backward(self, dout):
        s = self._s
        jac = np.array([np.diag(r) for r in s]) - s[..., None] * s[:, None]
        return (jac @ dout[..., None])[..., 0]

    def clear_cache(self):
        self._s = None


class CrossEntropyModule(object):
    def forward(self, x, y):
        return -np.mean(np.log(np.choose(y, x.T)))

    def backward(self, x, y):
        g = np.zeros_like(x)
        g[(np.arange(y.shape[0]), y)] = np.reciprocal(x[(np.arange(y.shape[0]), y)])
        return g / -y.shape[0]
