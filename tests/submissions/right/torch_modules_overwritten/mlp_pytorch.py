import torch
import torch.nn as nn
import math


class MLP(nn.Module):
    def __init__(self, n_inputs, n_hidden, n_classes, use_batch_norm=False):
        super(MLP, self).__init__()
        self.modules = []
        for hidden in n_hidden:
            self.modules.append(nn.Linear(n_inputs, hidden))
            if use_batch_norm:
                self.modules.append(nn.BatchNorm1d(hidden))
            self.modules.append(nn.ReLU())
            n_inputs = hidden
        self.modules.append(nn.Linear(n_inputs, n_classes))

        first = True
        for m in self.modules:
            if isinstance(m, nn.Linear):
                m.weight.data = torch.normal(0., math.sqrt((1. if first else 2.) / m.in_features), m.weight.shape)
                m.bias.data = torch.zeros_like(m.bias)
                first = False
        # so that the parameters are registered
        self.layers = nn.ModuleList(self.modules)

    def forward(self, x):
        x = x.reshape(x.shape[0], -1)
        for m in self.modules:
            x = m(x)
        return x

    @property
    def device(self):
        return next(self.parameters()).device
