"""
This module implements a multi-layer perceptron (MLP) in PyTorch.
"""
import torch.nn as nn
from collections import OrderedDict


class MLP(nn.Module):
    """
    This class implements a Multi-layer Perceptron in PyTorch.
    """

    def __init__(self, n_inputs, n_hidden, n_classes, use_batch_norm=False):
        super(MLP, self).__init__()
        dims = [n_inputs] + list(n_hidden)
        layers = OrderedDict()
        for k in range(len(n_hidden)):
            layers['linear%d' % k] = self.make_linear(dims[k], dims[k + 1], k == 0)
            if use_batch_norm:
                layers['bn%d' % k] = nn.BatchNorm1d(dims[k + 1])
            layers['elu%d' % k] = nn.ELU()
        layers['out'] = self.make_linear(dims[-1], n_classes, len(n_hidden) == 0)
        self.layers = nn.Sequential(layers)

    @staticmethod
    def make_linear(n_in, n_out, input_layer):
        linear = nn.Linear(n_in, n_out)
        std = (1 / n_in) ** 0.5 if input_layer else (2 / n_in) ** 0.5
        nn.init.normal_(linear.weight, mean=0., std=std)
        nn.init.constant_(linear.bias, 0.)
        return linear

    def forward(self, x):
        x = x.view(x.size(0), -1)
        out = self.layers(x)
        return out

    @property
    def device(self):
        return next(self.parameters()).device
