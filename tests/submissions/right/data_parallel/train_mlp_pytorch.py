import argparse
import numpy as np
import os
from tqdm.auto import tqdm
from copy import deepcopy

from mlp_pytorch import MLP
import cifar10_utils

import torch
import torch.nn as nn
import torch.optim as optim

device = torch.device("cuda") if torch.cuda.is_available() else torch.device("cpu")


def confusion_matrix(predictions, targets):
    conf_mat = torch.zeros(predictions.size(1), predictions.size(1))
    pred = torch.argmax(predictions, dim=1)
    for t, p in zip(targets.view(-1), pred.view(-1)):
        conf_mat[t.long(), p.long()] += 1
    return conf_mat


def confusion_matrix_to_metrics(confusion_matrix, beta=1.):
    tp = confusion_matrix.diag()
    metrics = {'accuracy': tp.sum() / confusion_matrix.sum(),
               'precision': tp / confusion_matrix.sum(0).clamp(min=1),
               'recall': tp / confusion_matrix.sum(1).clamp(min=1)}
    p, r = metrics['precision'], metrics['recall']
    f = (1 + beta ** 2) * p * r / ((beta ** 2 * p) + r)
    metrics['f1_beta'] = torch.nan_to_num(f)
    return metrics


def evaluate_model(model, data_loader, num_classes=10):
    model.eval()
    total = torch.zeros(num_classes, num_classes)
    with torch.no_grad():
        for inputs, labels in data_loader:
            inputs, labels = inputs.to(device), labels.to(device)
            total += confusion_matrix(model(inputs), labels).cpu()
    return confusion_matrix_to_metrics(total)


def train(hidden_dims, lr, use_batch_norm, batch_size, epochs, seed, data_dir):
    np.random.seed(seed)
    torch.manual_seed(seed)
    torch.use_deterministic_algorithms(True)

    cifar10 = cifar10_utils.get_cifar10(data_dir)
    cifar10_loader = cifar10_utils.get_dataloader(cifar10, batch_size=batch_size, return_numpy=False)

    # use all GPUs that are there
    model = nn.DataParallel(MLP(3072, hidden_dims, 10, use_batch_norm=use_batch_norm)).to(device)
    best_model = deepcopy(model)
    loss_module = nn.CrossEntropyLoss(reduction='mean')
    optimizer = optim.SGD(model.parameters(), lr=lr)
    val_accuracies, loss_list = [], []

    for epoch in range(epochs):
        model.train()
        for inputs, labels in cifar10_loader['train']:
            optimizer.zero_grad()
            loss = loss_module(model(inputs.to(device)), labels.to(device))
            loss.backward()
            optimizer.step()
            loss_list.append(loss.item())
        val_accuracies.append(evaluate_model(model, cifar10_loader['validation'])['accuracy'].item())
        if val_accuracies[-1] >= max(val_accuracies):
            best_model = deepcopy(model)

    test_accuracy = evaluate_model(best_model, cifar10_loader['test'])['accuracy'].item()
    return best_model, val_accuracies, test_accuracy, {'loss': loss_list}


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
