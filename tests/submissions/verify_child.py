"""The child of verify.py: runs every check on the submission in the folder given, and writes one JSON line for each."""

import contextlib
import importlib
import json
import os
import sys
import traceback
import types
import warnings

FOLDER, RESULT, WHAT = sys.argv[1:4]
sys.path.insert(0, FOLDER)
sys.argv = ["train.py"]
os.environ["MPLBACKEND"] = "Agg"
warnings.simplefilter("ignore")

import numpy as np  # noqa: E402
import torch  # noqa: E402

torch.set_num_threads(2)
rng = np.random.default_rng(7)
N, D, C = 6, 5, 4


def close(got, want, tolerance=2e-6):
    got = np.asarray(got, dtype=float)
    want = np.asarray(want, dtype=float)
    if got.size == want.size == 1:
        got = got.reshape(want.shape)
    assert got.shape == want.shape, f"shape {got.shape}, expected {want.shape}"
    scale = np.abs(want).max() + 1e-12
    error = np.abs(got - want).max() / scale
    if got.dtype != np.float64 or PRECISION[0] == "float32":
        tolerance = max(tolerance, 1e-4)
    assert error < tolerance, f"off by {error:.3g}"


PRECISION = ["float64"]


def probe_precision(output):
    """A result that float32 holds exactly was computed in float32."""
    output = np.asarray(output)
    if output.dtype == np.float32 or np.array_equal(output, output.astype(np.float32)):
        PRECISION[0] = "float32"


def twin(function, *arrays, cotangent=None):
    tensors = [torch.tensor(a, dtype=torch.float64, requires_grad=True) for a in arrays]
    out = function(*tensors)
    if cotangent is None:
        out.backward()
    else:
        out.backward(torch.as_tensor(cotangent, dtype=torch.float64))
    return out.detach().numpy(), [t.grad.numpy() for t in tensors]


def modules():
    return importlib.import_module("modules")


def set_parameters(layer, weight, bias):
    """Set (out, in) weights and (out,) biases in whatever shape the submission keeps them."""
    key = "weight" if "weight" in layer.params else "weights"
    shape = np.shape(layer.params[key])
    layout = weight if shape == weight.shape else weight.T
    dtype = np.asarray(layer.params[key]).dtype
    layer.params[key] = layout.astype(dtype).copy()
    layer.params["bias"] = bias.astype(dtype).reshape(np.shape(layer.params["bias"])).copy()
    return key, layout is weight or layout.shape == weight.shape


def weight_gradient(layer, key, straight):
    gradient = np.asarray(layer.grads[key], dtype=float)
    return gradient if straight else gradient.T


def bias_gradient(layer, size):
    gradient = np.asarray(layer.grads["bias"], dtype=float)
    assert gradient.size == size, f"bias gradient has shape {gradient.shape}"
    return gradient.reshape(size)


def clear(layer):
    """The years before 2021 have no clear_cache."""
    if hasattr(layer, "clear_cache"):
        layer.clear_cache()


def linear(n=N, d=D, c=C, layer=None):
    layer = layer or modules().LinearModule(d, c)
    w, b = rng.normal(size=(c, d)), rng.normal(size=c)
    x, dout = rng.normal(size=(n, d)), rng.normal(size=(n, c))
    key, straight = set_parameters(layer, w, b)
    want, (dx, dw, db) = twin(lambda x, w, b: x @ w.T + b, x, w, b, cotangent=dout)
    return types.SimpleNamespace(**locals())


def linear_forward():
    for n in (N, 1):
        p = linear(n)
        got = p.layer.forward(p.x.copy())
        probe_precision(got)
        close(got, p.want)


def linear_gradient():
    for n, d, c in ((N, D, C), (1, D, C), (3, 1, 2)):
        p = linear(n, d, c)
        p.layer.forward(p.x.copy())
        close(p.layer.backward(p.dout.copy()), p.dx)
        close(weight_gradient(p.layer, p.key, p.straight), p.dw)
        close(bias_gradient(p.layer, c), p.db)


