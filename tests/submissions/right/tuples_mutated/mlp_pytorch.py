import torch
import torch.nn as nn
from collections import OrderedDict


class MLP(nn.Module):
    def __init__(self, n_inputs, n_hidden, n_classes, use_batch_norm=False):
        super(MLP, self).__init__()
        n_hidden.insert(0, n_inputs)
        d = OrderedDict()
        for i in range(len(n_hidden) - 1):
            d[f'linear_{i}'] = nn.Linear(n_hidden[i], n_hidden[i + 1])
            if use_batch_norm is True:
                d[f'batch_norm_{i}'] = nn.BatchNorm1d(n_hidden[i + 1])
            d[f'elu_{i}'] = nn.ELU()
        d['linear_out'] = nn.Linear(n_hidden[-1], n_classes)
        self.seq = nn.Sequential(d)
        for name, p in self.named_parameters():
            if 'linear' in name and name.endswith('weight'):
                gain = 1. if name == next(iter(dict(self.named_parameters()))) else 2.
                p.data = torch.randn(p.shape) * (gain / p.shape[1]) ** 0.5
            elif 'linear' in name:
                p.data.fill_(0)

    def forward(self, x):
        return self.seq(x)

    @property
    def device(self):
        return next(self.parameters()).device
