"""Which year's homework a submission answers."""

from __future__ import annotations

import pytest

from grader.errors import RubricError
from grader.rubric import load_rubric
from grader.submission.outline import Outline, read_outline
from grader.variants import find_variant

TRAIN = "def train(hidden_dims, lr): return 1\n"


def found(modules: str, train: str, asked: str | None = None) -> tuple[str, str]:
    files = {"modules": modules, "train_mlp_numpy": train}

    def outline(module: str) -> Outline | None:
        return read_outline(module, files[module].encode()) if module in files else None

    result = find_variant(load_rubric("uva_dl1_a1"), outline, asked=asked)
    return result.id, result.reason


@pytest.mark.parametrize(
    ("modules", "train", "variant"),
    [
        ("class ELUModule: pass", TRAIN + "def accuracy(p, t): return 1", "2025"),
        (
            "class ELUModule: pass",
            TRAIN + "def confusion_matrix(p, t): return 1\ndef confusion_matrix_to_metrics(c): return 1",
            "2023",
        ),
        ("class ReLUModule: pass", TRAIN + "def accuracy(p, t): return 1", "2021"),
        ("class ELUModule: pass", "def train(): return 1\ndef accuracy(p, t): return 1", "2020"),
        (
            "class ELUModule:\n def __init__(self, alpha): self.a = alpha",
            "def train(*args, **kwargs): return 1\ndef accuracy(p, t): return 1",
            "2025",
        ),
        ("class ReLUModule: pass", "def train(): return 1\ndef accuracy(p, t): return 1", "2019"),
        ("class LeakyReLUModule: pass", "def train(): return 1\ndef accuracy(p, t): return 1", "2019-leaky"),
        ("class ELUModule: pass", "", "2023"),
    ],
)
def test_the_variant_is_found(modules: str, train: str, variant: str) -> None:
    assert found(modules, train)[0] == variant


def test_a_variant_can_be_asked_for_by_any_of_its_names() -> None:
    assert found("", "", asked="2022") == ("2023", "as asked")
    with pytest.raises(RubricError, match="its variants are: 2025, 2024"):
        found("", "", asked="1999")


def test_finding_nothing_is_said() -> None:
    assert "nothing of any variant" in found("", "")[1]
