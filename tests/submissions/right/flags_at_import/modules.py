import numpy as np


class LinearModule(object):
    def __init__(self, in_features, out_features, input_layer=False):
        self.params = {'weight': None, 'bias': None}
        self.grads = {'weight': None, 'bias': None}
        self.params['weight'] = np.random.randn(out_features, in_features) * np.sqrt(2. / in_features) / (np.sqrt(2) if input_layer else 1)
        self.params['bias'] = np.zeros((1, out_features))

    def forward(self, x):
        # bias trick: one more column of ones
        self.x1 = np.concatenate((x, np.ones((x.shape[0], 1))), axis=1)
        w1 = np.concatenate((self.params['weight'], self.params['bias'].T), axis=1)
        return self.x1 @ w1.T

    def backward(self, dout):
        dw1 = dout.T @ self.x1
        self.grads['weight'] = dw1[:, :-1]
        self.grads['bias'] = dw1[:, -1:].T
        return dout @ self.params['weight']

    def clear_cache(self):
        self.x1 = None


class ELUModule(object):
    def __init__(self, alpha=1.0):
        self.alpha = alpha

    def forward(self, x):
        self.x = x
        return np.maximum(x, 0) + np.minimum(self.alpha * (np.exp(np.minimum(x, 0)) - 1), 0)

    def backward(self, dout):
        dx = np.array(dout)
        dx[self.x < 0] *= self.alpha * np.exp(self.x[self.x < 0])
        dx[self.x == 0] *= 1
        return dx

    def clear_cache(self):
        self.x = None


class SoftMaxModule(object):
    def forward(self, x):
        self.y = np.exp(x - np.max(x, axis=1).reshape((len(x), 1)))
        self.y = self.y / np.sum(self.y, axis=1).reshape((len(x), 1))
        return self.y

    def backward(self, dout):
        S, C = self.y.shape
        # per sample jacobian with kronecker delta
        J = np.zeros((S, C, C))
        for i in range(C):
            for j in range(C):
                J[:, i, j] = self.y[:, i] * ((i == j) - self.y[:, j])
        return np.einsum('si,sij->sj', dout, J)

    def clear_cache(self):
        self.y = None


class CrossEntropyModule(object):
    def forward(self, x, y):
        S = y.shape[0]
        L = 0
        for s in range(S):
            L = L - np.log(x[s, y[s]])
        return L / S

    def backward(self, x, y):
        S = y.shape[0]
        dx = np.zeros_like(x)
        for s in range(S):
            dx[s, y[s]] = -1 / (S * x[s, y[s]])
        return dx
