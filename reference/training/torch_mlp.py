"""The MLP and its training step in PyTorch, on the CPU, a CUDA device or Apple's MPS."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from reference.training.images import Images

State = Mapping[str, torch.Tensor]
ACTIVATIONS: dict[str, type[nn.Module]] = {"elu": nn.ELU, "relu": nn.ReLU}
CHUNK = 5_000  # images evaluated at a time


def pick_device(name: str = "auto") -> torch.device:
    """The device of a name; ``auto`` takes CUDA, then MPS, then the CPU.

    Raises:
        ValueError: if this machine or this build of torch does not have the device.
    """
    found = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        return torch.device(next(kind for kind in ("cuda", "mps", "cpu") if found[kind]))
    kind = name.partition(":")[0]
    if not found.get(kind, False):
        raise ValueError(
            f"device {name!r}: not here; available: {', '.join(k for k, here in found.items() if here)}"
        )
    return torch.device(name)


def build(
    sizes: Sequence[int], *, batch_norm: bool = False, activation: type[nn.Module] = nn.ELU
) -> nn.Sequential:
    """Linear layers of these sizes with an activation between them, batch norm before it on request.

    Weights are Kaiming normal, ``std = sqrt(2 / fan_in)`` and ``sqrt(1 / fan_in)`` for the input layer; biases zero.
    """
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    for number, (fan_in, fan_out) in enumerate(pairwise(sizes), start=1):
        linear = nn.Linear(fan_in, fan_out)
        nn.init.normal_(linear.weight, std=float(np.sqrt((1 if number == 1 else 2) / fan_in)))
        nn.init.zeros_(linear.bias)
        layers[f"linear{number}"] = linear
        if number < len(sizes) - 1:
            if batch_norm:
                layers[f"norm{number}"] = nn.BatchNorm1d(fan_out)
            layers[f"activation{number}"] = activation()
    return nn.Sequential(layers)


class TorchMLP:
    """A network, its plain SGD step and its evaluation. The images are moved to the device once."""

    def __init__(
        self,
        images: Images,
        hidden: Sequence[int],
        *,
        classes: int,
        seed: int,
        batch_norm: bool = False,
        activation: type[nn.Module] = nn.ELU,
        device: str = "auto",
    ) -> None:
        self.device = pick_device(device)
        self.data_seconds = self.product_seconds = 0.0
        torch.manual_seed(seed)
        sizes = (images.features, *hidden, classes)
        self.network = build(sizes, batch_norm=batch_norm, activation=activation).to(self.device)
        self._train, self._validation, self._test = (
            (torch.from_numpy(x).to(self.device), torch.from_numpy(y).to(self.device))
            for x, y in (
                (images.train_x, images.train_y),
                (images.validation_x, images.validation_y),
                (images.test_x, images.test_y),
            )
        )

    def order(self, count: int) -> NDArray[np.int64]:
        """The order of the training images in the next epoch, drawn as torch's ``DataLoader`` draws it."""
        torch.empty((), dtype=torch.int64).random_()  # the loader's seed for its workers
        seed = int(torch.empty((), dtype=torch.int64).random_())
        order: NDArray[np.int64] = torch.randperm(
            count, generator=torch.Generator().manual_seed(seed)
        ).numpy()
        return order

    def step(self, rows: NDArray[np.int64], rate: float) -> float:
        """One SGD step on a batch of training images, by row number; the mean loss before it."""
        start = time.perf_counter()
        chosen = torch.from_numpy(rows).to(self.device)
        x, y = self._train[0].index_select(0, chosen), self._train[1].index_select(0, chosen)
        self.data_seconds += time.perf_counter() - start
        self.network.train()
        loss = functional.cross_entropy(self.network(x), y)
        parameters = list(self.network.parameters())
        with torch.no_grad():
            for p, dp in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
                p.sub_(dp, alpha=rate)
        return float(loss.detach())

    def accuracy(
        self, x: torch.Tensor, y: torch.Tensor, *, train_mode: bool = False, batch: int = CHUNK
    ) -> float:
        """Share of images (N, D) that are classified right, in evaluation mode unless ``train_mode``.

        In training mode, batch norm uses the statistics of each batch of ``batch`` images; its running averages
        are left as they were.
        """
        saved = self.state()
        self.network.train(train_mode)
        with torch.no_grad():
            right = sum(
                int((self.network(x[i : i + batch]).argmax(dim=1) == y[i : i + batch]).sum())
                for i in range(0, len(y), batch)
            )
        if train_mode:
            self.restore(saved)
        self.network.eval()
        return right / len(y)

    def validation_accuracy(self) -> float:
        """Accuracy on the validation images."""
        return self.accuracy(*self._validation)

    def test_accuracy(self, *, train_mode: bool = False, batch: int = CHUNK, by_class: bool = False) -> float:
        """Accuracy on the test images, on request sorted by class before they are cut into batches."""
        x, y = self._test
        order = torch.argsort(y, stable=True) if by_class else slice(None)
        return self.accuracy(x[order], y[order], train_mode=train_mode, batch=batch)

    def dead_units(self, *, at_most: int = CHUNK) -> tuple[int, int]:
        """How many ReLU units give 0 for each of some training images, in evaluation mode, and how many there are."""
        self.network.eval()
        x, dead, units = self._train[0][:at_most], 0, 0
        with torch.no_grad():
            for layer in self.network:
                x = layer(x)
                if isinstance(layer, nn.ReLU):
                    dead, units = dead + int((x.amax(dim=0) <= 0).sum()), units + x.shape[1]
        return dead, units

    def state(self) -> State:
        """A copy of all parameters and running averages."""
        return {name: value.detach().clone() for name, value in self.network.state_dict().items()}

    def restore(self, state: State) -> None:
        """Take back what ``state`` gave."""
        self.network.load_state_dict(dict(state))
