import numpy as np
import torch

import cifar10_utils
from mlp_numpy import MLP
from modules import CrossEntropyModule
from solver import Solver


def accuracy(predictions, targets):
    return np.asarray(predictions.argmax(axis=1) == targets, dtype=np.float32).mean()


def evaluate_model(model, data_loader):
    sizes, accs = zip(*[(len(y), accuracy(model.forward(x), y)) for x, y in data_loader])
    return np.average(accs, weights=sizes)


def train(hidden_dims, lr, batch_size, epochs, seed, data_dir):
    np.random.seed(seed)
    torch.manual_seed(seed)
    loaders = cifar10_utils.get_dataloader(cifar10_utils.get_cifar10(data_dir), batch_size=batch_size, return_numpy=True)
    solver = Solver(MLP(3072, hidden_dims, 10), CrossEntropyModule(), lr, evaluate_model)
    model = solver.fit(loaders, epochs)
    return model, solver.history["val"], evaluate_model(model, loaders["test"]), solver.history
