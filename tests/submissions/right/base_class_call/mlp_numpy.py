from modules import ELUModule, LinearModule, Module, Sequential, SoftMaxModule


class MLP(Module):
    def __init__(self, n_inputs, n_hidden, n_classes):
        super().__init__()
        blocks = []
        for n_out in n_hidden:
            blocks.append(Sequential(LinearModule(n_inputs, n_out, not blocks), ELUModule()))
            n_inputs = n_out
        self.body = Sequential(*blocks)
        self.head = Sequential(LinearModule(n_inputs, n_classes, not blocks), SoftMaxModule())

    def modules(self):
        yield from self.body.modules()
        yield from self.head.modules()

    def forward(self, x):
        return self.head(self.body(x))

    def backward(self, dout):
        return self.body.backward(self.head.backward(dout))

    def clear_cache(self):
        self.body.clear_cache()
        self.head.clear_cache()
