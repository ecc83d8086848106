from __future__ import absolute_import
from __future__ import division
from __future__ import print_function

import argparse
import numpy as np
import os
from mlp_numpy import MLP
from modules import CrossEntropyModule
import cifar10_utils

DNN_HIDDEN_UNITS_DEFAULT = '100'
LEARNING_RATE_DEFAULT = 2e-3
MAX_STEPS_DEFAULT = 1500
BATCH_SIZE_DEFAULT = 200
EVAL_FREQ_DEFAULT = 100
DATA_DIR_DEFAULT = './cifar10/cifar-10-batches-py'

parser = argparse.ArgumentParser()
parser.add_argument('--dnn_hidden_units', type = str, default = DNN_HIDDEN_UNITS_DEFAULT)
parser.add_argument('--learning_rate', type = float, default = LEARNING_RATE_DEFAULT)
parser.add_argument('--max_steps', type = int, default = MAX_STEPS_DEFAULT)
parser.add_argument('--batch_size', type = int, default = BATCH_SIZE_DEFAULT)
parser.add_argument('--eval_freq', type=int, default=EVAL_FREQ_DEFAULT)
parser.add_argument('--data_dir', type = str, default = DATA_DIR_DEFAULT)
FLAGS, unparsed = parser.parse_known_args()

def accuracy(predictions, targets):
  return (np.argmax(predictions, axis=1) == np.argmax(targets, axis=1)).astype(float).mean()

def train():
  np.random.seed(42)
  hidden = [int(h) for h in FLAGS.dnn_hidden_units.split(",")] if FLAGS.dnn_hidden_units else []
  cifar10 = cifar10_utils.get_cifar10(FLAGS.data_dir)
  net = MLP(32 * 32 * 3, hidden, 10)
  ce = CrossEntropyModule()
  for step in range(FLAGS.max_steps):
    x, y = cifar10['train'].next_batch(FLAGS.batch_size)
    out = net.forward(x.reshape(x.shape[0], -1))
    loss = ce.forward(out, y)
    net.backward(ce.backward(out, y))
    for m in net.model:
      if hasattr(m, 'params'):
        m.params['weight'] -= FLAGS.learning_rate * m.grads['weight']
        m.params['bias'] -= FLAGS.learning_rate * m.grads['bias'][0]
    if step % FLAGS.eval_freq == 0:
      x, y = cifar10['test'].images, cifar10['test'].labels
      print(step, loss, accuracy(net.forward(x.reshape(x.shape[0], -1)), y))

def main():
  for key, value in vars(FLAGS).items():
    print(key + ' : ' + str(value))
  if not os.path.exists(FLAGS.data_dir):
    os.makedirs(FLAGS.data_dir)
  train()

if __name__ == '__main__':
  main()
