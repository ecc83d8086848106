from modules import *

class MLP(object):
  def __init__(self, n_inputs, n_hidden, n_classes):
    self.model = []
    for h in n_hidden:
      self.model += [LinearModule(n_inputs, h), ReLUModule()]
      n_inputs = h
    self.model += [LinearModule(n_inputs, n_classes), SoftMaxModule()]
    print("model:", [type(m).__name__ for m in self.model])

  def forward(self, x):
    for m in self.model:
      x = m.forward(x)
    return x

  def backward(self, dout):
    for m in self.model[::-1]:
      dout = m.backward(dout)
