"""
This module implements a multi-layer perceptron (MLP) in NumPy.
You should fill in code into indicated sections.
"""
from modules import *


class MLP(object):
    def __init__(self, n_inputs, n_hidden, n_classes):
        self.layers = []
        if len(n_hidden) == 0:
            self.layers.append(LinearModule(n_inputs, n_classes, True))
        else:
            self.layers.append(LinearModule(n_inputs, n_hidden[0], True))
            self.layers.append(ReLUModule())
            for i in range(1, len(n_hidden)):
                self.layers.append(LinearModule(n_hidden[i - 1], n_hidden[i]))
                self.layers.append(ReLUModule())
            self.layers.append(LinearModule(n_hidden[-1], n_classes))
        self.layers.append(SoftMaxModule())

    def forward(self, x):
        x = x.reshape(len(x), -1)
        for l in self.layers:
            x = l.forward(x)
        out = x
        return out

    def backward(self, dout):
        for l in reversed(self.layers):
            dout = l.backward(dout)

    def clear_cache(self):
        for l in self.layers:
            l.clear_cache()
