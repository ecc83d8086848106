"""The NumPy network and the PyTorch module: composition is judged apart from the layers."""

from __future__ import annotations

import pytest

from grader.model import Verdict
from grader.rubric import CheckBase, load_rubric
from grader.sandbox import Sandbox
from tests.grading_support import check, full_marks_with, grade_files

LOOP = "        for layer in self.layers:\n            out = layer.forward(out)\n"
NETWORK_FAULTS = [
    ("self.layers.append(ELUModule(alpha=1.0))", "pass", "mlp_numpy.network", "is due"),
    ("        self.layers.append(SoftMaxModule())", "        pass", "mlp_numpy.network", "softmax"),
    ("for layer in reversed(self.layers):", "for layer in self.layers:", "mlp_numpy.gradient", "raised"),
    ("            dout = layer.backward(dout)", "            layer.backward(dout)", "mlp_numpy.gradient", ""),
    (LOOP, "        for layer in self.layers[:-2]:\n            out = layer.forward(out)\n        out = self.layers[-1].forward(out[:, :4])\n", "mlp_numpy.network", ""),
    ("            n_in = n_out\n", "", "mlp_numpy.network", ""),
    ("        self.layers.append(SoftMaxModule())", "        self.layers.append(SoftMaxModule())\n        n_hidden[0]", "mlp_numpy.network", "with no hidden layer (n_hidden = [])"),
    ("enumerate(n_hidden)", "enumerate(n_hidden[:1])", "mlp_numpy.gradient", "Right with one hidden layer"),
    ("append(ELUModule(alpha=1.0))", "append(self.__dict__.setdefault('elu', ELUModule(alpha=1.0)))", "mlp_numpy.gradient", "more than once"),
    ("input_layer=(i == 0)", "input_layer=False", "mlp_numpy.network", "not told that it is the input layer"),
    ("input_layer=(i == 0)", "input_layer=True", "mlp_numpy.network", "layer 2 is told that it is the input layer"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "check_id", "words"), NETWORK_FAULTS, ids=range(len(NETWORK_FAULTS)))
def test_a_wrong_network_loses_its_own_points(
    sandbox: Sandbox, old: str, new: str, check_id: str, words: str
) -> None:
    report = grade_files(sandbox, full_marks_with(mlp_numpy=(old, new)), "linear", "mlp_numpy")
    verdicts = {c.id: c.verdict for c in report.checks}
    assert verdicts[check_id] in (Verdict.FAILED, Verdict.ERRORED, Verdict.PARTIAL)
    assert verdicts["linear.forward"] is Verdict.PASSED
    assert words in next(c for c in report.checks if c.id == check_id).message


def test_the_right_network_passes(sandbox: Sandbox) -> None:
    report = grade_files(sandbox, full_marks_with(), "mlp_numpy")
    assert [c.verdict for c in report.checks] == [Verdict.PASSED] * 2


@pytest.mark.parametrize(
    ("end", "lost"), [("pass", []), ("self.layers.append(SoftMaxModule())", ["mlp_numpy.network"])]
)
def test_a_network_that_is_to_end_in_logits(sandbox: Sandbox, end: str, lost: list[str]) -> None:
    rubric = load_rubric("uva_dl1_a1")
    parts = [
        part.model_copy(update={"checks": tuple(_without_softmax(spec) for spec in part.checks)})
        for part in rubric.parts
    ]
    rubric = rubric.model_copy(update={"parts": tuple(parts)})
    files = full_marks_with(mlp_numpy=("self.layers.append(SoftMaxModule())", end))
    report = grade_files(sandbox, files, "mlp_numpy", rubric=rubric)
    assert [c.id for c in report.checks if c.earned < c.points] == lost


def _without_softmax(spec: CheckBase) -> CheckBase:
    return spec.model_copy(update={"softmax": False}) if spec.kind == "network" else spec


@pytest.mark.parametrize(
    ("old", "new", "paid"),
    [
        ("self.params['weight'].T + self.params['bias']", "self.params['weight'].T", "linear.forward"),
        ("dout.T @ self.x", "2 * dout.T @ self.x", "linear.gradient"),
        ("dx = dout * np.where(self.x > 0", "dx = np.where(self.x > 0", "elu.gradient"),
    ],
)
def test_a_wrong_layer_does_not_sink_the_network(sandbox: Sandbox, old: str, new: str, paid: str) -> None:
    report = grade_files(
        sandbox, full_marks_with(modules=(old, new)), "linear", "elu", "softmax", "mlp_numpy"
    )
    lost = {c.id for c in report.checks if c.earned < c.points}
    assert paid in lost
    assert not {name for name in lost if name.startswith("mlp_numpy")}


