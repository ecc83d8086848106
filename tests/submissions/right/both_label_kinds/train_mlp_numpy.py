import argparse
import numpy as np
import os
from tqdm import tqdm
from copy import deepcopy

from mlp_numpy import MLP
from modules import CrossEntropyModule
import cifar10_utils

import torch


def accuracy(predictions, targets):
    if targets.ndim > 1:
        targets = targets.argmax(1)
    return np.equal(np.argmax(predictions, 1), targets).mean()


def evaluate_model(model, data_loader):
    accs, weights = [], []
    for inputs, labels in data_loader:
        model.clear_cache()
        out = model.forward(inputs.reshape(inputs.shape[0], 3 * 32 * 32))
        accs += [accuracy(out, labels)]
        weights += [inputs.shape[0]]
    return np.dot(accs, weights) / np.sum(weights)


def train(hidden_dims, lr, batch_size, epochs, seed, data_dir):
    np.random.seed(seed)
    torch.manual_seed(seed)

    cifar10 = cifar10_utils.get_cifar10(data_dir)
    cifar10_loader = cifar10_utils.get_dataloader(cifar10, batch_size=batch_size, return_numpy=True)
    n_classes = len(cifar10_loader['test'].dataset.classes)

    model = MLP(3 * 32 * 32, hidden_dims, n_classes)
    best_model = model
    loss_module = CrossEntropyModule()
    val_accuracies = []
    logging_dict = dict(train_loss=[], train_acc=[])

    n_batches = len(cifar10_loader['train'])
    for epoch in range(epochs):
        epoch_loss = 0.
        epoch_acc = 0.
        for step, (inputs, labels) in tqdm(enumerate(cifar10_loader['train']), total=n_batches):
            model.clear_cache()
            out = model.forward(inputs.reshape(inputs.shape[0], 3 * 32 * 32))
            epoch_loss += loss_module.forward(out, labels).item()
            epoch_acc += accuracy(out, labels)
            model.backward(loss_module.backward(out, labels))
            model.step(lr)
        logging_dict['train_loss'].append(epoch_loss / n_batches)
        logging_dict['train_acc'].append(epoch_acc / n_batches)
        val_accuracies.append(evaluate_model(model, cifar10_loader['validation']))
        print(f"[{epoch + 1}/{epochs}] loss: {epoch_loss / n_batches:.3f} "
              f"train: {epoch_acc / n_batches:.3f} val: {val_accuracies[-1]:.3f}")
        if np.argmax(val_accuracies) == epoch:
            best_model = deepcopy(model)

    model = best_model
    test_accuracy = evaluate_model(model, cifar10_loader['test'])
    return model, val_accuracies, test_accuracy, logging_dict


if __name__ == '__main__':
    parser = argparse.ArgumentParser()
    parser.add_argument('--hidden_dims', default=[128], type=int, nargs='+')
    parser.add_argument('--lr', default=0.1, type=float)
    parser.add_argument('--batch_size', default=128, type=int)
    parser.add_argument('--epochs', default=10, type=int)
    parser.add_argument('--seed', default=42, type=int)
    parser.add_argument('--data_dir', default='data/', type=str)
    args = parser.parse_args()
    model, val_acc, test_acc, log = train(**vars(args))
    import matplotlib.pyplot as plt
    fig, ax = plt.subplots(1, 2)
    ax[0].plot(log['train_loss'])
    ax[1].plot(log['train_acc'], label='train')
    ax[1].plot(val_acc, label='val')
    plt.legend()
    plt.show()
