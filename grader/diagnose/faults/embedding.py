"""G62x: embedding."""

from __future__ import annotations

from grader.diagnose.fault import Fault

EMBEDDING: tuple[Fault, ...] = (
    Fault(
        "G621",
        "repeated indices overwrite each other",
        "Of several uses of one row, one counts.",
        "`g[i] += d` with an array of indices adds once for each different index: NumPy buffers it.",
        "Row 0 used twice with 1 and 2: due is 3, returned is 2.",
        "Use the same index twice in one batch.",
        "What does NumPy do with `a[[0, 0]] += 1`?",
    ),
    Fault(
        "G622",
        "repeated indices are averaged",
        "The contributions of one row are divided by their number.",
        "Each use of a row influences the loss: they are added.",
        "Row 0 used twice with 1 and 2: due is 3, returned is 1.5.",
        "Use the same index twice in one batch.",
        "Does the chain rule add or average the paths to the loss?",
    ),
    Fault(
        "G623",
        "the row beside the one that was used gets the gradient",
        "The index is off by one.",
        "Indices count from 0.",
        "Index 1: row 1 is the second.",
        "Use one index and look which row changes.",
        "Do your indices count from 0 or from 1?",
    ),
    Fault(
        "G624",
        "every row of the table gets the gradient",
        "The indices are not used.",
        "A row that was not used does not influence the loss.",
        "Index 1: rows 0 and 2 must get 0.",
        "Use one index and look which rows change.",
        "Which rows of the table does the loss depend on?",
    ),
    Fault(
        "G625",
        "the upstream gradient is stored instead of a table",
        "One row per use came back, not one per entry of the table.",
        "The gradient has the shape of the table.",
        "Three uses of a table of ten rows: due is 10 × D, returned is 3 × D.",
        "Compare the shapes of the table and of its gradient.",
        "Which shape must the gradient have?",
    ),
)
