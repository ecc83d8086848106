from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import argparse
import numpy as np
import os
from tqdm.auto import tqdm
from copy import deepcopy

from mlp_numpy import MLP
from modules import CrossEntropyModule
import cifar10_utils

import torch
import matplotlib.pyplot as plt


def accuracy(predictions, targets):
    correct = 0
    for i in range(len(targets)):
        if np.argmax(predictions[i]) == targets[i]:
            correct += 1
    accuracy = correct / len(targets)
    return accuracy


def evaluate_model(model, data_loader):
    total = 0
    correct = 0
    for batch in data_loader:
        imgs, labels = batch
        preds = model.forward(imgs)
        correct += round(accuracy(preds, labels) * len(labels))
        total += len(labels)
    avg_accuracy = correct / total
    return avg_accuracy


def train(hidden_dims, lr, batch_size, epochs, seed, data_dir):
    ## Set the random seeds for reproducibility
    np.random.seed(seed)
    torch.manual_seed(seed)

    ## Loading the dataset
    cifar10 = cifar10_utils.get_cifar10(data_dir)
    cifar10_loader = cifar10_utils.get_dataloader(cifar10, batch_size=batch_size,
                                                  return_numpy=True)

    n_inputs = np.prod(cifar10['train'][0][0].shape)
    model = MLP(n_inputs, hidden_dims, 10)
    loss_module = CrossEntropyModule()
    val_accuracies = []
    best_model = None
    best_acc = 0
    loss_curve = []

    for epoch in range(epochs):
        train_loss = 0
        for imgs, labels in cifar10_loader['train']:
            preds = model.forward(imgs)
            train_loss += loss_module.forward(preds, labels)
            dout = loss_module.backward(preds, labels)
            model.backward(dout)
            for layer in model.layers:
                try:
                    layer.params['weight'] = layer.params['weight'] - lr * layer.grads['weight']
                    layer.params['bias'] = layer.params['bias'] - lr * layer.grads['bias']
                except AttributeError:
                    pass  # no parameters
        loss_curve.append(train_loss / len(cifar10_loader['train']))
        val_acc = evaluate_model(model, cifar10_loader['validation'])
        val_accuracies.append(val_acc)
        print("Epoch:", epoch + 1, "loss:", loss_curve[-1], "val:", val_acc)
        if val_acc > best_acc:
            best_acc = val_acc
            best_model = deepcopy(model)

    test_accuracy = evaluate_model(best_model, cifar10_loader['test'])
    print("Test accuracy:", test_accuracy)
    logging_dict = {'loss': loss_curve}

    plt.plot(range(1, epochs + 1), loss_curve)
    plt.title("Training loss")
    plt.show()

    return best_model, val_accuracies, test_accuracy, logging_dict


if __name__ == '__main__':
    # Command line arguments
    parser = argparse.ArgumentParser()
    parser.add_argument('--hidden_dims', default=[128], type=int, nargs='+',
                        help='Hidden dimensionalities to use inside the network. To specify multiple, use " " to separate them. Example: "256 128"')
    parser.add_argument('--lr', default=0.1, type=float, help='Learning rate to use')
    parser.add_argument('--batch_size', default=128, type=int, help='Minibatch size')
    parser.add_argument('--epochs', default=10, type=int, help='Max number of epochs')
    parser.add_argument('--seed', default=42, type=int, help='Seed to use for reproducing results')
    parser.add_argument('--data_dir', default='data/', type=str, help='Data directory where to store/find the CIFAR10 dataset.')
    args = parser.parse_args()
    kwargs = vars(args)
    train(**kwargs)
