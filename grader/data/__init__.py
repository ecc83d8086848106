"""The images that training uses: CIFAR-10 where it is given, else a generated stand-in of the same shape."""

from __future__ import annotations

from grader.data.dataset import DataSet, normalise
from grader.data.fetch import fetch
from grader.data.load import data_info, load_data

__all__ = ["DataSet", "data_info", "fetch", "load_data", "normalise"]
