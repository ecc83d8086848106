import argparse
from copy import deepcopy

import numpy as np
import torch
import torch.nn as nn
import torch.optim as optim

import cifar10_utils
import train_mlp_numpy
from mlp_pytorch import MLP
from plotting import plot_curves
from utils import RunningMean


def accuracy(predictions, targets):
    return train_mlp_numpy.accuracy(predictions.detach().cpu().numpy(), targets.cpu().numpy())


def evaluate_model(model, data_loader):
    model.eval()
    mean = RunningMean()
    with torch.no_grad():
        for x, y in data_loader:
            mean.add(accuracy(model(x.to(model.device)), y), n=len(y))
    return float(mean)


def train(hidden_dims, lr, use_batch_norm, batch_size, epochs, seed, data_dir):
    np.random.seed(seed)
    torch.manual_seed(seed)
    device = torch.device('cuda') if torch.cuda.is_available() else torch.device('cpu')
    loaders = cifar10_utils.get_dataloader(cifar10_utils.get_cifar10(data_dir), batch_size=batch_size, return_numpy=False)
    model = MLP(3072, hidden_dims, 10, use_batch_norm).to(device)
    loss_module = nn.CrossEntropyLoss()
    optimizer = optim.SGD(model.parameters(), lr=lr)
    val_accuracies, losses, best = [], [], None
    for epoch in range(epochs):
        mean = RunningMean()
        for x, y in loaders['train']:
            model.train()
            optimizer.zero_grad()
            loss = loss_module(model(x.to(device)), y.to(device))
            loss.backward()
            optimizer.step()
            mean.add(loss.item())
        losses.append(float(mean))
        val_accuracies.append(evaluate_model(model, loaders['validation']))
        if best is None or val_accuracies[-1] > best[1]:
            best = (deepcopy(model), val_accuracies[-1])
    test_accuracy = evaluate_model(best[0], loaders['test'])
    plot_curves('torch', loss=losses, val=val_accuracies)
    return best[0], val_accuracies, test_accuracy, {'loss': losses}


if __name__ == '__main__':
    parser = argparse.ArgumentParser()
    parser.add_argument('--hidden_dims', default=[128], type=int, nargs='+')
    parser.add_argument('--use_batch_norm', action='store_true')
    parser.add_argument('--lr', default=0.1, type=float)
    parser.add_argument('--batch_size', default=128, type=int)
    parser.add_argument('--epochs', default=10, type=int)
    parser.add_argument('--seed', default=42, type=int)
    parser.add_argument('--data_dir', default='data/', type=str)
    train(**vars(parser.parse_args()))
