"""
Trains the NumPy MLP on CIFAR-10.
"""
import argparse
from copy import deepcopy

import numpy as np
import torch
from tqdm.auto import tqdm

import cifar10_utils
from mlp_numpy import MLP
from modules import CrossEntropyModule, LinearModule


def accuracy(predictions, targets):
    """
    Fraction of correct predictions in a batch.

    Args:
      predictions: network output, shape (batch, n_classes)
      targets: labels, shape (batch,)
    """
    return np.mean(np.argmax(predictions, axis=1) == targets)


def evaluate_model(model, data_loader):
    """
    Average accuracy over a whole data set.

    The last batch can be smaller than the others, so the number of correct predictions is
    counted instead of averaging the accuracies of the batches.
    """
    n_correct = 0.0
    n_total = 0
    for images, labels in data_loader:
        predictions = model.forward(images.reshape(images.shape[0], -1))
        n_correct += accuracy(predictions, labels) * len(labels)
        n_total += len(labels)
    model.clear_cache()
    return n_correct / n_total


def sgd_step(model, lr):
    for layer in model.layers:
        if isinstance(layer, LinearModule):
            layer.params['weight'] -= lr * layer.grads['weight']
            layer.params['bias'] -= lr * layer.grads['bias']


def train(hidden_dims, lr, batch_size, epochs, seed, data_dir):
    """
    Trains an MLP with plain SGD; keeps the model with the best validation accuracy.

    Returns:
      model: the best model on the validation set
      val_accuracies: validation accuracy after each epoch
      test_accuracy: test accuracy of the best model
      logging_dict: training loss of each step and of each epoch
    """
    np.random.seed(seed)
    torch.manual_seed(seed)

    cifar10 = cifar10_utils.get_cifar10(data_dir)
    cifar10_loader = cifar10_utils.get_dataloader(cifar10, batch_size=batch_size, return_numpy=True)

    model = MLP(n_inputs=32 * 32 * 3, n_hidden=hidden_dims, n_classes=10)
    loss_module = CrossEntropyModule()

    val_accuracies = []
    logging_dict = {'step_loss': [], 'epoch_loss': []}
    best_accuracy = -1.0
    best_model = None

    for epoch in range(epochs):
        losses = []
        for images, labels in tqdm(cifar10_loader['train'], desc=f'Epoch {epoch + 1}', leave=False):
            images = images.reshape(images.shape[0], -1)
            predictions = model.forward(images)
            loss = loss_module.forward(predictions, labels)
            model.backward(loss_module.backward(predictions, labels))
            sgd_step(model, lr)
            losses.append(float(loss))
        logging_dict['step_loss'] += losses
        logging_dict['epoch_loss'].append(np.mean(losses))

        val_accuracy = evaluate_model(model, cifar10_loader['validation'])
        val_accuracies.append(val_accuracy)
        print(f'Epoch {epoch + 1}: loss {np.mean(losses):.4f}, validation accuracy {val_accuracy:.4f}')
        if val_accuracy > best_accuracy:
            best_accuracy = val_accuracy
            best_model = deepcopy(model)

    model = best_model
    test_accuracy = evaluate_model(model, cifar10_loader['test'])
    print(f'Test accuracy: {test_accuracy:.4f}')

    return model, val_accuracies, test_accuracy, logging_dict


if __name__ == '__main__':
    parser = argparse.ArgumentParser()
    parser.add_argument('--hidden_dims', default=[128], type=int, nargs='+')
    parser.add_argument('--lr', default=0.1, type=float)
    parser.add_argument('--batch_size', default=128, type=int)
    parser.add_argument('--epochs', default=10, type=int)
    parser.add_argument('--seed', default=42, type=int)
    parser.add_argument('--data_dir', default='data/', type=str)
    args = parser.parse_args()
    model, val_accuracies, test_accuracy, logging_dict = train(**vars(args))

    import matplotlib.pyplot as plt
    plt.plot(logging_dict['epoch_loss'], label='training loss')
    plt.plot(val_accuracies, label='validation accuracy')
    plt.xlabel('epoch')
    plt.legend()
    plt.savefig('numpy_mlp.png')