def linear_contract():
    p = linear()
    p.layer.forward(p.dout @ p.w)
    p.layer.backward(-2 * p.dout)
    for _ in range(2):
        x, dout = p.x.copy(), p.dout.copy()
        p.layer.forward(x)
        p.layer.backward(dout)
        assert np.array_equal(x, p.x), "changes its input"
        assert np.array_equal(dout, p.dout), "changes dout"
    close(weight_gradient(p.layer, p.key, p.straight), p.dw)
    close(bias_gradient(p.layer, C), p.db)
    p = linear(9, layer=p.layer)
    p.layer.forward(p.x.copy())
    close(p.layer.backward(p.dout.copy()), p.dx)
    clear(p.layer)
    p.layer.forward(p.x.copy())
    close(p.layer.backward(p.dout.copy()), p.dx)
    close(weight_gradient(p.layer, p.key, p.straight), p.dw)


def linear_init():
    import inspect

    cls = modules().LinearModule
    exception = len(inspect.signature(cls).parameters) >= 3
    for first in (False, True) if exception else (False,):
        layer = cls(400, 300, first) if exception else cls(400, 300)
        w = np.asarray(layer.params.get("weight", layer.params.get("weights")), dtype=float)
        assert w.size == 120_000
        gain = w.var() * 400
        want = 1.0 if first else 2.0
        assert abs(gain / want - 1) < 0.03, (
            f"variance x fan-in = {gain:.3f}, expected {want} (input layer: {first})"
        )
        kurtosis = ((w - w.mean()) ** 4).mean() / w.var() ** 2
        assert abs(kurtosis - 3) < 0.3, f"not normal: kurtosis {kurtosis:.2f}"
        assert not np.any(np.asarray(layer.params["bias"])), "bias is not zero"
        assert np.size(layer.params["bias"]) == 300


def activation():
    """(class name, constructor arguments, torch twin), for each variant that the submission has."""
    import inspect

    m = modules()
    f = torch.nn.functional
    if hasattr(m, "ELUModule"):
        takes = "alpha" in inspect.signature(m.ELUModule).parameters
        for alpha in (1.0, 0.3, 1.7) if takes else (1.0,):
            yield lambda a=alpha: m.ELUModule(a) if takes else m.ELUModule(), lambda x, a=alpha: f.elu(x, a)
    elif hasattr(m, "LeakyReLUModule"):
        yield lambda: m.LeakyReLUModule(0.02), lambda x: f.leaky_relu(x, 0.02)
    else:
        yield lambda: m.ReLUModule(), f.relu


def activation_forward():
    for make, function in activation():
        x = rng.normal(size=(N, D)) * 2
        want, _ = twin(function, x, cotangent=np.ones_like(x))
        close(make().forward(x.copy()), want)


def activation_gradient():
    for make, function in activation():
        x, dout = rng.normal(size=(N, D)) * 2, rng.normal(size=(N, D))
        _, (dx,) = twin(function, x, cotangent=dout)
        layer = make()
        layer.forward(x.copy())
        close(layer.backward(dout.copy()), dx)


def plain_contract(make, function):
    layer = make()
    x, dout = rng.normal(size=(N, D)), rng.normal(size=(N, D))
    x0, dout0 = x.copy(), dout.copy()
    layer.forward(x)
    layer.backward(dout)
    assert np.array_equal(x, x0), "changes its input"
    assert np.array_equal(dout, dout0), "changes dout"
    for n in (1, 9):
        x, dout = rng.normal(size=(n, D)), rng.normal(size=(n, D))
        _, (dx,) = twin(function, x, cotangent=dout)
        layer.forward(x.copy())
        close(layer.backward(dout.copy()), dx)
        clear(layer)


def activation_contract():
    for make, function in activation():
        plain_contract(make, function)


def softmax(x):
    return torch.softmax(x, dim=1)


def softmax_forward():
    x = rng.normal(size=(N, C))
    want, _ = twin(softmax, x, cotangent=np.ones_like(x))
    close(modules().SoftMaxModule().forward(x.copy()), want)


