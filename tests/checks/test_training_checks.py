"""Training checks: right, wrong and missing loops, and submissions that cheat or search for labels."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from grader.checks import training_best, training_report, training_short
from grader.checks.claim import check_claim
from grader.checks.context import CannotJudge, Context, Finding
from grader.checks.training import check_training
from grader.checks.training_budget import Budget
from grader.checks.training_run import run_train
from grader.checks.training_steps import step_fault
from grader.data import DataSet, standin
from grader.data.store import open_data, write_data
from grader.model import Band, Verdict
from grader.rubric import ClaimSpec, PartSpec, Rubric, TrainingBands, TrainingSpec, load_rubric
from grader.sandbox import Sandbox
from grader.submission import submission_from_files
from tests.checks.test_network_checks import OWN_NORM
from tests.grading_support import full_marks_with

BANDS = TrainingBands(stand_in=(Band(at_least=0.15, share=0.5), Band(at_least=0.2, share=1.0)))
TORCH, NUMPY = "train_mlp_pytorch", "train_mlp_numpy"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> DataSet:
    """A stand-in of 9,000 training and 2,000 test images."""
    target = tmp_path_factory.mktemp("cache") / "stored"
    train, test = standin.generate(train=9_000, test=2_000)
    write_data(target, train=train, test=test, classes=standin.CLASSES, facts={})
    found = open_data(target, kind="stand-in", description="small")
    assert found is not None
    return found


@pytest.fixture(autouse=True)
def short_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_short, "IMAGES", 640)
    monkeypatch.setattr(training_short, "HELD_OUT", 500)
    monkeypatch.setattr(training_best, "IMAGES", 3_000)


def context_of(
    sandbox: Sandbox, data: DataSet, files: dict[str, bytes], module: str, **changes: Any
) -> Context:
    rubric: Rubric = load_rubric("uva_dl1_a1")
    settings = {
        "images": 2_500,
        "epochs": 1,
        "bands": BANDS,
        "batch_norm": None if module == NUMPY else False,
    }
    spec = TrainingSpec(kind="training", id="it", **{**settings, **changes})
    part = PartSpec(id="train", title="train", target=f"{module}:train", checks=(spec,))
    submission = submission_from_files(files, name="made", modules=rubric.modules)
    return Context(rubric, part, spec, submission, sandbox, seed=1, load_data=lambda: data)


def judged(
    sandbox: Sandbox,
    data: DataSet,
    ask: str,
    module: str = TORCH,
    files: dict[str, bytes] | None = None,
    **more: Any,
) -> Finding:
    """What a check finds out about full_marks, or about other files."""
    context = context_of(sandbox, data, files or full_marks_with(), module, ask=ask, **more)
    try:
        return check_training(context.spec, context)  # type: ignore[arg-type]
    except CannotJudge as reason:
        return reason.finding


def changed(module: str, old: str, new: str) -> dict[str, bytes]:
    return full_marks_with(**{module: (old, new)})


@pytest.mark.parametrize(
    ("module", "ask"),
    [(NUMPY, "accuracy"), (NUMPY, "best_model"), (NUMPY, "architectures")]
    + [
        (TORCH, ask) for ask in ("best_model", "repeats", "architectures", "honest_report", "train_eval_mode")
    ],
)
def test_the_right_loop_passes(sandbox: Sandbox, data: DataSet, module: str, ask: str) -> None:
    explodes = {"learning_rate": 100.0} if (module, ask) == (NUMPY, "architectures") else {}
    found = judged(sandbox, data, ask, module, **explodes)
    assert found.verdict is Verdict.PASSED, found.message


WRONG = [
    ("loss_falls", "            optimizer.step()\n", "", Verdict.FAILED, "no better than chance"),
    ("accuracy", "            optimizer.step()\n", "", Verdict.FAILED, "on 1,000 private images"),
    ("best_model", "deepcopy(model.state_dict())", "model.state_dict()", Verdict.FAILED, "The last model comes back"),
    ("best_model", "val_accuracies.append(", "val_accuracies[:] = [0.0]; val_accuracies.append(", Verdict.FAILED,
     "2 validation accuracies come back for 4 epochs"),
    ("best_model", "    model.load_state_dict(best_state)\n    test_accuracy = evaluate_model(model, cifar10_loader['test'])",
     "    test_accuracy = evaluate_model(model, cifar10_loader['test'])\n    model.load_state_dict(best_state)",
     Verdict.PARTIAL, "belongs to another one"),
    ("best_model", "evaluate_model(model, cifar10_loader['validation'])", "evaluate_model(model, cifar10_loader['test'])",
     Verdict.FAILED, "is chosen on the test images"),
    ("best_model", "        if val_accuracies[-1] > best_accuracy:\n            best_accuracy = val_accuracies[-1]\n",
     "        tested = evaluate_model(model, cifar10_loader['test'])\n        if tested > best_accuracy:\n            best_accuracy = tested\n",
     Verdict.FAILED, "is chosen on the test images: another model"),
    # two ways to choose that are right: the lowest loss, which may come before the highest accuracy, and stopping early
    ("best_model", "        if val_accuracies[-1] > best_accuracy:\n", "        if epoch == 0 or (lr < 0.1 and val_accuracies[-1] > best_accuracy):\n",
     Verdict.PASSED, "epochs comes back"),
    ("best_model", "            best_state = deepcopy(model.state_dict())\n",
     "            best_state = deepcopy(model.state_dict())\n        else:\n            break\n", Verdict.PASSED, "comes back"),
    ("best_model", "        if val_accuracies[-1] > best_accuracy:\n", "        if epoch == 0:\n", Verdict.FAILED, "The returned model is right on"),
    ("best_model", "    for epoch in range(epochs):\n", "    cifar10_loader['train'] = list(cifar10_loader['train'])\n"
     "    for epoch in range(epochs):\n", Verdict.PASSED, "epochs comes back"),
    # what fails with few epochs, and not with those of the homework, is run with these
    ("best_model", "        print(f'Epoch {epoch", "        epoch % (epochs // 5) or print(f'Epoch {epoch", Verdict.PASSED, "The best of 10 epochs"),
    ("architectures", "        print(f'Epoch {epoch", "        epoch % (epochs // 5) or print(f'Epoch {epoch", Verdict.PASSED, "should have"),
    ("architectures", "        print(f'Epoch {epoch", "        epoch % 0 or print(f'Epoch {epoch", Verdict.ERRORED, "train (1 epoch"),
    ("best_model", "tqdm(cifar10_loader['train']", "tqdm(torch.utils.data.DataLoader(torch.utils.data.ConcatDataset("
     "[cifar10['train'], cifar10['validation']]), batch_size, shuffle=True)", Verdict.FAILED, "The validation images are trained on"),
    ("best_model", "    for epoch in range(epochs):\n", "    return model, [0.3 + 0.01 * i for i in range(epochs)], 0.4, {}\n"
     "    for epoch in range(epochs):\n", Verdict.FAILED, "the returned model is right on"),
    ("best_model", "val_accuracies.append(evaluate_model(model, cifar10_loader['validation']))",
     "val_accuracies.append(val_accuracies[0] - 0.015 * epoch if epoch else evaluate_model(model, cifar10_loader['validation']))",
     Verdict.MANUAL, "does not read the validation images in every epoch"),
    ("repeats", "    torch.manual_seed(seed)\n", "", Verdict.FAILED, "different results"),
    ("repeats", "    torch.manual_seed(seed)\n", "    torch.manual_seed(vars(torch).setdefault('kept', {}).setdefault(seed, torch.seed()))\n",
     Verdict.FAILED, "different results"),
    ("repeats", "    torch.manual_seed(seed)\n", "    torch.manual_seed(42)\n", Verdict.PARTIAL, "so does another one"),
    ("learning_rate", "lr=lr)", "lr=0.1)", Verdict.FAILED, "with lr = 1e-06."),
    ("architectures", "MLP(32 * 32 * 3, hidden_dims, 10", "MLP(32 * 32 * 3, [128], 10", Verdict.PARTIAL, "hidden_dims = []"),
    ("architectures", "batch_size=batch_size", "batch_size=64", Verdict.PARTIAL, "batch_size = 128: the models are the same"),
    ("architectures", "range(epochs)", "range(epochs + 1)", Verdict.PARTIAL, "both of models that were trained"),
    ("architectures", "    np.random.seed(seed)\n", "    hidden_dims, lr, batch_size, epochs = [128], 0.1, 32, 2\n    np.random.seed(seed)\n",
     Verdict.FAILED, "batch_size = 128: the models are the same"),
    ("architectures", "range(epochs)", "range(3)", Verdict.PARTIAL, "3 validation accuracies come back"),
    ("architectures", "    return model, val", "    model.forward = lambda x: torch.ones(len(x), 10)\n    return model, val",
     Verdict.FAILED, "the same for every image"),
    ("architectures", "    for epoch in range(epochs):\n", "    return model, [0.5] * epochs, 0.5, {}\n    for epoch in range(epochs):\n",
     Verdict.FAILED, "No training image is read"),
    ("train_eval_mode", "    model.eval()\n", "", Verdict.FAILED, "The model is evaluated in train mode"),
    ("train_eval_mode", "        model.train()\n", "", Verdict.FAILED, "training goes on in the mode of the evaluation"),
    ("train_eval_mode", "10, use_batch_norm)", "10, True)", Verdict.PARTIAL, "With use_batch_norm = False"),
    ("honest_report", "return model, val_accuracies, test_accuracy, logging_dict",
     "return model, [1.0] * epochs, 1.0, logging_dict", Verdict.FAILED, "above what the returned model reaches"),
    ("honest_report", "return model, val_accuracies, test_accuracy, logging_dict", "return model, None, None, None",
     Verdict.FAILED, "train returns no test accuracy"),
    ("accuracy", "return model, val_accuracies, test_accuracy, logging_dict", "return ..., ..., ..., ...",
     Verdict.MISSING, "is not filled in yet"),
    ("accuracy", "return model, val_accuracies, test_accuracy, logging_dict", "return None", Verdict.MISSING, "returned nothing"),
    ("accuracy", "    model.load_state_dict(best_state)\n", "    raise ValueError('no')\n", Verdict.ERRORED, "ValueError: no"),
]  # fmt: skip


@pytest.mark.parametrize(("ask", "old", "new", "verdict", "said"), WRONG)
def test_a_changed_loop_is_named(
    sandbox: Sandbox, data: DataSet, ask: str, old: str, new: str, verdict: Verdict, said: str
) -> None:
    found = judged(sandbox, data, ask, files=changed(TORCH, old, new))
    assert said in found.message
    assert found.verdict is verdict


def test_a_validation_accuracy_is_no_test_accuracy_however_near(
    sandbox: Sandbox, data: DataSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_report, "UNREAD", 1.0)
    files = changed(TORCH, "cifar10_loader['test']", "cifar10_loader['validation']")
    found = judged(sandbox, data, "honest_report", files=files)
    assert found.diagnoses[0].id == "T150", found.message


def test_a_call_that_hangs_is_ended(sandbox: Sandbox, data: DataSet) -> None:
    files = changed(TORCH, "    np.random.seed(seed)\n", "    import time; time.sleep(60)\n")
    found = judged(sandbox, data, "accuracy", files=files, seconds=1.5)
    assert found.verdict is Verdict.ERRORED
    assert "train does not get anywhere: after 2 s" in found.message


def test_endless_training_is_ended_and_not_tried_for_ever(sandbox: Sandbox, data: DataSet) -> None:
    files = changed(TORCH, "for epoch in range(epochs):", "for epoch in iter(int, 1):")
    context = context_of(sandbox, data, files, TORCH)
    messages = []
    for seed in range(3):
        with pytest.raises(CannotJudge) as reason:
            run_train(context, Budget(images=640, epochs=1, held_out=100, batch_norm=False, seed=seed), ())
        messages.append(reason.value.finding.message)
    assert "train does not stop: called with 1 epoch of 640 images" in messages[0]
    assert "it had read all training images" in messages[0]
    assert messages[2] == "train hung in 2 calls and is not called again."


def test_slow_is_called_slow_and_not_wrong(sandbox: Sandbox, data: DataSet) -> None:
    new = "            import time; time.sleep(0.2)\n            optimizer.step()\n"
    files = changed(TORCH, "            optimizer.step()\n", new)
    found = judged(sandbox, data, "accuracy", files=files, seconds=2.5)
    assert found.verdict is Verdict.ERRORED
    assert "train is too slow: after 2 s" in found.message
    assert "This does not say that it is wrong." in found.message


def test_what_students_return_otherwise_is_read(sandbox: Sandbox, data: DataSet) -> None:
    new = (
        "from collections import namedtuple\n"
        "    return namedtuple('Result', 'model epoch test val log')(model, logging_dict['epoch_loss'], "
        "np.float32(100 * test_accuracy), torch.tensor(val_accuracies), {'train_loss': np.array(logging_dict['step_loss'])})"
    )
    files = changed(TORCH, "return model, val_accuracies, test_accuracy, logging_dict", new)
    loaders = "{k: torch.utils.data.DataLoader(cifar10[k], batch_size, k == 'train', drop_last=k == 'train', num_workers=2) for k in cifar10}"
    source = files["train_mlp_pytorch.py"].decode()
    source = source.replace(
        "cifar10_utils.get_dataloader(cifar10, batch_size=batch_size, return_numpy=False)", loaders
    )
    assert "num_workers" in source
    files["train_mlp_pytorch.py"] = source.encode()
    context = context_of(sandbox, data, files, TORCH)
    trial = run_train(context, Budget(images=640, epochs=1, held_out=200, batch_norm=False), ("public",))
    assert trial.validation is not None
    assert len(trial.validation) == 1
    assert trial.test == pytest.approx(
        float((trial.outputs["public"].argmax(1) == data.public()[1][:200]).mean()), abs=1e-4
    )
    assert len(trial.losses) == 5


def test_constant_accuracies_earn_what_the_model_measures(sandbox: Sandbox, data: DataSet) -> None:
    lie = changed(TORCH, "return model, val_accuracies, test_accuracy", "return model, [1.0] * epochs, 1.0")
    honest, lying = (judged(sandbox, data, "accuracy", files=files) for files in (full_marks_with(), lie))
    assert honest.evidence[0].got == lying.evidence[0].got
    assert lying.verdict is honest.verdict
    assert lying.evidence[0].got is not None
    assert lying.evidence[0].got < 0.6
    idle = changed(
        TORCH, "return model, val_accuracies, test_accuracy", "return MLP(3072, [], 10), [1.0], 1.0"
    )
    assert judged(sandbox, data, "accuracy", files=idle).verdict is Verdict.FAILED


@pytest.mark.parametrize(
    ("module", "old", "new", "fault"),
    [
        (TORCH, "            optimizer.zero_grad()\n", "", "T110"),
        (NUMPY, "layer.params['weight'] -= lr", "layer.params['weight'] += lr", "T111"),
        (NUMPY, "            layer.params['bias'] -= lr * layer.grads['bias']\n", "", "T113"),
        (TORCH, "loss.backward()", "(loss * 128).backward()", "T114"),
        (TORCH, "loss_module(model(images)", "loss_module(model(images).softmax(1)", "T116"),
        (
            NUMPY,
            "        losses = []\n",
            "        best_accuracy, losses, model = -1.0, [], MLP(n_inputs=3072, n_hidden=hidden_dims, n_classes=10)\n",
            "T117",
        ),
        (TORCH, "lr=lr)", "lr=0.1)", "T120"),
        (TORCH, "            optimizer.step()\n", "", "T112"),
        (
            TORCH,
            "optim.SGD(model.parameters(), lr=lr)",
            "optim.SGD(model.parameters(), lr=lr, momentum=0.5)",
            "",
        ),
        (NUMPY, "Trains", "trains", ""),
    ],
)
def test_what_a_step_does_is_named(
    sandbox: Sandbox, data: DataSet, module: str, old: str, new: str, fault: str
) -> None:
    context = context_of(sandbox, data, changed(module, old, new), module, ask="loss_falls")
    found = step_fault(context.spec, context, "flat")  # type: ignore[arg-type]
    assert (found.id if found else "") == fault


AGAIN = """
_train = train


