import numpy as np


class LinearModule(object):
    def __init__(self, in_features, out_features, input_layer=False):
        self.params = {'weights': np.random.normal(0, np.sqrt((1 if input_layer else 2)/in_features), (out_features, in_features)),
                       'bias': np.zeros((1, out_features))}
        self.grads = {'weights': None, 'bias': None}

    def forward(self, x):
        self.x = x
        return x @ self.params['weights'].T + self.params['bias']

    def backward(self, dout):
        self.grads['weights'] = dout.T @ self.x
        self.grads['bias'] = np.sum(dout, axis=0, keepdims=True)
        return dout @ self.params['weights']

    def clear_cache(self):
        self.x = None


class ELUModule(object):
    def forward(self, x):
        self.x = x
        result = np.zeros(x.shape)
        result += x * (x >= 0)
        result += (np.exp(np.clip(x, -700, 0)) - 1) * (x < 0)
        return result

    def backward(self, dout):
        d = np.exp(np.clip(self.x, -700, 0))
        d[self.x >= 0] = 1
        return d * dout

    def clear_cache(self):
        self.x = None


class SoftMaxModule(object):
    def forward(self, x):
        x = x - np.max(x, axis=1, keepdims=True)
        exp_x = np.exp(x)
        self.y = exp_x / np.sum(exp_x, axis=1, keepdims=True)
        return self.y

    def backward(self, dout):
        return (dout - np.sum(dout * self.y, axis=1, keepdims=True)) * self.y

    def clear_cache(self):
        self.y = None


class CrossEntropyModule(object):
    def forward(self, x, y):
        p = x[np.arange(x.shape[0]), y]
        return np.sum(-np.log(p)) * (1 / x.shape[0])

    def backward(self, x, y):
        dx = np.zeros(x.shape)
        dx[np.arange(x.shape[0]), y] = -1
        return dx / x * (1 / x.shape[0])
