"""The right formulas of the diagnosis agree with the reference: a hypothesis starts from the truth."""

from __future__ import annotations

import numpy as np
import pytest

from grader.diagnose.variants.table import GRADIENTS, OUTPUTS
from reference.layers import LAYERS
from tests.diagnose.plants import observe


@pytest.mark.parametrize("layer", LAYERS)
def test_formulas_agree_with_the_reference(layer: str) -> None:
    for observation in observe(layer, seed=3):
        output = OUTPUTS[layer](observation)
        np.testing.assert_allclose(output, observation.output_want, rtol=1e-9, atol=1e-12)
        gradients = GRADIENTS[layer](observation)
        assert gradients.keys() == observation.grads_want.keys()
        for name, want in observation.grads_want.items():
            np.testing.assert_allclose(gradients[name], want, rtol=1e-8, atol=1e-11, err_msg=name)
