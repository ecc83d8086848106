"""
Training and evaluation of the PyTorch MLP. Fill in the marked blocks.
"""
from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import argparse
import numpy as np
import os
from copy import deepcopy
from tqdm.auto import tqdm

from mlp_pytorch import MLP
import cifar10_utils

import torch
import torch.nn as nn
import torch.optim as optim


def accuracy(predictions, targets):
    """
    Prediction accuracy of a batch, i.e. the fraction of correct predictions.

    Args:
      predictions: 2D float tensor of size [batch_size, n_classes], the output of the network
      targets: 1D int tensor of size [batch_size], the labels
    Returns:
      accuracy: scalar float
    """

    #############################
    #### PUT YOUR CODE HERE ####
    #############################

    #############################
    ####  END OF YOUR CODE  ####
    #############################

    return accuracy


def evaluate_model(model, data_loader):
    """
    Evaluates a model on a whole data set.

    Args:
      model: the MLP to evaluate
      data_loader: the data loader of the data set
    Returns:
      avg_accuracy: scalar float, the average accuracy over the data set

    Hint: set the model to evaluation mode, and switch off the gradients.
    """

    #############################
    #### PUT YOUR CODE HERE ####
    #############################

    #############################
    ####  END OF YOUR CODE  ####
    #############################

    return avg_accuracy


def train(hidden_dims, lr, use_batch_norm, batch_size, epochs, seed, data_dir):
    """
    Runs a whole training cycle of the MLP.

    Args:
      hidden_dims: list of ints, the sizes of the hidden layers
      lr: learning rate of SGD
      use_batch_norm: if True, batch norm layers are used
      batch_size: batch size
      epochs: number of epochs
      seed: seed of the random number generators
      data_dir: folder of the CIFAR-10 data
    Returns:
      model: the model with the best validation accuracy
      val_accuracies: list, the validation accuracy after each epoch
      test_accuracy: scalar float, the accuracy of the best model on the test set
      logging_info: anything you want to keep, for example for plots
    """

    # Set the random seeds
    np.random.seed(seed)
    torch.manual_seed(seed)
    if torch.cuda.is_available():
        torch.cuda.manual_seed(seed)
        torch.cuda.manual_seed_all(seed)
        torch.backends.cudnn.deterministic = True
        torch.backends.cudnn.benchmark = False

    # Default device
    device = torch.device('cuda') if torch.cuda.is_available() else torch.device('cpu')

    # Load the data
    cifar10 = cifar10_utils.get_cifar10(data_dir)
    cifar10_loader = cifar10_utils.get_dataloader(cifar10, batch_size=batch_size,
                                                  return_numpy=False)

    #############################
    #### PUT YOUR CODE HERE ####
    #############################

    # TODO: Set up the model and the loss
    model = ...
    loss_module = ...
    # TODO: Train, and validate after every epoch
    val_accuracies = ...
    # TODO: Test the best model
    test_accuracy = ...
    # TODO: Keep what you need for plots
    logging_info = ...

    #############################
    ####  END OF YOUR CODE  ####
    #############################

    return model, val_accuracies, test_accuracy, logging_info


if __name__ == '__main__':
    # Command line arguments
    parser = argparse.ArgumentParser()

    parser.add_argument('--hidden_dims', default=[128], type=int, nargs='+',
                        help='Hidden dimensionalities to use inside the network')
    parser.add_argument('--use_batch_norm', action='store_true',
                        help='Add this option to use batch normalization')
    parser.add_argument('--lr', default=0.1, type=float,
                        help='Learning rate')
    parser.add_argument('--batch_size', default=128, type=int,
                        help='Minibatch size')
    parser.add_argument('--epochs', default=10, type=int,
                        help='Max number of epochs')
    parser.add_argument('--seed', default=42, type=int,
                        help='Seed')
    parser.add_argument('--data_dir', default='data/', type=str,
                        help='Data folder')

    args = parser.parse_args()
    kwargs = vars(args)

    train(**kwargs)
    # Feel free to add plots here
