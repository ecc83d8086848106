import argparse
import numpy as np
import os
from tqdm.auto import tqdm
from copy import deepcopy

from mlp_numpy import MLP
from modules import CrossEntropyModule, LinearModule
import cifar10_utils

import torch


def confusion_matrix(predictions, targets):
    # predicted class in rows, true class in columns
    n = predictions.shape[1]
    conf_mat = np.zeros((n, n))
    np.add.at(conf_mat, (np.argmax(predictions, 1), targets), 1)
    return conf_mat


def confusion_matrix_to_metrics(confusion_matrix, beta=1.):
    metrics = {}
    tp = np.diagonal(confusion_matrix)
    fp = confusion_matrix.sum(axis=1) - tp
    fn = confusion_matrix.sum(axis=0) - tp
    metrics['accuracy'] = tp.sum() / np.sum(confusion_matrix)
    metrics['precision'] = tp / (tp + fp)
    metrics['recall'] = tp / (tp + fn)
    metrics['f1_beta'] = (1 + beta**2) * tp / ((1 + beta**2) * tp + beta**2 * fn + fp)
    return metrics


def evaluate_model(model, data_loader, num_classes=10):
    predictions, targets = [], []
    for x, y in data_loader:
        predictions.append(model.forward(x.reshape(x.shape[0], -1)))
        targets.append(y)
    cm = confusion_matrix(np.concatenate(predictions), np.concatenate(targets))
    model.clear_cache()
    metrics = confusion_matrix_to_metrics(cm)
    metrics['confusion_matrix'] = cm
    return metrics


def train(hidden_dims, lr, batch_size, epochs, seed, data_dir):
    np.random.seed(seed)
    torch.manual_seed(seed)

    cifar10 = cifar10_utils.get_cifar10(data_dir)
    cifar10_loader = cifar10_utils.get_dataloader(cifar10, batch_size=batch_size, return_numpy=True)

    model = MLP(32 * 32 * 3, hidden_dims, 10)
    loss_module = CrossEntropyModule()
    val_accuracies = [0.0] * epochs
    logging_dict = {'losses': [], 'val_metrics': []}
    best_epoch = None
    checkpoints = []

    for epoch in range(epochs):
        for x, y in tqdm(cifar10_loader['train']):
            out = model.forward(x.reshape(x.shape[0], -1))
            logging_dict['losses'].append(loss_module.forward(out, y))
            model.backward(loss_module.backward(out, y))
            for module in model.modules.values():
                if isinstance(module, LinearModule):
                    module.params = {k: module.params[k] - lr * module.grads[k] for k in ('weight', 'bias')}
            model.clear_cache()
        val_metrics = evaluate_model(model, cifar10_loader['validation'])
        logging_dict['val_metrics'].append(val_metrics)
        val_accuracies[epoch] = val_metrics['accuracy']
        checkpoints.append(deepcopy(model))

    best_epoch = int(np.argmax(val_accuracies))
    model = checkpoints[best_epoch]
    test_metrics = evaluate_model(model, cifar10_loader['test'])
    test_accuracy = test_metrics['accuracy']
    logging_dict['test_metrics'] = test_metrics
    for beta in (0.1, 1, 10):
        print(beta, confusion_matrix_to_metrics(test_metrics['confusion_matrix'], beta)['f1_beta'])

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
