from modules import *


class MLP(object):

    def __init__(self, n_inputs, n_hidden, n_classes):
        self.layers = []
        for i in range(len(n_hidden) + 1):
            fan_in = n_inputs if i == 0 else n_hidden[i - 1]
            fan_out = n_classes if i == len(n_hidden) else n_hidden[i]
            self.layers.append(LinearModule(fan_in, fan_out, input_layer=(i == 0)))
            self.layers.append(SoftMaxModule() if i == len(n_hidden) else ELUModule())

    def forward(self, x):
        out = x.reshape(x.shape[0], -1)
        for layer in self.layers:
            out = layer.forward(out)
        return out

    def backward(self, dout):
        for layer in reversed(self.layers):
            dout = layer.backward(dout)

    def clear_cache(self):
        for layer in self.layers:
            layer.clear_cache()