TORCH_FAULTS = [
    ("layers.append(nn.ELU())", "layers += [nn.ELU(), nn.Dropout(0.2)]", {"mlp_torch.network"}, "dropout (p = 0.2)"),
    ("layers.append(nn.ELU())", "layers.append(nn.ReLU())", {"mlp_torch.network"}, "relu"),
    ("layers.append(nn.ELU())", "layers.append(nn.LeakyReLU(0.1))", {"mlp_torch.network"}, "leaky_relu with slope 0.1"),
    ("layers.append(nn.ELU())", "layers.append(nn.Softsign())", {"mlp_torch.network"}, "is due"),
    ("for n_out in n_hidden:", "for n_out in n_hidden[:1]:", {"mlp_torch.network", "mlp_torch.batch_norm"}, "Right with one hidden layer"),
    ("nn.init.zeros_(layer.bias)", "nn.init.normal_(layer.bias, std=0.01)", {"mlp_torch.init"}, "the bias of linear layer 1 starts"),
    ("layers.append(nn.ELU())", "pass", {"mlp_torch.network"}, "no activation"),
    ("nonlinearity='linear' if first else 'relu'", "nonlinearity='linear'", {"mlp_torch.init"}, "standard deviation"),
    ("nn.init.kaiming_normal_(", "0 * len('') or (lambda *a, **k: None)(", {"mlp_torch.init"}, "standard deviation"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "loses", "words"), TORCH_FAULTS, ids=range(len(TORCH_FAULTS)))
def test_a_wrong_torch_network_loses_once(
    sandbox: Sandbox, old: str, new: str, loses: set[str], words: str
) -> None:
    report = grade_files(sandbox, full_marks_with(mlp_pytorch=(old, new)), "mlp_torch")
    lost = [c for c in report.checks if c.earned < c.points]
    assert {c.id for c in lost} == loses
    assert words in lost[0].message


def test_batch_norm_that_is_ignored(sandbox: Sandbox) -> None:
    files = full_marks_with(mlp_pytorch=("if use_batch_norm:", "if False:"))
    report = grade_files(sandbox, files, "mlp_torch")
    lost = [c for c in report.checks if c.earned < c.points]
    assert [c.id for c in lost] == ["mlp_torch.batch_norm"]
    assert "no batch norm layer is called" in lost[0].message


OWN_NORM = """from torch import nn, no_grad, ones, sqrt, zeros


class Norm(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.gamma, self.beta = nn.Parameter(ones(n)), nn.Parameter(zeros(n))
        self.mean, self.var = zeros(n), ones(n)

    def forward(self, x):
        mean, var = self.mean, self.var
        if {train}:
            mean, var = x.mean(0), x.var(0, unbiased=False)
            with no_grad():
                self.mean = 0.9 * self.mean + {rate} * mean
                self.var = 0.9 * self.var + {rate} * var
        return self.gamma * (x - mean) / sqrt(var + 1e-5) + self.beta


"""


@pytest.mark.parametrize(
    ("train", "rate", "faults"),
    [("self.training", "0.1", []), ("True", "0.1", ["N136"]), ("self.training", "0 * 0.1", [])],
)
def test_a_batch_norm_of_their_own(sandbox: Sandbox, train: str, rate: str, faults: list[str]) -> None:
    files = full_marks_with(mlp_pytorch=("nn.BatchNorm1d(n_out)", "Norm(n_out)"))
    files["mlp_pytorch.py"] = OWN_NORM.format(train=train, rate=rate).encode() + files["mlp_pytorch.py"]
    result = check(sandbox, files, "mlp_torch.batch_norm")
    assert [fault.id for fault in result.diagnoses] == faults
    assert (result.verdict is Verdict.PASSED) is (train != "True" and rate == "0.1"), result.message


def test_a_bias_may_start_as_pytorch_leaves_it(sandbox: Sandbox) -> None:
    files = full_marks_with(mlp_pytorch=("nn.init.zeros_(layer.bias)", "pass"))
    assert check(sandbox, files, "mlp_torch.init").verdict is Verdict.PASSED


def test_a_constructor_without_super_is_explained(sandbox: Sandbox) -> None:
    result = check(sandbox, full_marks_with(mlp_pytorch=("super().__init__()", "pass")), "mlp_torch.network")
    assert result.verdict is Verdict.ERRORED
    assert "super().__init__()" in result.hint


