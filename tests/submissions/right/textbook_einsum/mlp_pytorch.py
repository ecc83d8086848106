import torch
from torch import nn


class MLP(nn.Module):
    def __init__(self, n_inputs, n_hidden, n_classes, use_batch_norm=False):
        super().__init__()
        widths = [n_inputs, *n_hidden, n_classes]
        self.linears = nn.ModuleList(nn.Linear(a, b) for a, b in zip(widths, widths[1:]))
        self.norms = nn.ModuleList(
            nn.BatchNorm1d(width) if use_batch_norm else nn.Identity() for width in n_hidden
        )
        self.activation = nn.ELU(alpha=1.0)
        with torch.no_grad():
            for depth, linear in enumerate(self.linears):
                linear.weight.normal_(0.0, ((1 if depth == 0 else 2) / linear.in_features) ** 0.5)
                linear.bias.zero_()

    def forward(self, x):
        x = torch.flatten(x, 1)
        for linear, norm in zip(self.linears, self.norms):
            x = self.activation(norm(linear(x)))
        return self.linears[-1](x)

    @property
    def device(self):
        return next(self.parameters()).device
