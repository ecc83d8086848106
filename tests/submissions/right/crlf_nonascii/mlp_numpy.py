# -*- coding: utf-8 -*-
from modules import *


class MLP(object):
    """Meerlaags perceptron — lagen in volgorde: lineair → ELU → … → softmax"""

    def __init__(self, n_inputs, n_hidden, n_classes):
        self.lagen = []
        vorige = n_inputs
        for i, breedte in enumerate(n_hidden):
            self.lagen.append(LinearModule(vorige, breedte, i == 0))
            self.lagen.append(ELUModule())
            vorige = breedte
        self.lagen.append(LinearModule(vorige, n_classes, not n_hidden))
        self.lagen.append(SoftMaxModule())

    def forward(self, x):
        for laag in self.lagen:
            x = laag.forward(x)
        return x

    def backward(self, dout):
        for laag in reversed(self.lagen):
            dout = laag.backward(dout)

    def clear_cache(self):
        for laag in self.lagen:
            laag.clear_cache()
