################################################################################
# Layers. weights: key is 'weight', bias: row vector
################################################################################
import numpy as np


class LinearModule(object):

    def __init__(self, in_features, out_features, input_layer=False):
        self.params = {'weight': None, 'bias': None}
        self.grads = {'weight': None, 'bias': None}

        gain = np.sqrt(2)
        if input_layer:
            gain = 1
        self.params['weight'] = gain / np.sqrt(in_features) * np.random.normal(0, 1, size=(out_features, in_features))
        self.params['bias'] = np.zeros(shape=(1, out_features))
        self.x_in = None
        self.n_calls = 0

    def forward(self, x):
        assert x.ndim == 2, "expected a 2D input, got shape " + str(x.shape)
        self.n_calls += 1
        self.x_in = x.copy()
        ones = np.ones((x.shape[0], 1))
        return x @ self.params['weight'].T + ones @ self.params['bias']

    def backward(self, dout):
        if self.x_in is None:
            raise RuntimeError("backward called before forward")
        ones = np.ones((1, dout.shape[0]))
        self.grads['weight'] = (self.x_in.T @ dout).T
        self.grads['bias'] = ones @ dout
        return dout @ self.params['weight']

    def clear_cache(self):
        self.x_in = None
        self.grads['weight'] = None
        self.grads['bias'] = None


class ELUModule(object):

    def __init__(self):
        self.alpha = 1

    def forward(self, x):
        self.y = np.piecewise(x, [x > 0, x <= 0], [lambda v: v, lambda v: self.alpha * (np.exp(v) - 1)])
        return self.y

    def backward(self, dout):
        dy = np.piecewise(self.y, [self.y > 0, self.y <= 0], [lambda v: np.ones_like(v), lambda v: v + self.alpha])
        return np.multiply(dy, dout)

    def clear_cache(self):
        self.y = None


class SoftMaxModule(object):

    def __init__(self):
        pass

    def forward(self, x):
        self.y = np.apply_along_axis(self.softmax_row, 1, x)
        return self.y

    @staticmethod
    def softmax_row(row):
        e = np.exp(row - max(row))
        return e / e.sum()

    def backward(self, dout):
        dx = []
        for y_s, dout_s in zip(self.y, dout):
            J = np.diag(y_s) - y_s.reshape(-1, 1) * y_s.reshape(1, -1)
            dx.append(J.dot(dout_s))
        return np.array(dx)

    def clear_cache(self):
        self.y = None


class CrossEntropyModule(object):

    def forward(self, x, y):
        B = y.shape[0]
        out = 0.0
        for i in range(B):
            out += -np.log(x[i, y[i]] + 1e-9)
        return np.float64(out / B)

    def backward(self, x, y):
        B = y.shape[0]
        dx = np.zeros_like(x, dtype=float)
        for i in range(B):
            dx[i, y[i]] = -1.0 / (x[i, y[i]] + 1e-9)
        return dx / B
