import torch
import torch.nn as nn

class MLP(nn.Module):
  def __init__(self, n_inputs, n_hidden, n_classes):
    nn.Module.__init__(self)
    mods = []
    for h in n_hidden:
      mods += [nn.Linear(n_inputs, h), nn.ReLU()]
      n_inputs = h
    mods.append(nn.Linear(n_inputs, n_classes))
    self.model = nn.Sequential(*mods)

  def forward(self, x):
    return self.model(x)
