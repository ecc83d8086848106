import argparse
import numpy as np
from copy import deepcopy
import weights_and_gradients_board as board  # not on pip, install from source
import torch

from mlp_numpy import MLP
from modules import CrossEntropyModule
import cifar10_utils


def confusion_matrix(predictions, targets):
    conf_mat = np.zeros((10, 10))
    for p, t in zip(predictions.argmax(1), targets):
        conf_mat[t, p] += 1
    return conf_mat


def confusion_matrix_to_metrics(confusion_matrix, beta=1.):
    tp = confusion_matrix.diagonal()
    precision = tp / confusion_matrix.sum(0)
    recall = tp / confusion_matrix.sum(1)
    f1_beta = (1 + beta**2) * precision * recall / (beta**2 * precision + recall)
    return {'accuracy': tp.sum() / confusion_matrix.sum(), 'precision': precision, 'recall': recall, 'f1_beta': f1_beta}


def evaluate_model(model, data_loader, num_classes=10):
    conf_mat = sum(confusion_matrix(model.forward(x.reshape(len(x), -1)), y) for x, y in data_loader)
    return confusion_matrix_to_metrics(conf_mat)


def train(hidden_dims, lr, batch_size, epochs, seed, data_dir):
    np.random.seed(seed)
    torch.manual_seed(seed)
    loader = cifar10_utils.get_dataloader(cifar10_utils.get_cifar10(data_dir), batch_size, return_numpy=True)
    model, loss_module, val_accuracies, best = MLP(3072, hidden_dims, 10), CrossEntropyModule(), [], 0
    writer = board.Writer('runs')
    for epoch in range(epochs):
        for x, y in loader['train']:
            out = model.forward(x.reshape(len(x), -1))
            writer.add('loss', loss_module.forward(out, y))
            model.backward(loss_module.backward(out, y))
            for layer in model.layers:
                if hasattr(layer, 'params'):
                    layer.params['weight'] -= lr * layer.grads['weight']
                    layer.params['bias'] -= lr * layer.grads['bias']
        val_accuracies.append(evaluate_model(model, loader['validation'])['accuracy'])
        if val_accuracies[-1] > best:
            best, best_model = val_accuracies[-1], deepcopy(model)
    return best_model, val_accuracies, evaluate_model(best_model, loader['test'])['accuracy'], {}
