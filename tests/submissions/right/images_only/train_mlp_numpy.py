import argparse
import numpy as np
import torch
from copy import deepcopy
from tqdm.auto import tqdm

from mlp_numpy import MLP
from modules import CrossEntropyModule, LinearModule
import cifar10_utils


def accuracy(predictions, targets):
    predicted_classes = np.argmax(predictions, axis=1)
    accuracy = np.count_nonzero(predicted_classes == targets) / float(len(targets))
    return accuracy


def evaluate_model(model, data_loader):
    avg_accuracy = 0
    n_samples = len(data_loader.dataset)
    for x, y in data_loader:
        avg_accuracy += accuracy(model.forward(x), y) * y.shape[0] / n_samples
    return avg_accuracy


def train(hidden_dims, lr, batch_size, epochs, seed, data_dir):
    np.random.seed(seed)
    torch.manual_seed(seed)
    cifar10 = cifar10_utils.get_cifar10(data_dir)
    cifar10_loader = cifar10_utils.get_dataloader(cifar10, batch_size=batch_size, return_numpy=True)

    image_shape = cifar10['train'][0][0].shape
    model = MLP(image_shape[0] * image_shape[1] * image_shape[2], hidden_dims, 10)
    loss_module = CrossEntropyModule()
    val_accuracies = []
    logging_dict = {}
    best_val_accuracy = 0.0

    for epoch in tqdm(range(epochs)):
        logging_dict[epoch] = {'loss': []}
        for x, y in cifar10_loader['train']:
            out = model.forward(x)
            loss = loss_module.forward(out, y)
            model.backward(loss_module.backward(out, y))
            for layer in model.layers:
                if isinstance(layer, LinearModule):
                    layer.params['weight'] -= lr * layer.grads['weight']
                    layer.params['bias'] -= lr * layer.grads['bias']
            logging_dict[epoch]['loss'].append(loss)
        val_accuracies.append(evaluate_model(model, cifar10_loader['validation']))
        if val_accuracies[-1] > best_val_accuracy:
            best_val_accuracy = val_accuracies[-1]
            best_model = deepcopy(model)

    model = best_model
    test_accuracy = evaluate_model(model, cifar10_loader['test'])
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
