"""Layers to try a gradient checker on: right ones in unusual styles, and the same with one fault each.

A right layer is a :class:`Style`. A fault is a piece of a style's source replaced by another: :class:`Fault`. Both
come with draws of points in several regimes.
"""

from tests.numerics.corpus.corpus import FAULTS, REGIMES, STYLES, check_style, shown
from tests.numerics.corpus.styles import Fault, Style

__all__ = ["FAULTS", "REGIMES", "STYLES", "Fault", "Style", "check_style", "shown"]
