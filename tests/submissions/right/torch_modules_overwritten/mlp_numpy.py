from modules import *


class MLP(object):
    def __init__(self, n_inputs, n_hidden, n_classes):
        self.sequence = []
        input_layer = True
        for n in n_hidden:
            self.sequence.append(LinearModule(in_features=n_inputs, out_features=n, input_layer=input_layer))
            self.sequence.append(ReLUModule())
            n_inputs = n
            input_layer = False
        self.sequence.append(LinearModule(in_features=n_inputs, out_features=n_classes, input_layer=input_layer))
        self.sequence.append(SoftMaxModule())

    def forward(self, x):
        if len(x.shape) == 4:
            x = x.reshape((x.shape[0], x.shape[1] * x.shape[2] * x.shape[3]))
        out = x
        for m in self.sequence:
            out = m.forward(out)
        return out

    def backward(self, dout):
        grad = dout
        for m in reversed(self.sequence):
            grad = m.backward(grad)
        return None

    def clear_cache(self):
        for m in self.sequence:
            m.clear_cache()
