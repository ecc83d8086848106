"""
The building blocks of the NumPy network: linear layer, ELU, softmax and cross-entropy.
"""
import numpy as np


class LinearModule(object):
    """
    Applies a linear transformation to the input data: y = x W^T + b.
    """

    def __init__(self, in_features, out_features, input_layer=False):
        """
        Args:
          in_features: size of each input sample
          out_features: size of each output sample
          input_layer: True if this is the first layer of the network

        The weights get Kaiming initialization, the bias starts at zero. The input of the first
        layer did not go through an activation, so there the factor 2 is not needed.
        """
        gain = 1.0 if input_layer else 2.0
        std = np.sqrt(gain / in_features)

        self.params = {
            'weight': np.random.normal(0.0, std, size=(out_features, in_features)),
            'bias': np.zeros(out_features),
        }
        self.grads = {
            'weight': np.zeros((out_features, in_features)),
            'bias': np.zeros(out_features),
        }
        self.x = None

    def forward(self, x):
        """
        Args:
          x: input, shape (batch, in_features)
        Returns:
          out: output, shape (batch, out_features)
        """
        self.x = x
        out = x @ self.params['weight'].T + self.params['bias']
        return out

    def backward(self, dout):
        """
        Args:
          dout: gradient of the loss with respect to the output, shape (batch, out_features)
        Returns:
          dx: gradient of the loss with respect to the input, shape (batch, in_features)
        """
        self.grads['weight'] = dout.T @ self.x
        self.grads['bias'] = dout.sum(axis=0)
        dx = dout @ self.params['weight']
        return dx

    def clear_cache(self):
        """Forget the input of the last forward pass."""
        self.x = None


class ELUModule(object):
    """
    Exponential linear unit: x for x > 0, alpha * (exp(x) - 1) otherwise.
    """

    def __init__(self, alpha=1.0):
        self.alpha = alpha
        self.x = None

    def forward(self, x):
        self.x = x
        # minimum: exp of a large positive x would overflow in the branch that is thrown away
        out = np.where(x > 0, x, self.alpha * (np.exp(np.minimum(x, 0)) - 1))
        return out

    def backward(self, dout):
        dx = dout * np.where(self.x > 0, 1.0, self.alpha * np.exp(np.minimum(self.x, 0)))
        return dx

    def clear_cache(self):
        self.x = None


class SoftMaxModule(object):
    """
    Softmax over the classes (axis 1).
    """

    def __init__(self):
        self.y = None

    def forward(self, x):
        # max trick: softmax does not change when a constant is subtracted from a row
        shifted = x - x.max(axis=1, keepdims=True)
        exps = np.exp(shifted)
        out = exps / exps.sum(axis=1, keepdims=True)
        self.y = out
        return out

    def backward(self, dout):
        y = self.y
        dx = y * (dout - (dout * y).sum(axis=1, keepdims=True))
        return dx

    def clear_cache(self):
        self.y = None


class CrossEntropyModule(object):
    """
    Cross-entropy of probabilities, averaged over the batch.
    """

    def forward(self, x, y):
        """
        Args:
          x: probabilities, shape (batch, n_classes)
          y: labels, shape (batch,)
        Returns:
          out: mean loss, a scalar
        """
        n = x.shape[0]
        out = -np.log(x[np.arange(n), y]).mean()
        return out

    def backward(self, x, y):
        """
        Args:
          x: probabilities, shape (batch, n_classes)
          y: labels, shape (batch,)
        Returns:
          dx: gradient of the loss with respect to x, shape (batch, n_classes)
        """
        n = x.shape[0]
        dx = np.zeros_like(x)
        dx[np.arange(n), y] = -1.0 / (n * x[np.arange(n), y])
        return dx
