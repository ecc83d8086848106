"""
This module implements training and evaluation of a multi-layer perceptron in PyTorch.
"""
import argparse
import numpy as np
import os
from copy import deepcopy
from tqdm.auto import tqdm

from mlp_pytorch import MLP
import cifar10_utils
from train_mlp_numpy import confusion_matrix_to_metrics

import torch
import torch.nn as nn
import torch.optim as optim


def confusion_matrix(predictions, targets):
    """
    Confusion matrix of a batch: row = true class, column = predicted class.
    """
    n_classes = predictions.shape[1]
    index = targets.long() * n_classes + predictions.argmax(dim=1)
    conf_mat = torch.bincount(index, minlength=n_classes ** 2).reshape(n_classes, n_classes)
    return conf_mat.cpu().numpy()


def evaluate_model(model, data_loader, num_classes=10):
    """
    Metrics of a model on a whole data set.
    """
    model.eval()
    conf_mat = np.zeros((num_classes, num_classes))
    with torch.no_grad():
        for x, y in data_loader:
            conf_mat += confusion_matrix(model(x.to(model.device)), y.to(model.device))
    metrics = confusion_matrix_to_metrics(conf_mat)
    return metrics


def train(hidden_dims, lr, use_batch_norm, batch_size, epochs, seed, data_dir):
    """
    Performs a full training cycle of the MLP.
    """
    # Set the random seeds for reproducibility
    np.random.seed(seed)
    torch.manual_seed(seed)
    if torch.cuda.is_available():  # GPU operation have separate seed
        torch.cuda.manual_seed(seed)
        torch.cuda.manual_seed_all(seed)
        torch.backends.cudnn.deterministic = True
        torch.backends.cudnn.benchmark = False
    device = torch.device("cuda") if torch.cuda.is_available() else torch.device("cpu")

    cifar10 = cifar10_utils.get_cifar10(data_dir)
    cifar10_loader = cifar10_utils.get_dataloader(cifar10, batch_size=batch_size,
                                                  return_numpy=False)

    model = MLP(3 * 32 * 32, hidden_dims, 10, use_batch_norm)
    model.to(device)
    loss_module = nn.CrossEntropyLoss()
    optimizer = optim.SGD(model.parameters(), lr)

    val_accuracies = []
    train_losses = []
    best_model = deepcopy(model)
    for epoch in range(epochs):
        model.train()
        running = 0.0
        for x, y in tqdm(cifar10_loader['train'], desc="epoch %d" % epoch):
            optimizer.zero_grad()
            loss = loss_module(model(x.to(device)), y.to(device))
            loss.backward()
            optimizer.step()
            running += loss.item()
        train_losses.append(running / len(cifar10_loader['train']))
        val_accuracies.append(evaluate_model(model, cifar10_loader['validation'])['accuracy'])
        if val_accuracies[-1] == max(val_accuracies):
            best_model = deepcopy(model)

    model = best_model
    test_metrics = evaluate_model(model, cifar10_loader['test'])
    test_accuracy = test_metrics['accuracy']
    logging_info = {'loss': train_losses, 'metrics': test_metrics}

    return model, val_accuracies, test_accuracy, logging_info


if __name__ == '__main__':
    parser = argparse.ArgumentParser()
    parser.add_argument('--hidden_dims', default=[128], type=int, nargs='+')
    parser.add_argument('--use_batch_norm', action='store_true')
    parser.add_argument('--lr', default=0.1, type=float)
    parser.add_argument('--batch_size', default=128, type=int)
    parser.add_argument('--epochs', default=10, type=int)
    parser.add_argument('--seed', default=42, type=int)
    parser.add_argument('--data_dir', default='data/', type=str)
    args = parser.parse_args()
    train(**vars(args))
