from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

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


def accuracy(predictions, targets):
    _, preds = torch.max(predictions, 1)
    correct = torch.sum(preds == targets).item()
    accuracy = correct / targets.shape[0]
    return accuracy


def evaluate_model(model, data_loader):
    model.eval()
    accs = []
    sizes = []
    with torch.no_grad():
        for imgs, labels in data_loader:
            imgs = imgs.to(model.device)
            labels = labels.to(model.device)
            accs.append(accuracy(model(imgs), labels))
            sizes.append(len(labels))
    model.train()
    avg_accuracy = np.average(accs, weights=sizes)
    return avg_accuracy


def train(hidden_dims, lr, use_batch_norm, batch_size, epochs, seed, data_dir):
    # Set the random seeds for reproducibility
    np.random.seed(seed)
    torch.manual_seed(seed)
    if torch.cuda.is_available():  # GPU operation have separate seed
        torch.cuda.manual_seed(seed)
        torch.cuda.manual_seed_all(seed)
        torch.backends.cudnn.determinstic = True
        torch.backends.cudnn.benchmark = False

    # Set default device
    device = torch.device("cuda") if torch.cuda.is_available() else torch.device("cpu")

    # Loading the dataset
    cifar10 = cifar10_utils.get_cifar10(data_dir)
    cifar10_loader = cifar10_utils.get_dataloader(cifar10, batch_size=batch_size,
                                                  return_numpy=False)

    model = MLP(3072, hidden_dims, 10, use_batch_norm).to(device)
    loss_module = nn.CrossEntropyLoss()
    optimizer = optim.SGD(model.parameters(), lr=lr)
    val_accuracies = np.zeros(epochs)
    train_loss = np.zeros(epochs)
    best_acc = 0

    for epoch in range(epochs):
        n = 0
        for imgs, labels in tqdm(cifar10_loader['train'], leave=False):
            imgs, labels = imgs.to(device), labels.to(device)
            optimizer.zero_grad()
            out = model(imgs)
            loss = loss_module(out, labels)
            loss.backward()
            optimizer.step()
            train_loss[epoch] += loss.item()
            n += 1
        train_loss[epoch] /= n
        val_accuracies[epoch] = evaluate_model(model, cifar10_loader['validation'])
        if val_accuracies[epoch] > best_acc:
            best_acc = val_accuracies[epoch]
            # save to disk
            os.makedirs('checkpoints', exist_ok=True)
            torch.save(model.state_dict(), 'checkpoints/best.pt')

    model.load_state_dict(torch.load('checkpoints/best.pt'))
    test_accuracy = evaluate_model(model, cifar10_loader['test'])
    logging_info = {'train_loss': train_loss}

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
