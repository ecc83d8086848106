"""Notebooks: code cells become the modules that a homework asks for, and feedback goes back below the work.

A notebook mixes definitions with experiments. What comes out keeps imports, functions, classes and what they need
(constants, default arguments, seeds); training runs, plots and prints stay behind, so that importing the module is
quick. Magics and shell lines are left out. Every stretch of code stands below a line that names its cell, which
`locate` finds again, and a cell that fails or cannot be read costs only those who use what it defines.
"""

from __future__ import annotations

from grader.notebooks.cells import Cell, read_cells
from grader.notebooks.modules import Converted, convert, locate, notebook_to_files

__all__ = ["Cell", "Converted", "convert", "locate", "notebook_to_files", "read_cells"]
