import torch.nn as nn


def block(n_in, n_out, bn):
    return [nn.Linear(n_in, n_out)] + ([nn.BatchNorm1d(n_out)] if bn else []) + [nn.ELU()]


def init_weights(m):
    if isinstance(m, nn.Linear):
        nn.init.kaiming_normal_(m.weight)
        m.bias.data.fill_(0.)


class MLP(nn.Module):
    def __init__(self, n_inputs, n_hidden, n_classes, use_batch_norm=False):
        super().__init__()
        sizes = [n_inputs] + n_hidden
        hidden = [module for a, b in zip(sizes, sizes[1:]) for module in block(a, b, use_batch_norm)]
        self.features = nn.Sequential(nn.Flatten(), *hidden)
        self.classifier = nn.Linear(sizes[-1], n_classes)
        self.apply(init_weights)

    def forward(self, x):
        return self.classifier(self.features(x))

    @property
    def device(self):
        return next(self.parameters()).device
