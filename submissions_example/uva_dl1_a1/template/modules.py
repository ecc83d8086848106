"""
The modules of the network. Fill in the marked blocks.
"""
import numpy as np


class LinearModule(object):
    """
    Linear module: a linear transformation of the input data.
    """

    def __init__(self, in_features, out_features, input_layer=False):
        """
        Sets up the parameters of the module.

        Args:
          in_features: size of each input sample
          out_features: size of each output sample
          input_layer: boolean, True for the first layer after the input

        TODO:
        Initialize the weights with Kaiming initialization and the biases with zeros.
        """

        # Keep this format: other files look for these names.
        self.params = {'weight': None, 'bias': None}  # model parameters
        self.grads = {'weight': None, 'bias': None}  # gradients

        #############################
        #### PUT YOUR CODE HERE ####
        #############################
        pass
        #############################
        ####  END OF YOUR CODE  ####
        #############################

    def forward(self, x):
        """
        Forward pass.

        Args:
          x: input to the module
        Returns:
          out: output of the module

        TODO:
        Compute the output. Keep in the object what the backward pass will need.
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
        Backward pass.

        Args:
          dout: gradients of the next module
        Returns:
          dx: gradients with respect to the input of the module

        TODO:
        Store the gradients of the parameters in self.grads['weight'] and self.grads['bias'].
        """

        #############################
        #### PUT YOUR CODE HERE ####
        #############################
        pass
        #############################
        ####  END OF YOUR CODE  ####
        #############################

        return dx

    def clear_cache(self):
        """
        Forgets everything that forward kept for backward.

        TODO:
        Set cached tensors to None.
        """
        #############################
        #### PUT YOUR CODE HERE ####
        #############################
        pass
        #############################
        ####  END OF YOUR CODE  ####
        #############################


class ELUModule(object):
    """
    ELU activation module.
    """

    def __init__(self, alpha):
        self.alpha = alpha

    def forward(self, x):
        """
        Forward pass.

        Args:
          x: input to the module
        Returns:
          out: output of the module
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
        Backward pass.

        Args:
          dout: gradients of the next module
        Returns:
          dx: gradients with respect to the input of the module
        """

        #############################
        #### PUT YOUR CODE HERE ####
        #############################
        pass
        #############################
        ####  END OF YOUR CODE  ####
        #############################

        return dx

    def clear_cache(self):
        """
        Forgets everything that forward kept for backward.
        """
        #############################
        #### PUT YOUR CODE HERE ####
        #############################
        pass
        #############################
        ####  END OF YOUR CODE  ####
        #############################


class SoftMaxModule(object):
    """
    Softmax activation module.
    """

    def forward(self, x):
        """
        Forward pass.

        Args:
          x: input to the module
        Returns:
          out: output of the module

        TODO:
        Use the max trick to stabilize the computation.
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
        Backward pass.

        Args:
          dout: gradients of the next module
        Returns:
          dx: gradients with respect to the input of the module
        """

        #############################
        #### PUT YOUR CODE HERE ####
        #############################
        pass
        #############################
        ####  END OF YOUR CODE  ####
        #############################

        return dx

    def clear_cache(self):
        """
        Forgets everything that forward kept for backward.
        """
        #############################
        #### PUT YOUR CODE HERE ####
        #############################
        pass
        #############################
        ####  END OF YOUR CODE  ####
        #############################


class CrossEntropyModule(object):
    """
    Cross-entropy loss module.
    """

    def forward(self, x, y):
        """
        Forward pass.

        Args:
          x: input to the module
          y: labels of the input
        Returns:
          out: cross-entropy loss
        """

        #############################
        #### PUT YOUR CODE HERE ####
        #############################
        pass
        #############################
        ####  END OF YOUR CODE  ####
        #############################

        return out

    def backward(self, x, y):
        """
        Backward pass.

        Args:
          x: input to the module
          y: labels of the input
        Returns:
          dx: gradient of the loss with respect to the input x
        """

        #############################
        #### PUT YOUR CODE HERE ####
        #############################
        pass
        #############################
        ####  END OF YOUR CODE  ####
        #############################

        return dx
