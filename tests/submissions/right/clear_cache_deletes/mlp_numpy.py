from modules import *


class MLP(object):
    def __init__(self, n_inputs, n_hidden, n_classes):
        self.modules = {}
        sizes = [n_inputs] + [h for h in n_hidden] + [n_classes]
        for i in range(len(sizes) - 1):
            self.modules['linear%i' % i] = LinearModule(sizes[i], sizes[i + 1], input_layer=(True if i == 0 else False))
            if i != len(sizes) - 2:
                self.modules['elu%i' % i] = ELUModule()
        self.modules['softmax'] = SoftMaxModule()

    def forward(self, x):
        out = x
        for name, module in self.modules.items():
            out = module.forward(out)
        return out

    def backward(self, dout):
        for name in list(self.modules)[::-1]:
            dout = self.modules[name].backward(dout)
        return dout

    def clear_cache(self):
        for name in self.modules:
            self.modules[name].clear_cache()
