from modules import *


class MLP(object):

    def __init__(self, n_inputs, n_hidden, n_classes, neg_slope):
        self.layers = []
        self.neg_slope = neg_slope
        sizes = [n_inputs] + n_hidden + [n_classes]
        for i in range(1, len(sizes)):
            self.layers.append(LinearModule(sizes[i - 1], sizes[i]))
            if i < len(sizes) - 1:
                self.layers.append(LeakyReLUModule(self.neg_slope))
            else:
                self.layers.append(SoftMaxModule())

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dout):
        for layer in reversed(self.layers):
            dout = layer.backward(dout)
        return dout
