from modules import *


class MLP(object):
    def __init__(self, n_inputs, n_hidden, n_classes):
        self.net = []
        n = n_inputs
        for i, h in enumerate(n_hidden):
            self.net.extend((LinearModule(n, h, i == 0), ELUModule()))
            n = h
        self.net.extend((LinearModule(n, n_classes, not n_hidden), SoftMaxModule()))

    def forward(self, x):
        # channels last, so that a row of weights can be shown as an image
        b, c, h, w = x.shape
        x = np.transpose(x, (0, 2, 3, 1)).reshape(b, h * w * c)
        for m in self.net:
            x = m.forward(x)
        return x

    def backward(self, dout):
        for m in self.net[::-1]:
            dout = m.backward(dout)

    def clear_cache(self):
        for m in self.net:
            m.clear_cache()
