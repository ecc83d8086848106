"""
Trains the PyTorch MLP on CIFAR-10.
"""
import argparse
from copy import deepcopy

import numpy as np
import torch
import torch.nn as nn
import torch.optim as optim
from tqdm.auto import tqdm

import cifar10_utils
from mlp_pytorch import MLP


def accuracy(predictions, targets):
    """
    Fraction of correct predictions in a batch.

    Args:
      predictions: network output, shape (batch, n_classes)
      targets: labels, shape (batch,)
    """
    return (predictions.argmax(dim=-1) == targets).float().mean().item()


def evaluate_model(model, data_loader):
    """
    Average accuracy over a whole data set, batch norm and dropout in evaluation mode.
    """
    model.eval()
    correct, total = 0.0, 0
    with torch.no_grad():
        for images, labels in data_loader:
            images, labels = images.to(model.device), labels.to(model.device)
            correct += accuracy(model(images), labels) * len(labels)
            total += len(labels)
    return correct / total


def train(hidden_dims, lr, use_batch_norm, batch_size, epochs, seed, data_dir):
    """
    Trains an MLP with plain SGD; keeps the model with the best validation accuracy.

    Returns:
      model, val_accuracies, test_accuracy, logging_dict
    """
    np.random.seed(seed)
    torch.manual_seed(seed)
    if torch.cuda.is_available():
        torch.cuda.manual_seed_all(seed)
        torch.backends.cudnn.deterministic = True
        torch.backends.cudnn.benchmark = False
    device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')

    cifar10 = cifar10_utils.get_cifar10(data_dir)
    cifar10_loader = cifar10_utils.get_dataloader(cifar10, batch_size=batch_size, return_numpy=False)

    model = MLP(32 * 32 * 3, hidden_dims, 10, use_batch_norm).to(device)
    loss_module = nn.CrossEntropyLoss()
    optimizer = optim.SGD(model.parameters(), lr=lr)

    val_accuracies = []
    logging_dict = {'step_loss': [], 'epoch_loss': []}
    best_accuracy, best_state = -1.0, None

    for epoch in range(epochs):
        model.train()
        losses = []
        for images, labels in tqdm(cifar10_loader['train'], desc=f'Epoch {epoch + 1}', leave=False):
            images, labels = images.to(device), labels.to(device)
            loss = loss_module(model(images), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        logging_dict['step_loss'] += losses
        logging_dict['epoch_loss'].append(np.mean(losses))

        val_accuracies.append(evaluate_model(model, cifar10_loader['validation']))
        print(f'Epoch {epoch + 1}: loss {np.mean(losses):.4f}, validation accuracy {val_accuracies[-1]:.4f}')
        if val_accuracies[-1] > best_accuracy:
            best_accuracy = val_accuracies[-1]
            best_state = deepcopy(model.state_dict())

    model.load_state_dict(best_state)
    test_accuracy = evaluate_model(model, cifar10_loader['test'])
    print(f'Test accuracy: {test_accuracy:.4f}')

    return model, val_accuracies, test_accuracy, logging_dict


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
