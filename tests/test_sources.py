"""What importing a module of a submission reads."""

from __future__ import annotations

from grader.checks.support import USES_TORCH, needed_packages, support_files
from grader.submission.sources import Sources

FILES = {
    "modules.py": b"import numpy as np\nfrom layers import linear\nfrom helper import *",
    "layers/__init__.py": b"",
    "layers/linear.py": b"from . import base\n",
    "layers/base.py": b"import torch.nn as nn",
    "helper.py": b"import modules\nimport tqdm",
    "metrics.py": b"import cifar10_utils",
    "broken.py": b"import numpy\nclass",
}


def test_a_reach_follows_imports_through_the_submissions_own_files() -> None:
    reach = Sources(FILES).reach("modules")
    assert reach.files == {
        "modules.py",
        "layers/__init__.py",
        "layers/linear.py",
        "layers/base.py",
        "helper.py",
    }
    assert reach.packages == {"numpy", "torch", "tqdm"}


def test_a_reach_of_what_is_not_there_or_cannot_be_parsed_is_itself() -> None:
    assert Sources(FILES).reach("scipy.stats").packages == {"scipy"}
    assert Sources(FILES).reach("broken").files == {"broken.py"}
    assert Sources(FILES).reach("").files == frozenset()


def test_our_modules_bring_what_they_import() -> None:
    assert "torch" in needed_packages(Sources(FILES), "metrics")
    ours = Sources(support_files())
    assert {name for name in USES_TORCH if "torch" in ours.reach(name).packages} == USES_TORCH
