import argparse
import numpy as np
from copy import deepcopy
import matplotlib.pyplot as plt

from mlp_numpy import MLP
from modules import CrossEntropyModule
import cifar10_utils

import torch


def confusion_matrix(predictions, targets):
    conf_mat = np.zeros((10, 10), dtype=int)
    for prediction, target in zip(predictions, targets):
        conf_mat[np.argmax(prediction)][target] += 1
    return conf_mat


def confusion_matrix_to_metrics(confusion_matrix, beta=1.):
    n_classes = confusion_matrix.shape[0]
    precision = np.zeros(n_classes)
    recall = np.zeros(n_classes)
    f1_beta = np.zeros(n_classes)
    for c in range(n_classes):
        tp = confusion_matrix[c, c]
        predicted = np.sum(confusion_matrix[c, :])
        actual = np.sum(confusion_matrix[:, c])
        precision[c] = tp / predicted if predicted > 0 else 0
        recall[c] = tp / actual if actual > 0 else 0
        denominator = beta ** 2 * precision[c] + recall[c]
        f1_beta[c] = (1 + beta ** 2) * precision[c] * recall[c] / denominator if denominator > 0 else 0
    return {"accuracy": np.trace(confusion_matrix) / np.sum(confusion_matrix),
            "precision": precision, "recall": recall, "f1_beta": f1_beta}


def evaluate_model(model, data_loader, num_classes=10):
    conf_mat = np.zeros((num_classes, num_classes))
    for images, targets in data_loader:
        conf_mat += confusion_matrix(model.forward(images.reshape(-1, 3072)), targets)
    metrics = confusion_matrix_to_metrics(conf_mat)
    metrics['conf_mat'] = conf_mat
    return metrics


def update(model, lr):
    for i in range(1, model.n_layers + 1):
        layer = getattr(model, f'linear{i}')
        layer.params['weight'] = layer.params['weight'] - lr * layer.grads['weight']
        layer.params['bias'] = layer.params['bias'] - lr * layer.grads['bias']


def train(hidden_dims, lr, batch_size, epochs, seed, data_dir):
    np.random.seed(seed)
    torch.manual_seed(seed)

    cifar10 = cifar10_utils.get_cifar10(data_dir)
    cifar10_loader = cifar10_utils.get_dataloader(cifar10, batch_size=batch_size, return_numpy=True)

    model = MLP(n_inputs=3072, n_hidden=hidden_dims, n_classes=10)
    loss_module = CrossEntropyModule()
    train_losses, val_losses, val_accuracies = [], [], []
    best_val = -np.inf

    for e in range(epochs):
        batch_losses = []
        for images, targets in cifar10_loader['train']:
            probs = model.forward(images.reshape(-1, 3072))
            batch_losses.append(loss_module.forward(probs, targets))
            model.backward(loss_module.backward(probs, targets))
            update(model, lr)
        train_losses.append(sum(batch_losses) / len(batch_losses))

        batch_losses = []
        for images, targets in cifar10_loader['validation']:
            batch_losses.append(loss_module.forward(model.forward(images.reshape(-1, 3072)), targets))
        val_losses.append(sum(batch_losses) / len(batch_losses))

        acc = evaluate_model(model, cifar10_loader['validation'])['accuracy']
        val_accuracies.append(acc)
        if acc > best_val:
            best_val = acc
            best_model = deepcopy(model)
        print(e, train_losses[-1], val_losses[-1], acc)

    metrics = evaluate_model(best_model, cifar10_loader['test'])
    plt.imshow(metrics['conf_mat'])
    plt.show()
    # five values: the losses are handy for the report
    return best_model, val_accuracies, metrics['accuracy'], {'train': train_losses, 'val': val_losses}, metrics


if __name__ == '__main__':
    parser = argparse.ArgumentParser()
    parser.add_argument('--hidden_dims', default=[128], type=int, nargs='+')
    parser.add_argument('--lr', default=0.1, type=float)
    parser.add_argument('--batch_size', default=128, type=int)
    parser.add_argument('--epochs', default=10, type=int)
    parser.add_argument('--seed', default=42, type=int)
    parser.add_argument('--data_dir', default='data/', type=str)
    model, val, test, log, metrics = train(**vars(parser.parse_args()))
    for beta in [0.1, 1, 10]:
        print(confusion_matrix_to_metrics(metrics['conf_mat'], beta)['f1_beta'])