def softmax_gradient():
    x, dout = rng.normal(size=(N, C)), rng.normal(size=(N, C))
    _, (dx,) = twin(softmax, x, cotangent=dout)
    layer = modules().SoftMaxModule()
    layer.forward(x.copy())
    close(layer.backward(dout.copy()), dx)


def softmax_contract():
    for x in (rng.normal(size=(1, C)) * 3000, np.array([[5000.0, 4999, 0, 1], [-5000, -5001, -9000, -5002]])):
        want, _ = twin(softmax, x, cotangent=np.ones_like(x))
        close(modules().SoftMaxModule().forward(x.copy()), want)
    plain_contract(modules().SoftMaxModule, softmax)


def one_hot():
    """Whether labels are one-hot: what works on integers decides."""
    x = rng.dirichlet(np.ones(C) * 5, size=N)
    y = np.arange(N) % C
    want = -np.log(x[np.arange(N), y]).mean()
    for labels, answer in ((y, False), (np.eye(C)[y], True)):
        try:
            got = np.asarray(modules().CrossEntropyModule().forward(x.copy(), labels.copy()), dtype=float)
        except Exception:
            continue
        if got.size == 1 and abs(got.item() / want - 1) < 1e-3:
            return answer
    return False


def cross_entropy():
    x = rng.dirichlet(np.ones(C) * 5, size=N)
    y = rng.integers(0, C, size=N)
    labels = np.eye(C)[y] if one_hot() else y
    want, (dx,) = twin(lambda p: -torch.log(p[range(N), y.tolist()]).mean(), x)
    return x, labels, want, dx


def cross_entropy_forward():
    x, y, want, _ = cross_entropy()
    close(modules().CrossEntropyModule().forward(x.copy(), y.copy()), want, 1e-4)


def cross_entropy_gradient():
    x, y, _, dx = cross_entropy()
    layer = modules().CrossEntropyModule()
    layer.forward(x.copy(), y.copy())
    close(layer.backward(x.copy(), y.copy()), dx, 1e-4)


def numpy_mlp(n_inputs, hidden, classes):
    """The network with random parameters, and its linear layers in order of creation."""
    import inspect

    made = []
    cls = modules().LinearModule
    original = cls.__init__

    def recording(self, *args, **kwargs):
        original(self, *args, **kwargs)
        made.append(self)

    cls.__init__ = recording
    try:
        mlp = importlib.import_module("mlp_numpy").MLP
        extra = [0.02] if "neg_slope" in inspect.signature(mlp).parameters else []
        net = mlp(n_inputs, list(hidden), classes, *extra)
    finally:
        cls.__init__ = original
    sizes = [n_inputs, *hidden, classes]
    assert [np.size(m.params["bias"]) for m in made] == sizes[1:], "other layers than expected"
    state = []
    for layer, d, c in zip(made, sizes, sizes[1:], strict=False):
        w, b = rng.normal(size=(c, d)) / np.sqrt(d), rng.normal(size=c)
        state.append((layer, w, b, *set_parameters(layer, w, b)))
    return net, state


def run_numpy_mlp(hidden):
    _, function = next(iter(activation()))
    net, state = numpy_mlp(3072, hidden, 10)
    x = rng.normal(size=(N, 3072))
    weights = [a for _, w, b, *_ in state for a in (w, b)]
    dout = rng.normal(size=(N, 10))

    def reference(*tensors):
        h = torch.tensor(x)
        for i in range(0, len(tensors), 2):
            h = h @ tensors[i].T + tensors[i + 1]
            if i + 2 < len(tensors):
                h = function(h)
        return softmax(h)

    want, grads = twin(reference, *weights, cotangent=dout)
    images = x.reshape(N, 3, 32, 32)
    problem = None
    for shown in (x, images):
        try:
            got = net.forward(shown.copy())
            probe_precision(got)
            close(got, want, 1e-5)
        except Exception as error:
            problem = problem or error
            continue
        return net, state, grads, dout
    # pixels in height, width, channel order
    try:
        hwc = x.reshape(N, 32, 32, 3).transpose(0, 3, 1, 2)
        close(net.forward(hwc.copy()), want, 1e-5)
    except Exception:
        raise problem from None
    return net, state, grads, dout


