"""Torch code, as homework spells it."""

import torch
from torch import nn


class Wrapped(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.fc = nn.Linear(i, o)

    def forward(self, x):
        return self.fc(x)


class Norm(torch.autograd.Function):
    @staticmethod
    def forward(ctx, inputs, gamma, beta, eps=1e-5):
        std = torch.sqrt(inputs.var(0, unbiased=False) + eps)
        normal = (inputs - inputs.mean(0)) / std
        ctx.save_for_backward(normal, gamma, std)
        return gamma * normal + beta

    @staticmethod
    def backward(ctx, dout):
        normal, gamma, std = ctx.saved_tensors
        d = dout * gamma
        dx = (d - d.mean(0) - normal * (d * normal).mean(0)) / std
        return dx, (dout * normal).sum(0), dout.sum(0), None


def squared_error(pred, y):
    return ((pred - y) ** 2).mean()
