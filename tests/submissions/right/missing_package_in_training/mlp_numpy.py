from modules import *
from functools import reduce


class MLP(object):
    def __init__(self, n_inputs, n_hidden, n_classes):
        widths = [n_inputs] + [int(h) for h in n_hidden]
        self.layers = [
            layer
            for i in range(len(n_hidden))
            for layer in (LinearModule(widths[i], widths[i + 1], i == 0), ELUModule())
        ] + [LinearModule(widths[-1], n_classes, len(widths) == 1), SoftMaxModule()]

    def forward(self, x):
        return reduce(lambda out, layer: layer.forward(out), self.layers, x)

    def backward(self, dout):
        return reduce(lambda d, layer: layer.backward(d), reversed(self.layers), dout)

    def clear_cache(self):
        for layer in self.layers:
            layer.clear_cache()
