import torch
import torch.nn as nn


class HiddenLayer(nn.Module):
    """One hidden layer: linear, optional batch norm, ELU."""

    def __init__(self, n_in, n_out, use_batch_norm, std):
        super().__init__()
        self.elu = nn.ELU()
        self.bn = nn.BatchNorm1d(n_out) if use_batch_norm else None
        self.fc = nn.Linear(n_in, n_out)
        nn.init.normal_(self.fc.weight, 0, std)
        nn.init.zeros_(self.fc.bias)

    def forward(self, x):
        x = self.fc(x)
        if self.bn is not None:
            x = self.bn(x)
        return self.elu(x)


class MLP(nn.Module):
    def __init__(self, n_inputs, n_hidden, n_classes, use_batch_norm=False):
        super(MLP, self).__init__()
        self.hidden = nn.ModuleList()
        n = n_inputs
        for i in range(len(n_hidden)):
            self.hidden.append(HiddenLayer(n, n_hidden[i], use_batch_norm, (2 / n) ** 0.5 if i else (1 / n) ** 0.5))
            n = n_hidden[i]
        self.last = nn.Linear(n, n_classes)
        nn.init.normal_(self.last.weight, 0, (2 / n) ** 0.5 if n_hidden else (1 / n) ** 0.5)
        nn.init.zeros_(self.last.bias)

    def forward(self, x):
        out = torch.flatten(x, 1)
        for layer in self.hidden:
            out = layer(out)
        out = self.last(out)
        return out

    @property
    def device(self):
        return next(self.parameters()).device
