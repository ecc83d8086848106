"""Errors that come from a package that has moved on, and not from the submission that uses it as it once
was.
"""

from __future__ import annotations

import re

_ABSTRACT = (
    "Callable|Container|Hashable|Iterable|Iterator|Mapping|MutableMapping|MutableSequence|Sequence|Set|Sized"
)
_CHANGES: tuple[tuple[str, str], ...] = (
    (
        r"module 'numpy' has no attribute '(bool|int|float|complex|object|str)'",
        "numpy.{0} was removed in NumPy 1.24",
    ),
    (r"module 'numpy' has no attribute '(typeDict|MachAr|long|unicode)'", "numpy.{0} was removed from NumPy"),
    (r"`np\.(\w+)` was removed in the NumPy 2\.0 release", "numpy.{0} was removed in NumPy 2.0"),
    (
        r"module 'numpy' has no attribute '(product|cumproduct|sometrue|alltrue|in1d|trapz|row_stack|asscalar)'",
        "numpy.{0} was removed from NumPy",
    ),
    (
        r"reshape\(\) got an unexpected keyword argument 'newshape'",
        "numpy.reshape(newshape=) was removed in NumPy 2.4; it is called shape now",
    ),
    (
        r"boxplot\(\) got an unexpected keyword argument 'labels'",
        "matplotlib's boxplot(labels=) was removed; it is called tick_labels now",
    ),
    (rf"module 'collections' has no attribute '({_ABSTRACT})'", "collections.{0} moved to collections.abc"),
    (rf"cannot import name '({_ABSTRACT})' from 'collections'", "collections.{0} moved to collections.abc"),
    (
        r"__init__\(\) got an unexpected keyword argument '(verbose)'",
        "{0} was removed from torch's schedulers",
    ),
    (
        r"cannot import name '(container_abcs|string_classes|int_classes|_six)' from 'torch",
        "torch no longer has {0}",
    ),
    (r"module 'inspect' has no attribute '(getargspec)'", "inspect.{0} was removed in Python 3.11"),
    (
        r"only 0-dimensional arrays can be converted to Python scalars",
        "NumPy 2.4 converts no array with dimensions to a scalar any more, even of one element",
    ),
    (r"Weights only load failed", "torch.load reads only weights since torch 2.6, unless weights_only=False"),
)
_KINDS = frozenset(("AttributeError", "TypeError", "ImportError", "UnpicklingError"))


def explain_change(kind: str, message: str) -> str:
    """What has changed in a package so that this error is raised now; empty where nothing is known.

    Args:
        kind: name of the exception's type.
        message: its text.
    """
    if kind not in _KINDS:
        return ""
    for pattern, explanation in _CHANGES:
        found = re.search(pattern, message)
        if found:
            return explanation.format(*found.groups())
    return ""
