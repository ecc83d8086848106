import argparse
import numpy as np
import os
from tqdm.auto import tqdm

from mlp_pytorch import MLP
import cifar10_utils

import torch
import torch.nn as nn
import torch.optim as optim


def accuracy(predictions, targets):
    predictions = torch.softmax(predictions, dim=1)
    accuracy = torch.mean((torch.argmax(predictions, dim=1) == targets).float())
    return accuracy


def evaluate_model(model, data_loader):
    model.eval()
    correct = torch.tensor(0.)
    n = 0
    for inputs, targets in data_loader:
        inputs, targets = inputs.to(model.device), targets.to(model.device)
        with torch.no_grad():
            outputs = model(inputs)
        correct += accuracy(outputs, targets).cpu() * inputs.shape[0]
        n += inputs.shape[0]
    return correct / n


def train(hidden_dims, lr, use_batch_norm, batch_size, epochs, seed, data_dir):
    np.random.seed(seed)
    torch.manual_seed(seed)
    device = torch.device("cuda") if torch.cuda.is_available() else torch.device("cpu")

    cifar10 = cifar10_utils.get_cifar10(data_dir)
    cifar10_loader = cifar10_utils.get_dataloader(cifar10, batch_size=batch_size, return_numpy=False)

    model = MLP(3 * 32 * 32, hidden_dims, 10, use_batch_norm)
    model = model.to(device)
    loss_module = nn.CrossEntropyLoss()
    opt = optim.SGD(model.parameters(), lr=lr, momentum=0.0, weight_decay=0.0)

    best_val, best_weights = 0, None
    val_accuracies = []
    logging_info = []
    for epoch in range(1, epochs + 1):
        model.train()
        for i, (inputs, targets) in enumerate(cifar10_loader['train']):
            outputs = model(inputs.to(device))
            loss = loss_module(outputs, targets.to(device))
            opt.zero_grad()
            loss.backward()
            opt.step()
            if i % 50 == 0:
                logging_info.append((epoch, i, loss.item()))
                tqdm.write(f"{epoch}/{epochs} {i} {loss.item():.3f}")
        val = evaluate_model(model, cifar10_loader['validation'])
        val_accuracies.append(val)
        if val > best_val:
            best_val = val
            # clone, the state dict only holds references
            best_weights = {k: v.clone() for k, v in model.state_dict().items()}

    model.load_state_dict(best_weights)
    test_accuracy = evaluate_model(model, cifar10_loader['test'])
    return model, torch.stack(val_accuracies), test_accuracy, logging_info


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