def mlp_numpy_forward():
    for hidden in ([], [7], [8, 6, 5]):
        run_numpy_mlp(hidden)


def mlp_numpy_gradient():
    for hidden in ([], [7], [8, 6, 5]):
        net, state, grads, dout = run_numpy_mlp(hidden)
        net.backward(dout.copy())
        for i, (layer, _, b, key, straight) in enumerate(state):
            close(weight_gradient(layer, key, straight), grads[2 * i], 1e-5)
            close(bias_gradient(layer, b.size), grads[2 * i + 1], 1e-5)
        clear(net)


def scores(n, c=10, highest=None):
    predictions = rng.normal(size=(n, c)).astype(np.float32)
    y = rng.integers(0, highest or c, size=n).astype(np.int32)
    predictions[np.arange(n), y] += 1
    return predictions, y


def kinds(name, as_torch):
    module = importlib.import_module(name)
    return module, (lambda a: torch.from_numpy(np.array(a))) if as_torch else (lambda a: np.array(a))


def as_labels(y, as_torch):
    if not as_torch and one_hot():
        return np.eye(10)[y]
    return y.astype(np.int64) if as_torch else y


def check_accuracy(name, as_torch):
    module, wrap = kinds(name, as_torch)
    for n in (1, 13, 40):
        p, y = scores(n)
        got = module.accuracy(wrap(p), wrap(as_labels(y, as_torch)))
        close(float(np.asarray(got)), (p.argmax(1) == y).mean(), 1e-5)


def matrix_of(p, y, c=10):
    want = np.zeros((c, c))
    np.add.at(want, (y, p.argmax(1)), 1)
    return want


def check_confusion_matrix(name, as_torch):
    module, wrap = kinds(name, as_torch)
    for n, highest in ((40, 10), (5, 3)):
        p, y = scores(n, highest=highest)
        got = np.asarray(module.confusion_matrix(wrap(p), wrap(as_labels(y, as_torch))), dtype=float)
        want = matrix_of(p, y)
        assert got.shape == want.shape, got.shape
        assert np.array_equal(got, want) or np.array_equal(got, want.T), "other counts"


def check_metrics(name, as_torch):
    module, wrap = kinds(name, as_torch)
    p, y = scores(400)
    matrix = np.asarray(module.confusion_matrix(wrap(p), wrap(as_labels(y, as_torch))), dtype=float)
    rows_are_true = np.array_equal(matrix, matrix_of(p, y))
    matrix = (
        torch.from_numpy(matrix)
        if isinstance(module.confusion_matrix(wrap(p), wrap(y.astype(np.int64))), torch.Tensor)
        else matrix
    )
    for beta in (1.0, 0.5, 10.0):
        got = module.confusion_matrix_to_metrics(matrix, beta)
        m = np.asarray(matrix, dtype=float)
        m = m if rows_are_true else m.T
        precision, recall = np.diag(m) / m.sum(0), np.diag(m) / m.sum(1)
        close(float(got["accuracy"]), np.diag(m).sum() / m.sum(), 1e-5)
        close(np.asarray(got["precision"]), precision, 1e-5)
        close(np.asarray(got["recall"]), recall, 1e-5)
        close(
            np.asarray(got["f1_beta"]),
            (1 + beta**2) * precision * recall / (beta**2 * precision + recall),
            1e-5,
        )


def number(result):
    return float(np.asarray(result["accuracy"] if isinstance(result, dict) else result))


def check_evaluate(name, as_torch):
    module, _ = kinds(name, as_torch)
    data = importlib.import_module("cifar10_utils")
    loader = data.get_dataloader(data.get_cifar10("data/"), 128, return_numpy=not as_torch)["test"]
    images, y = loader.dataset.data, loader.dataset.targets
    if as_torch:
        model = importlib.import_module("mlp_pytorch").MLP(3072, [9], 10, use_batch_norm=True)
        model.train()
        with torch.no_grad():
            for _ in range(20):
                model(torch.from_numpy(images[:100]).flatten(1) * 2 + 1)
        model.eval()
        with torch.no_grad():
            want = model(torch.from_numpy(images).flatten(1)).numpy().argmax(1)
        model.train()
    else:
        model, state = numpy_mlp(3072, [9], 10)
        h = images.reshape(len(images), -1)
        _, function = next(iter(activation()))
        for i, (_, w, b, *_rest) in enumerate(state):
            h = h @ w.T + b
            h = function(torch.tensor(h)).numpy() if i == 0 else h
        want = h.argmax(1)
    got = number(module.evaluate_model(model, loader))
    assert abs(got - (want == y).mean()) < 1e-4, f"accuracy {got:.4f}, expected {(want == y).mean():.4f}"


