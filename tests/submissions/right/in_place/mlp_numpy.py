from modules import *


class MLP(object):
    def __init__(self, n_inputs, n_hidden, n_classes):
        sizes = [n_inputs, *n_hidden, n_classes]
        self.layers = []
        for i in range(len(sizes) - 1):
            self.layers.append(LinearModule(sizes[i], sizes[i + 1], i == 0))
            self.layers.append(ELUModule(1.0) if i < len(sizes) - 2 else SoftMaxModule())

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dout):
        for layer in self.layers[::-1]:
            dout = layer.backward(dout)

    def clear_cache(self):
        for layer in self.layers:
            layer.clear_cache()
