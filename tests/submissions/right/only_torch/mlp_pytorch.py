from typing import List

import torch
import torch.nn as nn
from torch import Tensor


class MLP(nn.Module):
    def __init__(self, n_inputs: int, n_hidden: List[int], n_classes: int, use_batch_norm: bool = False):
        super().__init__()
        self.use_batch_norm = use_batch_norm
        self.n_layers = len(n_hidden)
        for i, n in enumerate(n_hidden):
            self.add_module(f"fc{i}", nn.Linear(n_inputs, n, bias=True))
            self.add_module(f"bn{i}", nn.BatchNorm1d(n) if use_batch_norm else nn.Identity())
            n_inputs = n
        self.act = nn.ELU()
        self.out = nn.Linear(n_inputs, n_classes)
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        first = True
        for m in self.modules():
            if isinstance(m, nn.Linear):
                fan_in, _ = nn.init._calculate_fan_in_and_fan_out(m.weight)
                m.weight.copy_(torch.empty_like(m.weight).normal_(0, (1 if first else 2) ** 0.5 / fan_in ** 0.5))
                m.bias.zero_()
                first = False

    def forward(self, x: Tensor) -> Tensor:
        if x.dim() > 2:
            x = x.flatten(1)
        for i in range(self.n_layers):
            x = self.act(getattr(self, f"bn{i}")(getattr(self, f"fc{i}")(x)))
        return self.out(x)

    @property
    def device(self):
        return next(self.parameters()).device
