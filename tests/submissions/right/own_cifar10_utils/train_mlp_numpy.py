import argparse
import numpy as np
from tqdm.auto import tqdm
from copy import deepcopy

from mlp_numpy import MLP
from modules import CrossEntropyModule
import cifar10_utils

import torch


def confusion_matrix(predictions, targets):
    n = predictions.shape[1]
    index = n * targets + np.argmax(predictions, axis=1)
    return np.bincount(index, minlength=n * n).reshape(n, n)


def confusion_matrix_to_metrics(confusion_matrix, beta=1.):
    with np.errstate(invalid='ignore', divide='ignore'):
        tp = np.diag(confusion_matrix)
        precision = np.nan_to_num(tp / np.sum(confusion_matrix, axis=0))
        recall = np.nan_to_num(tp / np.sum(confusion_matrix, axis=1))
        f1_beta = np.nan_to_num((1 + beta**2) * precision * recall / (beta**2 * precision + recall))
    return {'accuracy': np.trace(confusion_matrix) / np.sum(confusion_matrix), 'precision': precision,
            'recall': recall, 'f1_beta': f1_beta}


def evaluate_model(model, data_loader, num_classes=10):
    conf_mat = np.zeros((num_classes, num_classes))
    for imgs, labels in data_loader:
        conf_mat += confusion_matrix(model.forward(imgs), labels)
    return confusion_matrix_to_metrics(conf_mat)


def train(hidden_dims, lr, batch_size, epochs, seed, data_dir):
    np.random.seed(seed)
    torch.manual_seed(seed)
    cifar10 = cifar10_utils.get_cifar10(data_dir)
    cifar10_loader = cifar10_utils.get_dataloader(cifar10, batch_size=batch_size, return_numpy=True)
    model = MLP(3072, hidden_dims, 10)
    loss_module = CrossEntropyModule()
    val_accuracies, best_acc = [], 0
    logging_dict = {'loss': []}
    for epoch in range(epochs):
        for imgs, labels in tqdm(cifar10_loader['train']):
            out = model.forward(imgs)
            logging_dict['loss'].append(loss_module.forward(out, labels))
            model.backward(loss_module.backward(out, labels))
            for layer in model.layers[::2]:
                layer.params['weight'] -= lr * layer.grads['weight']
                layer.params['bias'] -= lr * layer.grads['bias']
        val_accuracies.append(evaluate_model(model, cifar10_loader['validation'])['accuracy'])
        if val_accuracies[-1] > best_acc:
            best_acc = val_accuracies[-1]
            best_model = deepcopy(model)
    test_metrics = evaluate_model(best_model, cifar10_loader['test'])
    print('F1 per class:')
    for name, f1 in zip(cifar10_utils.get_class_names(), test_metrics['f1_beta']):
        print(f'{name:>6} {f1:.3f}')
    return best_model, val_accuracies, test_metrics['accuracy'], logging_dict


if __name__ == '__main__':
    parser = argparse.ArgumentParser()
    parser.add_argument('--hidden_dims', default=[128], type=int, nargs='+')
    parser.add_argument('--lr', default=0.1, type=float)
    parser.add_argument('--batch_size', default=128, type=int)
    parser.add_argument('--epochs', default=10, type=int)
    parser.add_argument('--seed', default=42, type=int)
    parser.add_argument('--data_dir', default='data/', type=str)
    train(**vars(parser.parse_args()))
