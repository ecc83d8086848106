from modules import *


class MLP(object):
    def __init__(self, n_inputs, n_hidden, n_classes):
        self.input_dim = n_inputs
        self.hidden_dims = n_hidden
        self.output_dim = n_classes
        self.layers = []
        prev = n_inputs
        for idx, dim in enumerate(n_hidden + [n_classes]):
            self.layers.append({'linear': LinearModule(prev, dim, input_layer=idx == 0),
                                'activation': ELUModule() if idx < len(n_hidden) else SoftMaxModule()})
            prev = dim

    def forward(self, x):
        for layer in self.layers:
            x = layer['linear'].forward(x)
            x = layer['activation'].forward(x)
        return x

    def backward(self, dout):
        for layer in self.layers[::-1]:
            dout = layer['activation'].backward(dout)
            dout = layer['linear'].backward(dout)

    def clear_cache(self):
        for layer in self.layers:
            for module in layer.values():
                module.clear_cache()
