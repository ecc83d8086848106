"""MLP in NumPy (2021). Takes batches of images as they come out of the loader."""
from modules import *


class MLP(object):

    def __init__(self, n_inputs, n_hidden, n_classes):
        self.layers = []
        dims = [n_inputs] + list(n_hidden) + [n_classes]
        for i, (d_in, d_out) in enumerate(zip(dims, dims[1:])):
            self.layers.append(LinearModule(d_in, d_out, input_layer=i == 0))
            if i < len(dims) - 2:
                self.layers.append(ReLUModule())
        self.layers.append(SoftMaxModule())

    def forward(self, x):
        batch, channels, height, width = x.shape
        out = x.reshape(batch, channels * height * width)
        for layer in self.layers:
            out = layer.forward(out)
        return out

    def backward(self, dout):
        for layer in self.layers[::-1]:
            dout = layer.backward(dout)

    def clear_cache(self):
        for layer in self.layers:
            layer.clear_cache()
