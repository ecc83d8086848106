import argparse
import copy

import numpy as np
import torch

import cifar10_utils
from mlp_numpy import MLP
from modules import CrossEntropyModule


class SGD:
    def __init__(self, model, lr):
        self.model = model
        self.lr = lr

    def step(self):
        for module in self.model.modules():
            for name, grad in module.grads.items():
                module.params[name] -= self.lr * grad


class Checkpoint:
    """Remembers the best model so far."""

    def __init__(self):
        self.accuracy = -1
        self.model = None

    def update(self, model, accuracy):
        if accuracy > self.accuracy:
            self.accuracy = accuracy
            self.model = copy.deepcopy(model)


def flatten(x):
    return x.reshape(x.shape[0], -1)


def accuracy(predictions, targets):
    return np.mean(predictions.argmax(-1) == targets)


def evaluate_model(model, data_loader):
    n_correct = n_total = 0
    for x, y in data_loader:
        n_correct += np.sum(model(flatten(x)).argmax(-1) == y)
        n_total += y.size
    return n_correct / n_total


def train(hidden_dims, lr, batch_size, epochs, seed, data_dir):
    np.random.seed(seed)
    torch.manual_seed(seed)
    cifar10 = cifar10_utils.get_cifar10(data_dir)
    loaders = cifar10_utils.get_dataloader(cifar10, batch_size=batch_size, return_numpy=True)

    model, criterion = MLP(3072, hidden_dims, 10), CrossEntropyModule()
    optimizer, checkpoint = SGD(model, lr), Checkpoint()
    val_accuracies = np.empty(epochs)
    logging_dict = {"train_losses": np.zeros(epochs)}

    for epoch in range(epochs):
        for x, y in loaders["train"]:
            probs = model(flatten(x))
            logging_dict["train_losses"][epoch] += criterion(probs, y) / len(loaders["train"])
            model.zero_grad()
            model.backward(criterion.backward(probs, y))
            optimizer.step()
        val_accuracies[epoch] = evaluate_model(model, loaders["validation"])
        checkpoint.update(model, val_accuracies[epoch])

    model = checkpoint.model
    test_accuracy = evaluate_model(model, loaders["test"])
    return model, val_accuracies, test_accuracy, logging_dict


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--hidden_dims", default=[128], type=int, nargs="+")
    parser.add_argument("--lr", default=0.1, type=float)
    parser.add_argument("--batch_size", default=128, type=int)
    parser.add_argument("--epochs", default=10, type=int)
    parser.add_argument("--seed", default=42, type=int)
    parser.add_argument("--data_dir", default="data/", type=str)
    train(**vars(parser.parse_args()))
