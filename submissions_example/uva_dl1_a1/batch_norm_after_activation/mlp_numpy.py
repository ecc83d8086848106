"""
A multi-layer perceptron in NumPy, built from the modules in modules.py.
"""
from modules import *


class MLP(object):
    """
    linear -> ELU -> linear -> ELU -> ... -> linear -> softmax
    """

    def __init__(self, n_inputs, n_hidden, n_classes):
        """
        Args:
          n_inputs: number of inputs, 3072 for CIFAR-10
          n_hidden: list with the number of units of each hidden layer;
                    an empty list gives multinomial logistic regression
          n_classes: number of classes
        """
        self.layers = []
        n_in = n_inputs
        for i, n_out in enumerate(n_hidden):
            self.layers.append(LinearModule(n_in, n_out, input_layer=(i == 0)))
            self.layers.append(ELUModule(alpha=1.0))
            n_in = n_out
        self.layers.append(LinearModule(n_in, n_classes, input_layer=(len(n_hidden) == 0)))
        self.layers.append(SoftMaxModule())

    def forward(self, x):
        """
        Args:
          x: images, shape (batch, n_inputs) or (batch, 3, 32, 32)
        Returns:
          out: class probabilities, shape (batch, n_classes)
        """
        out = x.reshape(x.shape[0], -1)
        for layer in self.layers:
            out = layer.forward(out)
        return out

    def backward(self, dout):
        """
        Args:
          dout: gradient of the loss with respect to the class probabilities
        """
        for layer in reversed(self.layers):
            dout = layer.backward(dout)
        return dout

    def clear_cache(self):
        for layer in self.layers:
            layer.clear_cache()
