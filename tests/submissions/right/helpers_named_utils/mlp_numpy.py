from modules import *


class MLP(object):
    def __init__(self, n_inputs, n_hidden, n_classes):
        self.layers = [LinearModule(n_inputs, (n_hidden + [n_classes])[0], input_layer=True)]
        for n_in, n_out in zip(n_hidden, n_hidden[1:] + [n_classes]):
            self.layers += [ELUModule(alpha=1), LinearModule(n_in, n_out, input_layer=False)]
        self.layers += [SoftMaxModule()]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dout):
        for i in range(1, len(self.layers) + 1):
            dout = self.layers[-i].backward(dout)

    def clear_cache(self):
        for layer in self.layers:
            layer.clear_cache()
