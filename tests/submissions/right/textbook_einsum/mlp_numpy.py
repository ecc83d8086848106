import modules


class MLP:
    def __init__(self, n_inputs, n_hidden, n_classes):
        widths = [n_inputs, *n_hidden, n_classes]
        self.net = []
        for depth, (fan_in, fan_out) in enumerate(zip(widths[:-1], widths[1:])):
            if depth:
                self.net.append(modules.ELUModule(1.0))
            self.net.append(modules.LinearModule(fan_in, fan_out, input_layer=depth == 0))
        self.net.append(modules.SoftMaxModule())

    def forward(self, x):
        for module in self.net:
            x = module.forward(x)
        return x

    def backward(self, dout):
        for module in self.net[::-1]:
            dout = module.backward(dout)

    def clear_cache(self):
        for module in self.net:
            module.clear_cache()

    def parameters(self):
        """Yields (value, gradient) of every parameter."""
        for module in self.net:
            for name in getattr(module, "params", ()):
                yield module.params[name], module.grads[name]
