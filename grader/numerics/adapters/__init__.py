"""Layers of this process as subjects: objects, pairs of functions, torch modules and functions."""

from grader.numerics.adapters.functions import FunctionsSubject
from grader.numerics.adapters.layers import LayerSubject
from grader.numerics.adapters.parameters import find_parameters
from grader.numerics.adapters.torch_modules import TorchSubject

__all__ = ["FunctionsSubject", "LayerSubject", "TorchSubject", "find_parameters"]
