import argparse
import numpy as np
import os
from mlp_numpy import MLP
from modules import CrossEntropyModule
import cifar10_utils

FLAGS = None


def accuracy(predictions, targets):
    return np.mean(np.argmax(predictions, 1) == np.argmax(targets, 1))


def train():
    np.random.seed(42)
    units = [int(u) for u in FLAGS.dnn_hidden_units.split(',')] if FLAGS.dnn_hidden_units else []
    neg_slope = FLAGS.neg_slope
    data = cifar10_utils.get_cifar10(FLAGS.data_dir)
    mlp = MLP(3072, units, 10, neg_slope)
    loss = CrossEntropyModule()
    for i in range(FLAGS.max_steps):
        x, y = data['train'].next_batch(FLAGS.batch_size)
        p = mlp.forward(x.reshape(FLAGS.batch_size, 3072))
        print(i, loss.forward(p, y), accuracy(p, y))
        mlp.backward(loss.backward(p, y))
        for layer in mlp.layers:
            if type(layer) == 'LinearModule' or hasattr(layer, 'grads'):
                layer.params['weight'] -= FLAGS.learning_rate * layer.grads['weight']
                layer.params['bias'] -= FLAGS.learning_rate * layer.grads['bias']


if __name__ == '__main__':
    parser = argparse.ArgumentParser()
    parser.add_argument('--dnn_hidden_units', type=str, default='100')
    parser.add_argument('--learning_rate', type=float, default=2e-3)
    parser.add_argument('--max_steps', type=int, default=1500)
    parser.add_argument('--batch_size', type=int, default=200)
    parser.add_argument('--data_dir', type=str, default='./cifar10/cifar-10-batches-py')
    parser.add_argument('--neg_slope', type=float, default=0.02)
    FLAGS, unparsed = parser.parse_known_args()
    train()
