"""Notebooks written the way students write them."""

from __future__ import annotations

import json
from typing import Any

HOMEWORK = (
    "# Assignment 1\nNotes.",
    "%matplotlib inline\n%load_ext autoreload\n!pip install -q tqdm \\\n    seaborn\n"
    "import numpy as np\nimport torch\nfiles = !ls",
    "from google.colab import drive\ndrive.mount('/content/drive')",
    "EPS = 1e-8\nnp.random.seed(42)\nprint('hello')",
    '''class LinearModule(object):
    """Linear layer."""

    def __init__(self, in_features, out_features, input_layer=False):
        self.params = {"weight": np.zeros((out_features, in_features)), "bias": np.zeros((1, out_features))}
        self.grads = {"weight": None, "bias": None}

    def forward(self, x):
        self.x = x
        return x @ self.params["weight"].T + self.params["bias"] + EPS''',
    "layer = LinearModule(3, 4)\nlayer.forward(np.ones((2, 3)))",
    "def _backward(self, dout):\n    return dout @ self.params['weight']\nLinearModule.backward = _backward",
    "def train(epochs=10):\n    for _ in range(epochs):\n        raise SystemExit('training runs')\nacc = train()",
    "for epoch in range(10**12):\n    train()",
    "import matplotlib.pyplot as plt\nplt.plot(acc)\nplt.show()",
    "%%time\ndef accuracy(a, b):\n    return float((a == b).mean())",
    "if __name__ == '__main__':\n    train()",
)


def notebook(*cells: str, minor: int = 5, **metadata: Any) -> bytes:
    """A notebook of format 4; a text that starts with a hash and a blank is Markdown."""
    made = []
    for index, source in enumerate(cells):
        markdown = source.startswith("# ")
        cell: dict[str, Any] = {
            "cell_type": "markdown" if markdown else "code",
            "metadata": {},
            "source": source.splitlines(keepends=True),
        }
        if not markdown:
            cell |= {"execution_count": index, "outputs": []}
        if minor >= 5:
            cell["id"] = f"cell-{index}"
        made.append(cell)
    return json.dumps({"nbformat": 4, "nbformat_minor": minor, "metadata": metadata, "cells": made}).encode()


def homework() -> bytes:
    """A whole homework in one notebook."""
    return notebook(
        *HOMEWORK, kernelspec={"name": "python3", "language": "python", "display_name": "Python 3"}
    )


def load(source: bytes, name: str = "modules") -> dict[str, Any]:
    """What a module defines after its import."""
    space: dict[str, Any] = {"__name__": name}
    exec(compile(source, f"{name}.py", "exec"), space)
    return space
