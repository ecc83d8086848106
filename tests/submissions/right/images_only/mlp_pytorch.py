import torch.nn as nn


class MLP(nn.Module):

    def __init__(self, n_inputs, n_hidden, n_classes, use_batch_norm=False):
        super(MLP, self).__init__()
        self.n_inputs = n_inputs
        self.modules_list = nn.ModuleList()
        for i, n in enumerate(n_hidden):
            self.modules_list.append(nn.Linear(n_inputs if i == 0 else n_hidden[i - 1], n))
            if use_batch_norm:
                self.modules_list.append(nn.BatchNorm1d(n, eps=1e-5, momentum=0.1))
            self.modules_list.append(nn.ReLU(inplace=True))
        self.modules_list.append(nn.Linear(n_hidden[-1] if n_hidden else n_inputs, n_classes))
        for m in self.modules_list:
            if type(m) == nn.Linear:
                nn.init.kaiming_normal_(m.weight, mode='fan_in', nonlinearity='relu')
                nn.init.zeros_(m.bias)

    def forward(self, x):
        out = x.view(-1, self.n_inputs)
        for m in self.modules_list:
            out = m(out)
        return out

    @property
    def device(self):
        return next(self.parameters()).device