def torch_net(hidden, **options):
    return importlib.import_module("mlp_pytorch").MLP(3072, list(hidden), 10, **options)


def functional(net, x, batch_norm):
    f = torch.nn.functional
    layers = list(torch.nn.Module.modules(net))
    linears = [m for m in layers if isinstance(m, torch.nn.Linear)]
    norms = [m for m in layers if isinstance(m, torch.nn.BatchNorm1d)]
    act = f.elu
    if os.path.exists(os.path.join(FOLDER, "modules.py")):
        act = {"relu": f.relu, "leaky_relu": lambda x: f.leaky_relu(x, 0.02)}.get(activation_name(), f.elu)
    for i, layer in enumerate(linears):
        x = f.linear(x, layer.weight, layer.bias)
        if i + 1 < len(linears):
            if batch_norm:
                x = f.batch_norm(x, None, None, norms[i].weight, norms[i].bias, training=True)
            x = act(x)
    return x, len(linears), len(norms)


def check_torch_net(batch_norm):
    for hidden in ([], [7], [8, 6, 5]):
        net = torch_net(hidden, **({"use_batch_norm": True} if batch_norm else {}))
        assert isinstance(net, torch.nn.Module)
        with torch.no_grad():
            for p in torch.nn.Module.parameters(net):
                p.copy_(torch.randn(p.shape) * (0.05 if p.ndim > 1 else 0.5) + (p.ndim == 1) * 0.5)
        net.train()
        x = torch.randn(N, 3072)
        with torch.no_grad():
            want, linears, norms = functional(net, x, batch_norm)
            assert linears == len(hidden) + 1, f"{linears} linear layers"
            assert norms == (len(hidden) if batch_norm else 0), f"{norms} batch norm layers"
            try:
                got = net(x)
            except Exception:
                got = net(x.view(N, 3, 32, 32))
        close(got.numpy(), want.numpy(), 1e-4)


def check_torch_init():
    net = torch_net([200, 150])
    linears = [m for m in torch.nn.Module.modules(net) if isinstance(m, torch.nn.Linear)]
    for i, layer in enumerate(linears):
        w = layer.weight.detach().numpy().astype(float)
        gain = w.var() * w.shape[1]
        allowed = (1.0, 2.0) if i == 0 else (2.0,)
        assert any(abs(gain / want - 1) < 0.15 for want in allowed), (
            f"layer {i}: variance x fan-in {gain:.3f}"
        )
        kurtosis = ((w - w.mean()) ** 4).mean() / w.var() ** 2
        assert abs(kurtosis - 3) < 0.5, f"not normal: kurtosis {kurtosis:.2f}"


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
    base = flat_list(run_training(name, as_torch)[1])
    slow = flat_list(run_training(name, as_torch, lr=1e-6)[1])
    assert max(slow) < max(base) - 0.2, "lr has no effect"
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
    assert steps, "the running statistics saw nothing"
    assert steps % 10 == 0, f"running statistics saw {steps} batches"
    got = measured(model, "test", as_torch)
    assert abs(got - float(np.asarray(test))) < 0.004, (
        f"test accuracy in eval mode {got:.3f}, reported {test}"
    )


def source(name):
    try:
        with open(os.path.join(FOLDER, name + ".py"), encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def activation_name():
    text = source("modules")
    if "class ELUModule" in text:
        return "elu"
    return (
        "relu" if "class ReLUModule" in text else "leaky_relu" if "class LeakyReLUModule" in text else "elu"
    )


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
