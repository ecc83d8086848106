from modules import *


class MLP(object):
    def __init__(self, n_inputs, n_hidden, n_classes):
        # input -> h1 -> ... -> hn -> output
        if not n_hidden:
            self.layers = [LinearModule(n_inputs, n_classes, input_layer=True), SoftMaxModule()]
            return
        self.layers = [LinearModule(n_inputs, n_hidden[0], input_layer=True), ELUModule()]
        for i in range(len(n_hidden) - 1):
            self.layers += [LinearModule(n_hidden[i], n_hidden[i + 1]), ELUModule()]
        self.layers += [LinearModule(n_hidden[-1], n_classes), SoftMaxModule()]

    def forward(self, x):
        out = self.layers[0].forward(x)
        for layer in self.layers[1:]:
            out = layer.forward(out)
        return out

    def backward(self, dout):
        layers = list(self.layers)
        while layers:
            dout = layers.pop().backward(dout)

    def clear_cache(self):
        for layer in self.layers:
            layer.clear_cache()
