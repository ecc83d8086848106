import argparse
import numpy as np
import os
import json
import pickle
from copy import deepcopy
from tqdm.auto import tqdm
import matplotlib.pyplot as plt

from mlp_numpy import MLP
from modules import CrossEntropyModule, LinearModule
import modules
import cifar10_utils

import torch

plt.ion()
modules.DEBUG = False


def accuracy(predictions, targets):
    return float(np.mean(np.argmax(predictions, axis=1) == targets))


def evaluate_model(model, data_loader):
    correct, total = 0, 0
    for x, y in data_loader:
        preds = model.forward(x.reshape(x.shape[0], -1))
        correct += int((preds.argmax(axis=1) == y).sum())
        total += y.shape[0]
        print("so far", correct / total)
    return correct / total


def train(hidden_dims, lr, batch_size, epochs, seed, data_dir):
    np.random.seed(seed)
    torch.manual_seed(seed)

    cifar10 = cifar10_utils.get_cifar10(data_dir)
    cifar10_loader = cifar10_utils.get_dataloader(cifar10, batch_size=batch_size, return_numpy=True)

    model = MLP(3072, hidden_dims, 10)
    loss_module = CrossEntropyModule()
    val_accuracies = []
    logging_dict = {"loss": []}
    best_acc = -1

    if not os.path.exists('../models'):
        os.mkdir('../models')

    for epoch in range(epochs):
        progress = tqdm(cifar10_loader['train'])
        for x, y in progress:
            out = model.forward(x.reshape(x.shape[0], -1))
            loss = loss_module.forward(out, y)
            model.backward(loss_module.backward(out, y))
            for l in model.layers:
                if isinstance(l, LinearModule):
                    for p in ['weight', 'bias']:
                        l.params[p] = l.params[p] - lr * l.grads[p]
            progress.set_description("loss %.5f" % loss)
            logging_dict["loss"].append(loss)
        model.clear_cache()
        val_acc = evaluate_model(model, cifar10_loader['validation'])
        val_accuracies.append(val_acc)
        print(">>>>>>>>>> epoch", epoch, "val acc", val_acc)
        if val_acc > best_acc:
            best_acc = val_acc
            with open('../models/best.pkl', 'wb') as f:
                pickle.dump(model, f)

    with open('../models/best.pkl', 'rb') as f:
        model = pickle.load(f)
    test_accuracy = evaluate_model(model, cifar10_loader['test'])
    json.dump({"val": val_accuracies, "test": test_accuracy}, open('results_numpy.json', 'w'))

    plt.figure()
    plt.plot(logging_dict["loss"])
    plt.xlabel("step")
    plt.savefig('loss.png')
    plt.show(block=True)
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
