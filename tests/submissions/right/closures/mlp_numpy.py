from modules import LinearModule, ELUModule, SoftMaxModule


class MLP(object):
    def __init__(self, n_inputs, n_hidden, n_classes):
        self.first = LinearModule(n_inputs, n_hidden[0] if n_hidden else n_classes, input_layer=True)
        self.rest = []
        for a, b in zip(n_hidden, list(n_hidden[1:]) + [n_classes]):
            self.rest.append(ELUModule(1.0))
            self.rest.append(LinearModule(a, b))
        self.rest.append(SoftMaxModule())

    def forward(self, x):
        out = self.first.forward(x)
        for m in self.rest:
            out = m.forward(out)
        return out

    def backward(self, dout):
        for m in reversed(self.rest):
            dout = m.backward(dout)
        return self.first.backward(dout)

    def clear_cache(self):
        for m in [self.first] + self.rest:
            m.clear_cache()
