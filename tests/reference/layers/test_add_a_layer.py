"""The layer written out in docs/add-a-layer.md is a whole one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from reference.layers import Layer
from tests.reference.layers.proof import prove

PAGE = Path(__file__).parents[3] / "docs" / "add-a-layer.md"


def softplus() -> Layer:
    """The record that the page's Python block defines."""
    block = PAGE.read_text(encoding="utf-8").split("```python\n")[1].split("```")[0]
    names: dict[str, object] = {}
    exec(compile(block, str(PAGE), "exec"), names)
    layer = names["SOFTPLUS"]
    assert isinstance(layer, Layer)
    return layer


def test_layer_of_the_page_is_proven_at_all_its_cases() -> None:
    layer = softplus()
    assert layer.cases
    for case in layer.cases:
        prove(layer, case)


def test_proof_of_the_page_can_fail() -> None:
    layer = replace(softplus(), backward=lambda dout, x: {"x": dout * (x > 0)})
    with pytest.raises(AssertionError, match="dx against autograd: off by"):
        prove(layer, layer.cases[0])
