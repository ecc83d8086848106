import numpy as np
from copy import deepcopy


class LinearModule(object):
    def __init__(self, in_features, out_features, input_layer=False):
        self.in_features = in_features
        self.out_features = out_features

        self.params = {'weight': None, 'bias': None}
        self.grads = {'weight': None, 'bias': None}

        n = self.in_features
        if input_layer:
            W = np.random.randn(self.out_features, n) / np.sqrt(n)
        else:
            W = np.random.randn(self.out_features, n) / np.sqrt(n / 2)
        self.params['weight'] = W
        self.params['bias'] = np.zeros((1, self.out_features))
        self.clear_cache()

    def forward(self, x):
        self.input = deepcopy(x)
        self.output = np.dot(self.input, self.params['weight'].transpose()) + self.params['bias']
        return self.output

    def backward(self, dout):
        self.grads['weight'] = np.dot(np.transpose(dout), self.input)
        self.grads['bias'] = np.dot(np.ones((1, dout.shape[0])), dout)
        self.grads['input'] = np.dot(dout, self.params['weight'])
        return self.grads['input']

    def clear_cache(self):
        self.input = np.zeros(1)
        self.output = np.zeros(1)
        for key in self.grads:
            self.grads[key] = np.zeros(1)


class ELUModule(object):
    alpha = 1.0

    def forward(self, x):
        self.input = deepcopy(x)
        self.output = np.empty(x.shape)
        for s in range(x.shape[0]):
            self.output[s] = [xi if xi > 0 else self.alpha * (np.exp(xi) - 1) for xi in x[s]]
        return self.output

    def backward(self, dout):
        dx = np.empty(dout.shape)
        for s in range(dout.shape[0]):
            dx[s] = [d if xi > 0 else d * self.alpha * np.exp(xi) for d, xi in zip(dout[s], self.input[s])]
        return dx

    def clear_cache(self):
        self.input = np.zeros(1)
        self.output = np.zeros(1)


class SoftMaxModule(object):
    def forward(self, x):
        stable = x - np.repeat(np.max(x, axis=1), x.shape[1]).reshape(x.shape)
        num = np.exp(stable)
        den = np.repeat(np.sum(num, axis=1), x.shape[1]).reshape(x.shape)
        self.output = num / den
        return self.output

    def backward(self, dout):
        prod = dout * self.output
        return prod - self.output * np.repeat(prod.sum(1), prod.shape[1]).reshape(prod.shape)

    def clear_cache(self):
        self.output = np.zeros(1)


class CrossEntropyModule(object):
    def forward(self, x, y):
        L = np.zeros(x.shape[0])
        for i in range(x.shape[0]):
            L[i] = -np.log(x[i, int(y[i])])
        return np.sum(L) / L.shape[0]

    def backward(self, x, y):
        dx = np.zeros(x.shape)
        for i in range(x.shape[0]):
            dx[i, int(y[i])] = -1 / x[i, int(y[i])]
        return dx / x.shape[0]
