"""Counts what batch norm, and the model around it, do while a submission trains: forward and backward passes, by mode.

The grader runs this source in the worker before ``train`` and reads ``counts`` after it. A model is any module with
parameters that no other module calls.
"""

from __future__ import annotations

from typing import Any

import torch

counts = {
    f"{who}{mode} {way}": 0
    for who in ("", "model ")
    for mode in ("train", "eval")
    for way in ("forward", "backward")
}
_Norm = torch.nn.modules.batchnorm._BatchNorm
_depth = [0]


def _noted(who: str, module: Any, out: Any) -> Any:
    """Count a pass of a module that gave ``out``, and the gradient that comes back to it."""
    name = (
        f"{who}{'train' if vars(module).get('training') else 'eval'}"  # kept there, not made up by a property
    )
    _count(f"{name} forward")
    if getattr(out, "requires_grad", False):
        out.register_hook(lambda _: _count(f"{name} backward"))
    return out


def _count(name: str) -> None:
    counts[name] += 1


def _watch_norm(cls: Any) -> None:
    own = cls.forward

    def forward(self: Any, x: Any) -> Any:
        return _noted("", self, own(self, x))

    cls.forward = forward


def _watch_models(cls: Any) -> None:
    own = cls.__call__

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        _depth[0] += 1
        try:
            out = own(self, *args, **kwargs)
        finally:
            _depth[0] -= 1
        outermost = _depth[0] == 0 and next(self.parameters(), None) is not None
        return _noted("model ", self, out) if outermost else out

    cls.__call__ = call


_watch_norm(_Norm)
_watch_models(torch.nn.Module)
