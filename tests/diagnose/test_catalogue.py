"""The catalogue is whole: every name that can be given has its text, and every text can be reached."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import grader.diagnose
from grader.diagnose import CATALOGUE, FORWARD_HYPOTHESES, HYPOTHESES, Fault
from grader.diagnose.faults import FAULTS
from reference.layers import LAYERS

ID = re.compile(r"[GFPNMTU][1-6]\d\d")


def test_ids_are_unique_and_well_formed() -> None:
    ids = [fault.id for fault in FAULTS]
    assert len(ids) == len(set(ids))
    assert [one for one in ids if not ID.fullmatch(one)] == []


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id)
def test_every_entry_is_complete(fault: Fault) -> None:
    assert fault.meaning
    assert fault.why
    assert fault.see
    assert fault.hint.endswith("?")
    assert "{" not in fault.titled("bias gradient")


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id)
def test_an_explanation_fills_every_gap(fault: Fault) -> None:
    text = fault.explanation()
    assert text.startswith(f"{fault.id}  ")
    assert "{" not in text
    assert "Hint\n" in text


def test_every_hypothesis_has_a_text() -> None:
    assert {h.fault for h in (*HYPOTHESES, *FORWARD_HYPOTHESES)} <= set(CATALOGUE)


def test_every_text_can_be_reached() -> None:
    """Its id is used somewhere outside the texts: in the diagnosis, or in a check that names what it saw."""
    folder = Path(grader.diagnose.__file__).parent
    used = {
        name
        for path in (*folder.rglob("*.py"), *(folder.parent / "checks").glob("*.py"))
        if "faults" not in path.parts
        for name in ID.findall(path.read_text(encoding="utf-8"))
    }
    used |= {f"{side}{number}" for side in "GF" for number in (122, 123, 124)}
    assert sorted(set(CATALOGUE) - used) == []


def test_hypotheses_name_layers_and_tensors_that_exist() -> None:
    tensors = {name for layer in LAYERS.values() for name in layer.tensors}
    for hypothesis in (*HYPOTHESES, *FORWARD_HYPOTHESES):
        unknown = set(hypothesis.layers) - set(LAYERS) - {"softplus", "swish", "gelu"}
        assert not unknown, (hypothesis.fault, unknown)
        assert set(hypothesis.tensors) <= tensors, (hypothesis.fault, hypothesis.tensors)
