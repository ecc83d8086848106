# -*- coding: utf-8 -*-
import argparse
import numpy as np
import torch
from copy import deepcopy
from tqdm.auto import tqdm

from mlp_numpy import MLP
from modules import CrossEntropyModule
import cifar10_utils


def accuracy(predictions, targets):
    """Aandeel goede voorspellingen"""
    return sum(predictions.argmax(1) == targets) / len(targets)


def evaluate_model(model, data_loader):
    goed = sum(accuracy(model.forward(x.reshape(len(x), -1)), y) * len(y) for x, y in data_loader)
    return goed / sum(len(y) for _, y in data_loader)


def train(hidden_dims, lr, batch_size, epochs, seed, data_dir):
    np.random.seed(seed)
    torch.manual_seed(seed)
    cifar10 = cifar10_utils.get_cifar10(data_dir)
    cifar10_loader = cifar10_utils.get_dataloader(cifar10, batch_size=batch_size, return_numpy=True)
    model = MLP(3072, hidden_dims, 10)
    loss_module = CrossEntropyModule()
    val_accuracies, verliezen = [], []
    beste, beste_model = 0, None
    for tijdperk in range(epochs):
        for x, y in tqdm(cifar10_loader['train'], desc=f'Epoch {tijdperk + 1} – training'):
            p = model.forward(x.reshape(len(x), -1))
            verliezen.append(loss_module.forward(p, y))
            model.backward(loss_module.backward(p, y))
            for laag in model.lagen:
                if hasattr(laag, 'grads'):
                    for sleutel in laag.params:
                        laag.params[sleutel] -= lr * laag.grads[sleutel]
        val_accuracies.append(evaluate_model(model, cifar10_loader['validation']))
        print(f'Validatie → {val_accuracies[-1]:.2%} ✓')
        if val_accuracies[-1] > beste:
            beste, beste_model = val_accuracies[-1], deepcopy(model)
    model = beste_model
    test_accuracy = evaluate_model(model, cifar10_loader['test'])
    print(f'Test → {test_accuracy:.2%} 🎉')
    return model, val_accuracies, test_accuracy, {'verlies': verliezen}


if __name__ == '__main__':
    parser = argparse.ArgumentParser()
    parser.add_argument('--hidden_dims', default=[128], type=int, nargs='+')
    parser.add_argument('--lr', default=0.1, type=float)
    parser.add_argument('--batch_size', default=128, type=int)
    parser.add_argument('--epochs', default=10, type=int)
    parser.add_argument('--seed', default=42, type=int)
    parser.add_argument('--data_dir', default='data/', type=str)
    train(**vars(parser.parse_args()))
