"""The training loop, shared by all experiments."""
import copy
import numpy as np


class Solver:
    def __init__(self, model, loss, lr, evaluate):
        self.model, self.loss, self.lr, self.evaluate = model, loss, lr, evaluate
        self.history = {"loss": [], "val": []}
        self.best = None

    def step(self, x, y):
        p = self.model.forward(x)
        value = self.loss.forward(p, y)
        self.model.backward(self.loss.backward(p, y))
        for node in self.model.graph:
            if hasattr(node, "params"):
                for key, param in node.params.items():
                    param -= self.lr * node.grads[key].reshape(param.shape)
        self.model.clear_cache()
        return value

    def fit(self, loaders, epochs):
        for _ in range(epochs):
            self.history["loss"] += [self.step(x, y) for x, y in loaders["train"]]
            self.history["val"].append(self.evaluate(self.model, loaders["validation"]))
            if self.best is None or self.history["val"][-1] > self.best[0]:
                self.best = (self.history["val"][-1], copy.deepcopy(self.model))
        return self.best[1]
