from modules import *


class MLP(object):

    def __init__(self, n_inputs, n_hidden, n_classes):
        self.n_layers = len(n_hidden) + 1
        sizes = [n_inputs, *n_hidden, n_classes]
        for i in range(1, self.n_layers + 1):
            setattr(self, f'linear{i}', LinearModule(sizes[i - 1], sizes[i], i == 1))
            if i < self.n_layers:
                setattr(self, f'elu{i}', ELUModule())
        self.softmax = SoftMaxModule()

    def forward(self, x):
        for i in range(1, self.n_layers):
            x = getattr(self, f'linear{i}').forward(x)
            x = getattr(self, f'elu{i}').forward(x)
        x = getattr(self, f'linear{self.n_layers}').forward(x)
        return self.softmax.forward(x)

    def backward(self, dout):
        dout = self.softmax.backward(dout)
        dout = getattr(self, f'linear{self.n_layers}').backward(dout)
        for i in range(self.n_layers - 1, 0, -1):
            dout = getattr(self, f'elu{i}').backward(dout)
            dout = getattr(self, f'linear{i}').backward(dout)
        return dout

    def clear_cache(self):
        for attribute in vars(self).values():
            if hasattr(attribute, 'clear_cache'):
                attribute.clear_cache()
