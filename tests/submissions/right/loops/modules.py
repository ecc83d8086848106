import numpy as np
import math
import random


class LinearModule(object):

    def __init__(self, in_features, out_features, input_layer=False):
        self.in_features = in_features
        self.out_features = out_features
        weight = np.zeros((out_features, in_features))
        for i in range(out_features):
            for j in range(in_features):
                if input_layer == True:
                    weight[i][j] = np.random.normal(0, math.sqrt(1 / in_features))
                else:
                    weight[i][j] = np.random.normal(0, math.sqrt(2 / in_features))
        bias = np.zeros((1, out_features))
        self.params = {'weight': weight, 'bias': bias}
        self.grads = {'weight': np.zeros((out_features, in_features)), 'bias': np.zeros((1, out_features))}

    def forward(self, x):
        self.x = x
        batch = x.shape[0]
        out = np.zeros((batch, self.out_features))
        for s in range(batch):
            for n in range(self.out_features):
                out[s][n] = np.dot(x[s], self.params['weight'][n]) + self.params['bias'][0][n]
        return out

    def backward(self, dout):
        batch = dout.shape[0]
        dw = np.zeros((self.out_features, self.in_features))
        db = np.zeros((1, self.out_features))
        dx = np.zeros((batch, self.in_features))
        for s in range(batch):
            for n in range(self.out_features):
                dw[n] += dout[s][n] * self.x[s]
                db[0][n] += dout[s][n]
                dx[s] += dout[s][n] * self.params['weight'][n]
        self.grads['weight'] = dw
        self.grads['bias'] = db
        return dx

    def clear_cache(self):
        self.x = None


class ELUModule(object):

    def forward(self, x):
        self.x = x
        out = np.zeros(x.shape)
        for i in range(x.shape[0]):
            for j in range(x.shape[1]):
                if x[i][j] > 0:
                    out[i][j] = x[i][j]
                else:
                    out[i][j] = math.exp(x[i][j]) - 1
        return out

    def backward(self, dout):
        dx = np.zeros(dout.shape)
        for i in range(dout.shape[0]):
            for j in range(dout.shape[1]):
                if self.x[i][j] > 0:
                    dx[i][j] = dout[i][j]
                else:
                    dx[i][j] = dout[i][j] * math.exp(self.x[i][j])
        return dx

    def clear_cache(self):
        self.x = None


class SoftMaxModule(object):

    def forward(self, x):
        out = np.zeros(x.shape)
        for i in range(x.shape[0]):
            biggest = max(x[i])
            total = 0
            for j in range(x.shape[1]):
                out[i][j] = math.exp(x[i][j] - biggest)
                total += out[i][j]
            for j in range(x.shape[1]):
                out[i][j] = out[i][j] / total
        self.out = out
        return out

    def backward(self, dout):
        n, c = dout.shape
        dx = np.zeros((n, c))
        for s in range(n):
            for i in range(c):
                for j in range(c):
                    if i == j:
                        d = self.out[s][i] * (1 - self.out[s][i])
                    else:
                        d = -self.out[s][i] * self.out[s][j]
                    dx[s][i] += dout[s][j] * d
        return dx

    def clear_cache(self):
        self.out = None


class CrossEntropyModule(object):

    def forward(self, x, y):
        out = 0
        for i in range(len(y)):
            out -= math.log(x[i][y[i]])
        return out / len(y)

    def backward(self, x, y):
        dx = np.zeros(x.shape)
        for i in range(len(y)):
            dx[i][y[i]] = -1 / x[i][y[i]] / len(y)
        return dx
