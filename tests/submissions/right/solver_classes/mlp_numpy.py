from modules import LinearModule, ELUModule, SoftMaxModule


class MLP:

    def __init__(self, n_inputs, n_hidden, n_classes, verbose=False):
        self.graph = self._build([n_inputs, *n_hidden, n_classes])
        if verbose:
            print(self)

    def _build(self, sizes):
        if len(sizes) == 2:
            return [LinearModule(sizes[0], sizes[1], True), SoftMaxModule()]
        graph = [LinearModule(sizes[0], sizes[1], True)]
        for left, right in zip(sizes[1:-1], sizes[2:]):
            graph += [ELUModule(1), LinearModule(left, right)]
        return graph + [SoftMaxModule()]

    def forward(self, x):
        x = x if x.ndim == 2 else x.reshape(x.shape[0], -1)
        for node in self.graph:
            x = node.forward(x)
        return x

    def backward(self, dout):
        for node in reversed(self.graph):
            dout = node.backward(dout)
        return dout

    def clear_cache(self):
        for node in self.graph:
            node.clear_cache()
