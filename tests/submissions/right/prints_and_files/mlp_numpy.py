from modules import *


class MLP(object):
    def __init__(self, n_inputs, n_hidden, n_classes):
        print("Building an MLP", n_inputs, n_hidden, n_classes)
        self.layers = []
        n_units = [n_inputs] + n_hidden + [n_classes]
        for i in range(0, len(n_units) - 1):
            if i > 0:
                self.layers.append(ELUModule(1.0))
            self.layers.append(LinearModule(n_units[i], n_units[i + 1], input_layer=(i == 0)))
        self.softmax_layer = SoftMaxModule()

    def forward(self, x):
        for i, layer in enumerate(self.layers):
            x = layer.forward(x)
            print("layer", i, "mean", x.mean(), "std", x.std())
        return self.softmax_layer.forward(x)

    def backward(self, dout):
        dout = self.softmax_layer.backward(dout)
        for layer in reversed(self.layers):
            dout = layer.backward(dout)

    def clear_cache(self):
        for layer in self.layers:
            layer.clear_cache()
        self.softmax_layer.clear_cache()
