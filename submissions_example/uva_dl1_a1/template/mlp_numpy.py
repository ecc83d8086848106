"""
A multi-layer perceptron in NumPy. Fill in the marked blocks.
"""
from modules import *


class MLP(object):
    """
    A multi-layer perceptron. It keeps its modules, and calls their forward and backward
    functions in the right order.
    """

    def __init__(self, n_inputs, n_hidden, n_classes):
        """
        Args:
          n_inputs: number of inputs
          n_hidden: list of ints, the number of units in each hidden layer; if it is empty, the
                    MLP is a multinomial logistic regression
          n_classes: number of classes

        TODO:
        Set up the modules of the network.
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
        pass
        #############################
        ####  END OF YOUR CODE  ####
        #############################

        return out

    def backward(self, dout):
        """
        Args:
          dout: gradients of the loss
        """

        #############################
        #### PUT YOUR CODE HERE ####
        #############################
        pass
        #############################
        ####  END OF YOUR CODE  ####
        #############################

    def clear_cache(self):
        """
        Forgets everything that the modules kept from the forward pass.
        """
        #############################
        #### PUT YOUR CODE HERE ####
        #############################
        pass
        #############################
        ####  END OF YOUR CODE  ####
        #############################
