import numpy as np
from modules import LinearModule as Linear, ELUModule as ELU, SoftMaxModule as Softmax


class MLP(object):
    def __init__(self, n_inputs, n_hidden, n_classes):
        hidden = np.array(n_hidden, dtype=int)
        sizes = np.concatenate([[n_inputs], hidden, [n_classes]]).astype(int)
        self.layers = []
        for a, b in zip(sizes[:-1], sizes[1:]):
            self.layers.append(Linear(int(a), int(b), len(self.layers) == 0))
            self.layers.append(ELU(1.0))
        self.layers[-1] = Softmax()

    def forward(self, x):
        for l in self.layers:
            x = l.forward(x)
        return x

    def backward(self, dout):
        for l in self.layers[::-1]:
            dout = l.backward(dout)

    def clear_cache(self):
        for l in self.layers:
            l.clear_cache()
