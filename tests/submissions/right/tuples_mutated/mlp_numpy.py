from modules import *


class MLP(object):
    def __init__(self, n_inputs, n_hidden, n_classes):
        # all sizes in one list
        n_hidden.insert(0, n_inputs)
        n_hidden.append(n_classes)
        self.pairs = []
        first = True
        while len(n_hidden) > 1:
            n_in = n_hidden.pop(0)
            activation = ELUModule() if len(n_hidden) > 1 else SoftMaxModule()
            self.pairs.append((LinearModule(n_in, n_hidden[0], first), activation))
            first = False
        self.pairs = tuple(self.pairs)

    def forward(self, x):
        for linear, activation in self.pairs:
            x = activation.forward(linear.forward(x))
        return x

    def backward(self, dout):
        for linear, activation in self.pairs[::-1]:
            dout = linear.backward(activation.backward(dout))

    def clear_cache(self):
        for pair in self.pairs:
            for m in pair:
                m.clear_cache()
