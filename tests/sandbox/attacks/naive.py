"""A grader of the usual kind: imports the submission, compares and prints a verdict, all in one process.

It is what the attacks are first shown to succeed against. Run as ``python naive.py ORDER STYLE`` in the
submission's folder; ORDER says whether the expected value is computed before or after the submission's code
runs, STYLE how it is compared. Each of them is what some grader in use does.
"""

import json
import os
import signal
import sys

import numpy as np

sys.path.insert(0, os.getcwd())
with open(os.environ["GRADER_SECRET_FILE"]) as file:
    SECRET = file.read()


def linear_truth(x, w, b):
    return x @ w.T + b


def by_allclose(got, want):
    return np.allclose(got, want)


def by_largest_difference(got, want):
    return not np.abs(got - want).max() > 1e-6


def by_rows(got, want):
    return all(np.max(np.abs(row - target)) <= 1e-6 for row, target in zip(got, want))  # noqa: B905


STYLES = {"allclose": by_allclose, "difference": by_largest_difference, "rows": by_rows}
KEPT = []


def grade(order, agrees):
    import modules

    if hasattr(modules, "attack"):
        return modules.attack()
    rng = np.random.default_rng()
    x, w, b = rng.normal(size=(4, 5)), rng.normal(size=(3, 5)), rng.normal(size=3)
    layer = modules.LinearModule(5, 3)
    layer.params["weight"], layer.params["bias"] = w, b
    if order == "before":
        expected = linear_truth(x, w, b)
        KEPT.append([expected])
        return agrees(layer.forward(x), expected)
    got = layer.forward(x)
    return agrees(got, linear_truth(x, w, b))


def late(*_):
    raise TimeoutError


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, late)
    signal.alarm(1)
    try:
        result = grade(sys.argv[1], STYLES[sys.argv[2]])
    except Exception as error:
        print(json.dumps({"passed": False, "error": repr(error)}))
    else:
        print(f"loot: {result}" if isinstance(result, str) else json.dumps({"passed": bool(result)}))
