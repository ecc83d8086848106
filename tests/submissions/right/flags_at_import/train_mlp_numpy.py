import argparse
import numpy as np
import os
import torch
from copy import deepcopy

from mlp_numpy import MLP
from modules import CrossEntropyModule
import cifar10_utils

parser = argparse.ArgumentParser()
parser.add_argument('--hidden_dims', default=[128], type=int, nargs='+')
parser.add_argument('--lr', default=0.1, type=float)
parser.add_argument('--batch_size', default=128, type=int)
parser.add_argument('--epochs', default=10, type=int)
parser.add_argument('--seed', default=42, type=int)
parser.add_argument('--data_dir', default='data/', type=str)
parser.add_argument('--lr_decay', default=0.0, type=float)
FLAGS, _ = parser.parse_known_args()


def accuracy(predictions, targets):
    preds = [np.argmax(p) for p in predictions]
    return len([1 for p, t in zip(preds, targets) if p == t]) / len(targets)


def evaluate_model(model, data_loader):
    total_acc, total = 0, 0
    for x, y in data_loader:
        n = y.shape[0]
        total_acc += n * accuracy(model.forward(x.reshape(n, -1)), y)
        total += n
    return total_acc / total


def train(hidden_dims, lr, batch_size, epochs, seed, data_dir):
    np.random.seed(seed)
    torch.manual_seed(seed)

    cifar10 = cifar10_utils.get_cifar10(data_dir)
    cifar10_loader = cifar10_utils.get_dataloader(cifar10, batch_size=batch_size, return_numpy=True)

    model = MLP(n_inputs=3072, n_hidden=hidden_dims, n_classes=10)
    loss_module = CrossEntropyModule()
    val_accuracies, train_losses = [], []
    best_model, best_val = None, 0
    for epoch in range(epochs):
        lr_now = lr / (1 + FLAGS.lr_decay * epoch)
        train_loss = 0
        for x, y in cifar10_loader['train']:
            x = np.array([img.flatten() for img in x])
            pred = model.forward(x)
            train_loss += loss_module.forward(pred, y)
            model.backward(loss_module.backward(pred, y))
            for lin in model.linears:
                lin.params['weight'] -= lr_now * lin.grads['weight']
                lin.params['bias'] -= lr_now * lin.grads['bias']
        train_losses.append(train_loss / len(cifar10_loader['train']))
        val_accuracies.append(evaluate_model(model, cifar10_loader['validation']))
        if val_accuracies[-1] > best_val:
            best_val = val_accuracies[-1]
            best_model = deepcopy(model)
    test_accuracy = evaluate_model(best_model, cifar10_loader['test'])
    return best_model, val_accuracies, test_accuracy, train_losses


if __name__ == '__main__':
    kwargs = vars(FLAGS)
    kwargs.pop('lr_decay')
    train(**kwargs)