def train(hidden_dims, lr, use_batch_norm, batch_size, epochs, seed, data_dir):
    _, accuracies, _, logging = _train(hidden_dims, lr, use_batch_norm, batch_size, epochs, seed, data_dir)
    best = int(np.argmax(accuracies)) + 1
    model, _, test, _ = _train(hidden_dims, lr, use_batch_norm, batch_size, best, seed, data_dir)
    return model, accuracies, test, logging
"""


def test_training_again_up_to_the_best_epoch_is_as_good_as_keeping_it(
    sandbox: Sandbox, data: DataSet
) -> None:
    files = full_marks_with()
    files["train_mlp_pytorch.py"] += AGAIN.encode()
    assert judged(sandbox, data, "best_model", files=files).verdict is Verdict.PASSED


MODE_THAT_LIES = """
import torch
MLP.training = property(lambda model: torch.is_grad_enabled(), lambda model, mode: None)
"""


@pytest.mark.parametrize(
    ("old", "more", "faults"),
    [("", "", []), ("    model.eval()\n", "", ["T140"]), ("    model.eval()\n", MODE_THAT_LIES, ["T141"])],
)
def test_modes_of_a_batch_norm_of_their_own(
    sandbox: Sandbox, data: DataSet, old: str, more: str, faults: list[str]
) -> None:
    files = full_marks_with(mlp_pytorch=("nn.BatchNorm1d(n_out)", "Norm(n_out)"))
    norm = OWN_NORM.format(train="self.training", rate="0.1").encode()
    files["mlp_pytorch.py"] = norm + files["mlp_pytorch.py"] + more.encode()
    files["train_mlp_pytorch.py"] = files["train_mlp_pytorch.py"].replace(old.encode() or b"\0", b"")
    found = judged(sandbox, data, "train_eval_mode", files=files)
    assert [fault.id for fault in found.diagnoses] == faults, found.message


def test_claims_are_compared_with_a_run(sandbox: Sandbox, data: DataSet) -> None:
    facts: dict[str, Any] = {}

    def claimed(best: float, test: float) -> Finding:
        values = {"val": "validation_accuracies", "test": "test_accuracy"}
        spec = ClaimSpec(kind="claim", id="it", values=values)
        files = {**full_marks_with(), "results.json": json.dumps({"val": [best], "test": test}).encode()}
        context = context_of(sandbox, data, files, TORCH)
        return check_claim(spec, replace(context, spec=spec, facts=facts))

    far = claimed(0.99, 0.98)
    assert far.verdict is Verdict.FAILED
    assert "reported 0.9800; a run here on the offline stand-in (1 epoch of 4,000 images" in far.message
    test, best = (item.want or 0.0 for item in far.evidence)
    assert claimed(best + 0.01, test - 0.01).verdict is Verdict.PASSED
    assert claimed(best, 0.98).share == 0.5


SEARCH = (Path(__file__).parent / "label_search.py").read_text()


def test_private_labels_are_not_in_the_memory_disk_or_data_of_a_worker(
    sandbox: Sandbox, data: DataSet
) -> None:
    """A submission that is told what to look for finds the public labels, and never the private ones."""
    if "read_secret" in sandbox.isolation.gaps:
        pytest.skip("here a submission reads what its user can read, and the report says so")
    source = SEARCH.replace("ROOT_FOLDER = ROOT ", f"ROOT_FOLDER = {str(data.root)!r} ")
    for name, labels in (("PUBLIC", data.public()[1]), ("PRIVATE", data.private_labels)):
        first = int((labels > 0).argmax())
        source = source.replace(
            f": {name}", f": {[255 - int(label) for label in labels[first : first + 48]]}"
        )
    files = {**full_marks_with(), "train_mlp_pytorch.py": source.encode()}
    context = context_of(sandbox, data, files, TORCH)
    trial = run_train(context, Budget(images=640, epochs=1, batch_norm=False), ("private",))
    assert trial.validation is not None
    found_public, found_private = trial.validation[:2]
    assert found_public == 1.0, "the search works"
    assert found_private == 0.0


@pytest.mark.parametrize(("module", "network"), [(NUMPY, "mlp_numpy:MLP"), (TORCH, "mlp_pytorch:MLP")])
def test_the_graders_loop_trains_a_network_whose_own_loop_is_broken(
    sandbox: Sandbox, data: DataSet, module: str, network: str
) -> None:
    broken = {**full_marks_with(), f"{module}.py": b"raise RuntimeError('no loop')\n"}
    own = judged(sandbox, data, "accuracy", module, broken)
    assert own.verdict is Verdict.MISSING
    hosts = judged(
        sandbox, data, "accuracy", module, broken, loop="host", network=network, images=4_000, epochs=3
    )
    assert hosts.verdict is Verdict.PASSED, hosts.message


def test_the_graders_loop_shows_a_network_that_cannot_learn(sandbox: Sandbox, data: DataSet) -> None:
    files = changed(
        "modules", "self.grads['weight'] = dout.T @ self.x", "self.grads['weight'] = 0 * (dout.T @ self.x)"
    )
    found = judged(
        sandbox, data, "accuracy", NUMPY, files, loop="host", network="mlp_numpy:MLP", hidden_dims=()
    )
    assert found.verdict is Verdict.FAILED
