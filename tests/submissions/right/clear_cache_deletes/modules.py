import numpy as np


class LinearModule(object):
    def __init__(self, in_features, out_features, input_layer=False):
        std = np.sqrt(1 / in_features) if input_layer is True else np.sqrt(2 / in_features)
        self.params = {'weight': np.random.normal(size=(out_features, in_features), scale=std),
                       'bias': np.zeros((1, out_features))}

    def forward(self, x):
        self.x = x
        self.z = x @ self.params['weight'].T + self.params['bias']
        return self.z

    def backward(self, dout):
        self.grads = dict()
        self.grads['weight'] = dout.T @ self.x
        self.grads['bias'] = np.sum(dout, axis=0)   # (C,) while the bias itself is (1, C), broadcasts
        self.grads['input'] = dout @ self.params['weight']
        return self.grads['input']

    def clear_cache(self):
        if hasattr(self, 'x'):
            del self.x
            del self.z
        if hasattr(self, 'grads'):
            del self.grads


class ELUModule(object):
    def forward(self, x):
        self.x = x
        return np.where(self.x >= 0, self.x, np.exp(self.x) - 1)

    def backward(self, dout):
        return np.multiply(dout, np.where(self.x >= 0, 1, np.exp(self.x)))

    def clear_cache(self):
        try:
            del self.x
        except AttributeError:
            pass


class SoftMaxModule(object):
    def forward(self, x):
        self.out = np.exp(x - x.max(1, keepdims=True))
        self.out = self.out / self.out.sum(1, keepdims=True)
        return self.out

    def backward(self, dout):
        n = dout.shape[0]
        rows = [dout[i] @ (np.diag(self.out[i]) - np.outer(self.out[i], self.out[i])) for i in range(n)]
        return np.stack(rows)

    def clear_cache(self):
        self.__dict__.clear()


class CrossEntropyModule(object):
    def forward(self, x, y):
        self.one_hot = np.zeros((y.size, x.shape[1]))
        self.one_hot[np.arange(y.size), y] = 1
        return np.array(-(self.one_hot * np.log(x)).sum() / y.size)

    def backward(self, x, y):
        dx = np.zeros(x.shape)
        dx[np.arange(y.size), y] = - 1 / x[np.arange(y.size), y]
        dx /= y.size
        return dx
