"""
A multi-layer perceptron in PyTorch.
"""
import torch.nn as nn


class MLP(nn.Module):
    """
    linear -> (batch norm) -> ELU -> ... -> linear. Returns logits, no softmax.
    """

    def __init__(self, n_inputs, n_hidden, n_classes, use_batch_norm=False):
        super().__init__()
        layers = []
        n_in = n_inputs
        for n_out in n_hidden:
            layers.append(nn.Linear(n_in, n_out))
            if use_batch_norm:
                layers.append(nn.BatchNorm1d(n_out))
            layers.append(nn.ELU())
            n_in = n_out
        layers.append(nn.Linear(n_in, n_classes))
        self.net = nn.Sequential(*layers)

        first = True
        for layer in self.net:
            if isinstance(layer, nn.Linear):
                nn.init.kaiming_normal_(layer.weight, nonlinearity='linear' if first else 'relu')
                nn.init.zeros_(layer.bias)
                first = False

    def forward(self, x):
        return self.net(x.flatten(start_dim=1))

    @property
    def device(self):
        """The device the parameters live on."""
        return next(self.parameters()).device
