import torch
import torch.nn as nn


class MLP(nn.Module):
    def __init__(self, n_inputs, n_hidden, n_classes, use_batch_norm=False):
        super(MLP, self).__init__()
        self.layers = nn.Sequential()
        prev = n_inputs
        for i, h in enumerate(n_hidden):
            lin = nn.Linear(prev, h)
            torch.nn.init.kaiming_normal_(lin.weight, nonlinearity='relu')
            self.layers.add_module('linear_' + str(i), lin)
            if use_batch_norm:
                self.layers.add_module('bn_' + str(i), nn.BatchNorm1d(h))
            self.layers.add_module('relu_' + str(i), nn.ReLU())
            prev = h
        lin = nn.Linear(prev, n_classes)
        torch.nn.init.kaiming_normal_(lin.weight, nonlinearity='relu')
        self.layers.add_module('out', lin)

    def forward(self, x):
        x = torch.flatten(x, start_dim=1)
        out = self.layers(x)
        return out

    @property
    def device(self):
        return next(self.parameters()).device
