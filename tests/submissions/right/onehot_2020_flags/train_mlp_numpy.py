"""
This module implements training and evaluation of a multi-layer perceptron in NumPy.
You should fill in code into indicated sections.
"""
from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import argparse
import numpy as np
import os
from mlp_numpy import MLP
from modules import CrossEntropyModule, LinearModule
import cifar10_utils
import matplotlib.pyplot as plt

# Default constants
DNN_HIDDEN_UNITS_DEFAULT = '100'
LEARNING_RATE_DEFAULT = 1e-3
MAX_STEPS_DEFAULT = 1400
BATCH_SIZE_DEFAULT = 200
EVAL_FREQ_DEFAULT = 100

# Directory in which cifar data is saved
DATA_DIR_DEFAULT = './cifar10/cifar-10-batches-py'

FLAGS = None


def accuracy(predictions, targets):
    """
    predictions: 2D float array of size [batch_size, n_classes]
    targets: 2D int array of size [batch_size, n_classes] with one-hot encoding
    """
    n_correct = np.sum(predictions.argmax(axis=1) == targets.argmax(axis=1))
    accuracy = n_correct / predictions.shape[0]
    return accuracy


def train():
    """
    Performs training and evaluation of MLP model. Evaluates every eval_freq iterations.
    """
    ### DO NOT CHANGE SEEDS!
    np.random.seed(42)

    ## Prepare all functions
    if FLAGS.dnn_hidden_units:
        dnn_hidden_units = FLAGS.dnn_hidden_units.split(",")
        dnn_hidden_units = [int(dnn_hidden_unit_) for dnn_hidden_unit_ in dnn_hidden_units]
    else:
        dnn_hidden_units = []

    cifar10 = cifar10_utils.get_cifar10(FLAGS.data_dir)
    x_test, y_test = cifar10['test'].images, cifar10['test'].labels
    x_test = x_test.reshape(x_test.shape[0], -1)
    n_inputs = x_test.shape[1]

    mlp = MLP(n_inputs, dnn_hidden_units, y_test.shape[1])
    loss_module = CrossEntropyModule()
    losses, accs = [], []

    for step in range(FLAGS.max_steps):
        x, y = cifar10['train'].next_batch(FLAGS.batch_size)
        out = mlp.forward(x.reshape(FLAGS.batch_size, -1))
        loss = loss_module.forward(out, y)
        mlp.backward(loss_module.backward(out, y))
        for layer in mlp.layers:
            if isinstance(layer, LinearModule):
                layer.params['weight'] -= FLAGS.learning_rate * layer.grads['weight']
                layer.params['bias'] -= FLAGS.learning_rate * layer.grads['bias']
        if step % FLAGS.eval_freq == 0 or step == FLAGS.max_steps - 1:
            acc = accuracy(mlp.forward(x_test), y_test)
            print('step', step, 'loss', loss, 'test accuracy', acc)
            losses.append(loss)
            accs.append(acc)

    plt.plot(accs)
    plt.savefig('numpy_acc.png')


def print_flags():
    """
    Prints all entries in FLAGS variable.
    """
    for key, value in vars(FLAGS).items():
        print(key + ' : ' + str(value))


def main():
    print_flags()
    if not os.path.exists(FLAGS.data_dir):
        os.makedirs(FLAGS.data_dir)
    train()


if __name__ == '__main__':
    # Command line arguments
    parser = argparse.ArgumentParser()
    parser.add_argument('--dnn_hidden_units', type=str, default=DNN_HIDDEN_UNITS_DEFAULT,
                        help='Comma separated list of number of units in each hidden layer')
    parser.add_argument('--learning_rate', type=float, default=LEARNING_RATE_DEFAULT)
    parser.add_argument('--max_steps', type=int, default=MAX_STEPS_DEFAULT)
    parser.add_argument('--batch_size', type=int, default=BATCH_SIZE_DEFAULT)
    parser.add_argument('--eval_freq', type=int, default=EVAL_FREQ_DEFAULT)
    parser.add_argument('--data_dir', type=str, default=DATA_DIR_DEFAULT)
    FLAGS, unparsed = parser.parse_known_args()
    main()
