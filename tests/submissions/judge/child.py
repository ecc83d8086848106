"""Runs every check on the submission in the current folder; one JSON line for each. Started by verify.py."""

import contextlib
import json
import os
import sys
import traceback
import warnings

import torch

from tests.submissions.judge.layers import (
    activation_contract,
    activation_forward,
    activation_gradient,
    cross_entropy_forward,
    cross_entropy_gradient,
    linear_contract,
    linear_forward,
    linear_gradient,
    linear_init,
    softmax_contract,
    softmax_forward,
    softmax_gradient,
)
from tests.submissions.judge.metrics import (
    check_accuracy,
    check_confusion_matrix,
    check_evaluate,
    check_metrics,
)
from tests.submissions.judge.networks import (
    check_torch_init,
    check_torch_net,
    mlp_numpy_forward,
    mlp_numpy_gradient,
)
from tests.submissions.judge.training import (
    check_arguments,
    check_best_model,
    check_eval_mode,
    check_honest,
    check_repeats,
    check_training_accuracy,
)
from tests.submissions.judge.values import PRECISION, activation_name, probe_precision, rng, source

RESULT, WHAT = sys.argv[1:3]
sys.argv = ["train.py"]
os.environ["MPLBACKEND"] = "Agg"
warnings.simplefilter("ignore")
torch.set_num_threads(2)


def plan():
    layer = activation_name()
    yield "linear.forward", linear_forward
    yield "linear.gradient", linear_gradient
    yield "linear.contract", linear_contract
    yield "linear.init", linear_init
    yield f"{layer}.forward", activation_forward
    yield f"{layer}.gradient", activation_gradient
    yield f"{layer}.contract", activation_contract
    yield "softmax.forward", softmax_forward
    yield "softmax.gradient", softmax_gradient
    yield "softmax.contract", softmax_contract
    yield "cross_entropy.forward", cross_entropy_forward
    yield "cross_entropy.gradient", cross_entropy_gradient
    yield "mlp_numpy.network", mlp_numpy_forward
    yield "mlp_numpy.gradient", mlp_numpy_gradient
    yield "mlp_torch.network", lambda: check_torch_net(False)
    old = "def train()" in source("train_mlp_numpy")
    if not old:
        yield "mlp_torch.batch_norm", lambda: check_torch_net(True)
        yield "mlp_torch.init", check_torch_init
    for part, name, as_torch in (
        ("metrics", "train_mlp_numpy", False),
        ("metrics_torch", "train_mlp_pytorch", True),
    ):
        if old and as_torch:
            continue
        if "def confusion_matrix" in source(name) or "confusion_matrix" in source("train_mlp_numpy"):
            yield f"{part}.confusion_matrix", lambda n=name, t=as_torch: check_confusion_matrix(n, t)
            yield f"{part}.metrics", lambda n=name, t=as_torch: check_metrics(n, t)
        else:
            yield f"{part}.accuracy", lambda n=name, t=as_torch: check_accuracy(n, t)
        if not old:
            yield f"{part}.evaluate_model", lambda n=name, t=as_torch: check_evaluate(n, t)
    if old or WHAT == "layers":
        return
    for part, name, as_torch in (
        ("train_numpy", "train_mlp_numpy", False),
        ("train_torch", "train_mlp_pytorch", True),
    ):
        yield f"{part}.accuracy", lambda n=name, t=as_torch: check_training_accuracy(n, t)
        yield f"{part}.best_model", lambda n=name, t=as_torch: check_best_model(n, t)
        yield f"{part}.honest_report", lambda n=name, t=as_torch: check_honest(n, t)
        yield f"{part}.repeats", lambda n=name, t=as_torch: check_repeats(n, t)
        yield f"{part}.arguments", lambda n=name, t=as_torch: check_arguments(n, t)
        if as_torch:
            yield f"{part}.eval_mode", lambda n=name, t=as_torch: check_eval_mode(n, t)


def main():
    with open(RESULT, "w", buffering=1) as result:
        for check, function in plan():
            PRECISION[0] = "float64"
            if "modules" in sys.modules and hasattr(sys.modules["modules"], "LinearModule"):
                with contextlib.suppress(Exception):
                    probe_precision(
                        sys.modules["modules"].LinearModule(5, 4).forward(rng.normal(size=(6, 5)))
                    )
            try:
                function()
                why = ""
            except BaseException as error:
                frame = traceback.extract_tb(error.__traceback__)[-1]
                why = f"{type(error).__name__}: {str(error)[:200]} ({os.path.basename(frame.filename)}:{frame.lineno})"
            result.write(json.dumps([check, why]) + "\n")
            result.flush()


main()
os._exit(0)
