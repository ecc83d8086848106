"""A torch module, a torch function or a ``torch.autograd.Function`` as a subject; torch is imported late."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from grader.numerics.adapters.local import LocalSubject
from grader.numerics.subject import Array


class TorchSubject(LocalSubject):
    """Something that maps tensors to a tensor, with the backward that autograd finds in it.

    Args:
        target: a ``torch.nn.Module``, a ``torch.autograd.Function`` class, or a function of tensors.
        inputs: names of the differentiable inputs, in order.
        constants: names of the constants, in order, after the inputs.
    """

    def __init__(self, target: Any, *, inputs: Sequence[str] = ("x",), constants: Sequence[str] = ()) -> None:
        super().__init__()
        import torch

        self._torch = torch
        self._module = copy.deepcopy(target) if isinstance(target, torch.nn.Module) else None
        is_function = isinstance(target, type) and issubclass(target, torch.autograd.Function)
        self._function: Callable[..., Any] | None = target.apply if is_function else target
        self.inputs = tuple(inputs)
        self.constants = tuple(constants)

    def new(self) -> Any:
        """A copy of the module, or the function."""
        return copy.deepcopy(self._module) if self._module is not None else self._function

    def values(self) -> dict[str, Array]:
        """The parameters of the module by name."""
        if self._module is None:
            return {}
        return {name: p.detach().cpu().numpy().copy() for name, p in self._module.named_parameters()}

    def forward(
        self, instance: Any, tensors: dict[str, Array], constants: dict[str, Array]
    ) -> tuple[Any, Any]:
        """The output as an array; the graph is kept."""
        torch = self._torch
        wanted: dict[str, Any] = {}
        if self._module is not None:
            for name, parameter in instance.named_parameters():
                if name in tensors:
                    with torch.no_grad():
                        parameter.data = torch.from_numpy(np.array(tensors[name]))
                    wanted[name] = parameter
        for name in self.inputs:
            if name in tensors:
                wanted[name] = torch.from_numpy(np.array(tensors[name])).requires_grad_()
        arguments = [wanted[name] for name in self.inputs if name in wanted]
        arguments += [
            torch.as_tensor(np.array(constants[name])) for name in self.constants if name in constants
        ]
        output = instance(*arguments)
        return output.detach().cpu().numpy(), (output, wanted)

    def backward(self, instance: Any, kept: Any, cotangent: Array) -> tuple[dict[str, Any], dict[str, Any]]:
        """Vector-Jacobian products; a tensor that the output does not depend on has the gradient 0."""
        torch = self._torch
        output, wanted = kept
        if not output.requires_grad:
            return {name: np.zeros(tuple(leaf.shape)) for name, leaf in wanted.items()}, {}
        grads = torch.autograd.grad(
            output,
            list(wanted.values()),
            torch.from_numpy(np.array(cotangent)).to(output.dtype),
            retain_graph=True,
            allow_unused=True,
        )
        return {
            name: np.zeros(tuple(leaf.shape)) if grad is None else grad.detach().cpu().numpy()
            for (name, leaf), grad in zip(wanted.items(), grads, strict=True)
        }, {}
