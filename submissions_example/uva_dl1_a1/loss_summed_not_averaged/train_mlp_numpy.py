"""
This module implements training and evaluation of a multi-layer perceptron in NumPy.
"""
import argparse
import numpy as np
import os
from copy import deepcopy
from tqdm.auto import tqdm

from mlp_numpy import MLP
from modules import CrossEntropyModule
import cifar10_utils

import torch


def confusion_matrix(predictions, targets):
    """
    Confusion matrix of a batch: row = true class, column = predicted class.
    """
    n_classes = predictions.shape[1]
    conf_mat = np.zeros((n_classes, n_classes))
    predicted = predictions.argmax(axis=1)
    for t, p in zip(targets, predicted):
        conf_mat[t, p] += 1
    return conf_mat


def confusion_matrix_to_metrics(confusion_matrix, beta=1.):
    """
    Accuracy, and precision, recall and F-beta of each class.
    """
    true_positives = np.diag(confusion_matrix)
    accuracy = true_positives.sum() / confusion_matrix.sum()
    precision = true_positives / confusion_matrix.sum(axis=0)
    recall = true_positives / confusion_matrix.sum(axis=1)
    f1_beta = (1 + beta ** 2) * precision * recall / (beta ** 2 * precision + recall)
    return {'accuracy': accuracy, 'precision': precision, 'recall': recall, 'f1_beta': f1_beta}


def evaluate_model(model, data_loader, num_classes=10):
    """
    Metrics of a model on a whole data set, from the sum of the confusion matrices.
    """
    conf_mat = np.zeros((num_classes, num_classes))
    for x, y in data_loader:
        conf_mat += confusion_matrix(model.forward(x.reshape(len(x), -1)), y)
    metrics = confusion_matrix_to_metrics(conf_mat)
    return metrics


def train(hidden_dims, lr, batch_size, epochs, seed, data_dir):
    """
    Performs a full training cycle of the MLP.
    """
    ## Set the random seeds for reproducibility
    np.random.seed(seed)
    torch.manual_seed(seed)

    ## Loading the dataset
    cifar10 = cifar10_utils.get_cifar10(data_dir)
    cifar10_loader = cifar10_utils.get_dataloader(cifar10, batch_size=batch_size,
                                                  return_numpy=True)

    model = MLP(3 * 32 * 32, hidden_dims, 10)
    loss_module = CrossEntropyModule()

    val_accuracies = []
    train_losses = []
    best = (0.0, deepcopy(model))

    for epoch in range(epochs):
        total = 0.0
        for x, y in tqdm(cifar10_loader['train'], desc="epoch %d" % epoch):
            x = x.reshape(x.shape[0], -1)
            out = model.forward(x)
            total += loss_module.forward(out, y)
            model.backward(loss_module.backward(out, y))
            for module in model.modules:
                if hasattr(module, 'params'):
                    for name in module.params:
                        module.params[name] -= np.float32(lr) * module.grads[name]
        train_losses.append(total / len(cifar10_loader['train']))

        val_metrics = evaluate_model(model, cifar10_loader['validation'])
        val_accuracies.append(val_metrics['accuracy'])
        print("epoch %d loss %.4f val acc %.4f" % (epoch, train_losses[-1], val_accuracies[-1]))
        if val_accuracies[-1] > best[0]:
            best = (val_accuracies[-1], deepcopy(model))

    model = best[1]
    model.clear_cache()
    test_metrics = evaluate_model(model, cifar10_loader['test'])
    test_accuracy = test_metrics['accuracy']
    logging_dict = {'loss': train_losses, 'metrics': test_metrics}

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
    train(**vars(args))
