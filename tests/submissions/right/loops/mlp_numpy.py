from modules import *


class MLP(object):

    def __init__(self, n_inputs, n_hidden, n_classes):
        self.n_hidden = n_hidden
        self.linear = []
        self.elu = []
        sizes = [n_inputs]
        for h in n_hidden:
            sizes.append(h)
        sizes.append(n_classes)
        for i in range(len(sizes) - 1):
            if i == 0:
                self.linear.append(LinearModule(sizes[0], sizes[1], True))
            else:
                self.linear.append(LinearModule(sizes[i], sizes[i + 1]))
            if i != len(sizes) - 2:
                self.elu.append(ELUModule())
        self.softmax = SoftMaxModule()

    def forward(self, x):
        for i in range(len(self.elu)):
            x = self.linear[i].forward(x)
            x = self.elu[i].forward(x)
        x = self.linear[-1].forward(x)
        out = self.softmax.forward(x)
        return out

    def backward(self, dout):
        dout = self.softmax.backward(dout)
        dout = self.linear[-1].backward(dout)
        for i in range(len(self.elu) - 1, -1, -1):
            dout = self.elu[i].backward(dout)
            dout = self.linear[i].backward(dout)

    def clear_cache(self):
        for l in self.linear:
            l.clear_cache()
        for e in self.elu:
            e.clear_cache()
        self.softmax.clear_cache()
