from modules import LinearModule, ELUModule, SoftMaxModule


class MLP(object):
    def __init__(self, n_inputs, n_hidden, n_classes, alpha=1.0):
        self.input_block = []
        self.hidden_blocks = []
        self.output_block = []

        if n_hidden == []:
            self.output_block = [LinearModule(n_inputs, n_classes, input_layer=True), SoftMaxModule()]
        else:
            self.input_block = [LinearModule(n_inputs, n_hidden[0], input_layer=True), ELUModule(alpha)]
            for n_in, n_out in zip(n_hidden[:-1], n_hidden[1:]):
                self.hidden_blocks.append([LinearModule(n_in, n_out), ELUModule(alpha)])
            self.output_block = [LinearModule(n_hidden[-1], n_classes), SoftMaxModule()]

    @property
    def all_modules(self):
        return self.input_block + [m for block in self.hidden_blocks for m in block] + self.output_block

    def forward(self, x):
        out = x
        for m in self.all_modules:
            out = m.forward(out)
        return out

    def backward(self, dout):
        for m in reversed(self.all_modules):
            dout = m.backward(dout)

    def clear_cache(self):
        [m.clear_cache() for m in self.all_modules]

    def step(self, lr):
        for m in self.all_modules:
            if isinstance(m, LinearModule):
                for key in m.params.keys():
                    m.params[key] -= lr * m.grads[key]