OWN_LAYERS = """import torch
from torch import nn
from torch.nn.functional import elu, linear, softmax


class Affine(nn.Module):
    def __init__(self, i, o, gain):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(i, o) * (gain / i) ** 0.5)
        self.offset = nn.Parameter(torch.zeros(1, o))

    def forward(self, x):
        return x @ self.weight + self.offset


class Kaiming(nn.Linear):
    def reset_parameters(self):
        nn.init.kaiming_normal_(self.weight)
        nn.init.zeros_(self.bias)


class MLP(nn.Module):
    def __init__(self, n_inputs, n_hidden, n_classes, use_batch_norm=False):
        super().__init__()
        sizes = [n_inputs, *n_hidden]
        self.linears = nn.ModuleList(make(i, o, 2 if k else 1) for k, (i, o) in enumerate(zip(sizes, n_hidden)))
        self.norms = nn.ModuleList(nn.BatchNorm1d(h) for h in n_hidden) if use_batch_norm else None
        self.weight = nn.Parameter(torch.randn(n_classes, sizes[-1]) * (2 / sizes[-1]) ** 0.5)
        self.bias = nn.Parameter(torch.zeros(n_classes))

    def forward(self, x):
        for k, layer in enumerate(self.linears):
            x = layer(x)
            x = elu(self.norms[k](x) if self.norms else x)
        return linear(x, self.weight, self.bias)


"""
MAKERS = [
    "def make(i, o, gain):\n    return Affine(i, o, gain)\n",
    "def make(i, o, gain):\n    return Kaiming(i, o)\n",
]


@pytest.mark.parametrize("make", MAKERS, ids=range(len(MAKERS)))
def test_layers_that_a_torch_network_writes_itself_are_found(sandbox: Sandbox, make: str) -> None:
    files = full_marks_with()
    files["mlp_pytorch.py"] = (OWN_LAYERS + make).encode()
    report = grade_files(sandbox, files, "mlp_torch")
    assert [c.message for c in report.checks if c.earned < c.points] == []


def test_a_parametrised_weight_is_read_where_it_cannot_be_set(sandbox: Sandbox) -> None:
    files = full_marks_with()
    source = files["mlp_pytorch.py"].decode()
    files["mlp_pytorch.py"] = (
        source
        + "\n\nclass MLP(MLP):\n    def __init__(self, *args, **kwargs):\n        super().__init__(*args, **kwargs)\n"
        "        for module in list(self.modules()):\n            if isinstance(module, nn.Linear):\n"
        "                nn.utils.parametrizations.weight_norm(module)\n\n    def forward(self, x):\n        return super().forward(x)\n"
    ).encode()
    assert check(sandbox, files, "mlp_torch.network").verdict is Verdict.PASSED


def test_a_fault_in_a_torch_network_of_own_layers_is_found(sandbox: Sandbox) -> None:
    wrong = OWN_LAYERS.replace(
        "return linear(x, self.weight, self.bias)", "return softmax(linear(x, self.weight), 1)"
    )
    files = {**full_marks_with(), "mlp_pytorch.py": (wrong + MAKERS[0]).encode()}
    report = grade_files(sandbox, files, "mlp_torch")
    assert {c.id for c in report.checks if c.earned < c.points} >= {"mlp_torch.network"}


def test_layers_from_files_of_a_package_and_relative_imports(sandbox: Sandbox) -> None:
    files = full_marks_with(mlp_numpy=("from modules import", "from .modules import"))
    files["layers/all.py"] = files["modules.py"]
    files["modules.py"] = b"from src.layers.all import *"
    report = grade_files(sandbox, files, "mlp_numpy")
    assert [c.message for c in report.checks if c.earned < c.points] == []


@pytest.mark.parametrize("shape", ["(10**6, 10**6)", "(-1, 3)", "([1], 3)", "('a', 2.5)"])
def test_a_shape_that_a_layer_only_tells_costs_the_host_nothing(sandbox: Sandbox, shape: str) -> None:
    source = f"""from torch import nn
class MLP(nn.Module):
    def __init__(self, n_inputs, n_hidden, n_classes, use_batch_norm=False):
        super().__init__()
        self.layer = nn.Linear(n_inputs, n_classes, bias=False)
    def forward(self, x):
        out = self.layer(x)
        self.layer._parameters.pop("weight", None)
        self.layer.weight = type("Weight", (), {{"shape": {shape}}})()
        return out
"""
    result = check(sandbox, {"mlp_pytorch.py": source.encode()}, "mlp_torch.network")
    assert result.verdict in (Verdict.FAILED, Verdict.ERRORED), result.message


def test_what_a_submission_makes_of_id_is_no_fault_of_ours(sandbox: Sandbox) -> None:
    files = full_marks_with(
        mlp_numpy=("class MLP", "import builtins\nbuiltins.id = lambda value: []\nclass MLP")
    )
    assert check(sandbox, files, "mlp_numpy.network").verdict is not Verdict.INTERNAL
    files = full_marks_with(
        mlp_pytorch=("class MLP", "import builtins\nbuiltins.id = lambda value: []\nclass MLP")
    )
    assert check(sandbox, files, "mlp_torch.network").verdict is not Verdict.INTERNAL
