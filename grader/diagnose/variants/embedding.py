"""The embedding."""

from __future__ import annotations

import numpy as np

from grader.diagnose.observation import Observation
from grader.diagnose.variants.point import Floats, Integers, tensor, upstream


def embedding_output(observation: Observation) -> Floats:
    """Rows of the table."""
    return np.asarray(tensor(observation, "weight")[looked_up(observation)])


def looked_up(observation: Observation) -> Integers:
    """The indices as they are, of any shape."""
    return np.asarray(observation.constants["indices"]).astype(np.int64)


def embedding_gradients(observation: Observation) -> dict[str, Floats]:
    """dout added to the rows that were looked up."""
    gradient = np.zeros_like(tensor(observation, "weight"))
    np.add.at(gradient, looked_up(observation), upstream(observation))
    return {"weight": gradient}
