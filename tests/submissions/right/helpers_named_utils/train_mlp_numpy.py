import argparse
from copy import deepcopy

import numpy as np
import torch

import cifar10_utils
from mlp_numpy import MLP
from modules import CrossEntropyModule
from plotting import plot_curves
from utils import RunningMean, batched


def accuracy(predictions, targets):
    return (predictions.argmax(1) == targets).mean()


def evaluate_model(model, data_loader):
    mean = RunningMean()
    for x, y in batched(data_loader):
        mean.add(accuracy(model.forward(x), y), n=len(y))
    return float(mean)


def train(hidden_dims, lr, batch_size, epochs, seed, data_dir):
    np.random.seed(seed)
    torch.manual_seed(seed)
    cifar10 = cifar10_utils.get_cifar10(data_dir)
    loaders = cifar10_utils.get_dataloader(cifar10, batch_size=batch_size, return_numpy=True)
    model, loss_module = MLP(3072, hidden_dims, 10), CrossEntropyModule()
    val_accuracies, losses = [], []
    for epoch in range(epochs):
        mean = RunningMean()
        for x, y in batched(loaders['train']):
            p = model.forward(x)
            mean.add(loss_module.forward(p, y))
            model.backward(loss_module.backward(p, y))
            for layer in model.layers:
                for name, param in getattr(layer, 'params', {}).items():
                    param -= lr * layer.grads[name]
        losses.append(float(mean))
        val_accuracies.append(evaluate_model(model, loaders['validation']))
        if val_accuracies[-1] > max(val_accuracies[:-1], default=0):
            best = deepcopy([layer.params for layer in model.layers if hasattr(layer, 'params')])
    # put the best parameters back
    for layer in model.layers:
        if hasattr(layer, 'params'):
            layer.params = best.pop(0)
    test_accuracy = evaluate_model(model, loaders['test'])
    logging_dict = {'loss': losses}
    plot_curves('numpy', loss=losses, val=val_accuracies)
    return model, val_accuracies, test_accuracy, logging_dict


if __name__ == '__main__':
    parser = argparse.ArgumentParser()
    parser.add_argument('--hidden_dims', default=[128], type=int, nargs='+')
    parser.add_argument('--lr', default=0.1, type=float)
    parser.add_argument('--batch_size', default=128, type=int)
    parser.add_argument('--epochs', default=10, type=int)
    parser.add_argument('--seed', default=42, type=int)
    parser.add_argument('--data_dir', default='data/', type=str)
    train(**vars(parser.parse_args()))
