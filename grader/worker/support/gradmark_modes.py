"""Counts what batch norm does while a submission trains: forward and backward passes, by mode.

The grader runs this source in the worker before ``train`` and reads ``counts`` after it.
"""

from __future__ import annotations

from typing import Any

import torch

counts = {"train forward": 0, "train backward": 0, "eval backward": 0}
_Norm = torch.nn.modules.batchnorm._BatchNorm


def _watched(cls: Any) -> None:
    own = cls.forward

    def forward(self: Any, x: Any) -> Any:
        mode = "train" if self.training else "eval"
        if mode == "train":
            counts["train forward"] += 1
        out = own(self, x)
        if out.requires_grad:
            out.register_hook(lambda _: _count(f"{mode} backward"))
        return out

    cls.forward = forward


def _count(name: str) -> None:
    counts[name] += 1


_watched(_Norm)
