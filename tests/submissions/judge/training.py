"""Whole training runs on the made-up data, its labels spoiled after the second epoch."""

import importlib

import numpy as np
import torch


def predict(model, images, as_torch):
    flat = images.reshape(len(images), -1)
    for shown in (flat, images):
        try:
            if not as_torch:
                return np.asarray(model.forward(shown.copy())).argmax(1)
            model.eval()
            with torch.no_grad():
                return model(torch.from_numpy(shown)).numpy().argmax(1)
        except Exception as error:
            problem = error
    raise problem


RUNS = {}


def run_training(name, as_torch, epochs=4, spoil=2, hidden=(32,), lr=0.1, **options):
    key = (name, epochs, spoil, hidden, lr, tuple(options.items()))
    if key not in RUNS:
        data = importlib.import_module("cifar10_utils")
        data.SPOIL_AFTER = spoil
        module = importlib.import_module(name)
        arguments = {"use_batch_norm": False, **options} if as_torch else {}
        result = module.train(
            hidden_dims=list(hidden),
            lr=lr,
            batch_size=128,
            epochs=epochs,
            seed=42,
            data_dir="data/",
            **arguments,
        )
        RUNS[key] = tuple(result)
    return RUNS[key]


def flat_list(values):
    return [float(np.asarray(v)) for v in values]


def measured(model, part, as_torch):
    data = importlib.import_module("cifar10_utils")
    split = data.get_cifar10("data/")[part]
    return (predict(model, split.data, as_torch) == split.targets).mean()


def check_training_accuracy(name, as_torch):
    model, *_ = run_training(name, as_torch, epochs=4, spoil=None)
    got = measured(model, "test", as_torch)
    assert got > 0.6, f"accuracy {got:.3f}"
    _, val, *_ = run_training(name, as_torch, epochs=15, spoil=None)
    assert flat_list(val)[-1] > 0.6, f"accuracy falls in the end: {np.round(flat_list(val), 2)}"


def check_best_model(name, as_torch):
    model, val, *_ = run_training(name, as_torch)
    val = flat_list(val)
    assert len(val) == 4, f"{len(val)} validation accuracies of 4 epochs"
    assert max(val) > val[-1] + 0.1, f"spoiling had no effect: {val}"
    got = measured(model, "validation", as_torch)
    assert abs(got - max(val)) < 0.02, (
        f"validation accuracy of the model {got:.3f}, of the epochs {np.round(val, 3)}"
    )


def check_honest(name, as_torch):
    model, _, test, *_ = run_training(name, as_torch)
    got = measured(model, "test", as_torch)
    assert abs(got - float(np.asarray(test))) < 0.02, f"test accuracy {got:.3f}, reported {test}"


def check_repeats(name, as_torch):
    first = flat_list(run_training(name, as_torch)[1])
    RUNS.clear()
    assert np.allclose(first, flat_list(run_training(name, as_torch)[1]), atol=0.011), "other accuracies"


def check_arguments(name, as_torch):
    base = measured(run_training(name, as_torch, spoil=None)[0], "validation", as_torch)
    slow = measured(run_training(name, as_torch, spoil=None, lr=1e-6)[0], "validation", as_torch)
    assert slow < base - 0.2, "lr has no effect"
    for hidden in ((), (16, 16)):
        model, val, *_ = run_training(name, as_torch, epochs=2, hidden=hidden)
        assert len(flat_list(val)) == 2, "epochs has no effect"
        if as_torch:
            count = sum(isinstance(m, torch.nn.Linear) for m in torch.nn.Module.modules(model))
            assert count == len(hidden) + 1, f"hidden_dims={list(hidden)} gave {count} linear layers"
        else:
            count = count_linear(model)
            assert count == len(hidden) + 1, f"hidden_dims={list(hidden)} gave {count} linear layers"


def count_linear(model):
    found, todo, seen = 0, [model], set()
    while todo:
        item = todo.pop()
        if id(item) in seen or isinstance(item, (np.ndarray, str, int, float, type)):
            continue
        seen.add(id(item))
        found += type(item).__name__ == "LinearModule"
        if isinstance(item, dict):
            todo += item.values()
        elif isinstance(item, (list, tuple)):
            todo += item
        elif hasattr(item, "__dict__"):
            todo += vars(item).values()
    return found


def check_eval_mode(name, as_torch):
    model, val, test, *_ = run_training(name, as_torch, use_batch_norm=True)
    assert max(flat_list(val)) > 0.3, f"validation accuracies {val}"
    norms = [m for m in torch.nn.Module.modules(model) if isinstance(m, torch.nn.BatchNorm1d)]
    assert norms, "no batch norm"
    steps = int(norms[0].num_batches_tracked)
    due = 10 * (int(np.argmax(flat_list(val))) + 1)
    assert steps == due, f"running statistics saw {steps} batches, {due} are due"
    got = measured(model, "test", as_torch)
    assert abs(got - float(np.asarray(test))) < 0.004, (
        f"test accuracy in eval mode {got:.3f}, reported {test}"
    )
