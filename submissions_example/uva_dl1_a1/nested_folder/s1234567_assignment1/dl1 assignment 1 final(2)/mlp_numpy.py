"""
This module implements a multi-layer perceptron (MLP) in NumPy.
"""
from modules import *


class MLP(object):
    """
    This class implements a Multi-layer Perceptron in NumPy.
    """

    def __init__(self, n_inputs, n_hidden, n_classes):
        dims = [n_inputs] + list(n_hidden)
        self.modules = []
        for k in range(len(n_hidden)):
            self.modules.append(LinearModule(dims[k], dims[k + 1], k == 0))
            self.modules.append(ELUModule())
        self.modules.append(LinearModule(dims[-1], n_classes, len(n_hidden) == 0))
        self.softmax = SoftMaxModule()

    def forward(self, x):
        for module in self.modules:
            x = module.forward(x)
        out = self.softmax.forward(x)
        return out

    def backward(self, dout):
        dout = self.softmax.backward(dout)
        for module in self.modules[::-1]:
            dout = module.backward(dout)

    def clear_cache(self):
        for module in self.modules + [self.softmax]:
            module.clear_cache()
