from modules import *


class MLP(object):
    def __init__(self, n_inputs, n_hidden, n_classes):
        self.linears = [LinearModule(i, o, k == 0) for k, (i, o) in
                        enumerate(zip([n_inputs] + n_hidden, n_hidden + [n_classes]))]
        self.activations = [ELUModule() for _ in n_hidden] + [SoftMaxModule()]

    def forward(self, x):
        for lin, act in zip(self.linears, self.activations):
            x = act.forward(lin.forward(x))
        return x

    def backward(self, dout):
        for lin, act in zip(self.linears[::-1], self.activations[::-1]):
            dout = lin.backward(act.backward(dout))

    def clear_cache(self):
        for m in self.linears + self.activations:
            m.clear_cache()
