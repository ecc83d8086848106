"""
A multi-layer perceptron in PyTorch. Fill in the marked blocks.
"""
from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import torch.nn as nn
from collections import OrderedDict


class MLP(nn.Module):
    """
    A multi-layer perceptron in PyTorch.
    """

    def __init__(self, n_inputs, n_hidden, n_classes, use_batch_norm=False):
        """
        Args:
          n_inputs: number of inputs
          n_hidden: list of ints, the number of units in each hidden layer
          n_classes: number of classes
          use_batch_norm: if True, a batch norm layer between each linear layer and its ELU

        TODO:
        Set up the layers, with Kaiming initialization of the linear ones.
        """

        #############################
        #### PUT YOUR CODE HERE ####
        #############################
        pass
        #############################
        ####  END OF YOUR CODE  ####
        #############################

    def forward(self, x):
        """
        Args:
          x: input to the network
        Returns:
          out: output of the network
        """

        #############################
        #### PUT YOUR CODE HERE ####
        #############################

        #############################
        ####  END OF YOUR CODE  ####
        #############################

        return out

    @property
    def device(self):
        """
        The device the model is on.
        """
        return next(self.parameters()).device
