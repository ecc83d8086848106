"""The tables of hypotheses, one file per family, and all of them in the order of their plausibility."""

from __future__ import annotations

from grader.diagnose.hypotheses.activation import ACTIVATION
from grader.diagnose.hypotheses.attention import ATTENTION
from grader.diagnose.hypotheses.cross_entropy import CROSS_ENTROPY
from grader.diagnose.hypotheses.embedding import EMBEDDING
from grader.diagnose.hypotheses.forward_activations import FORWARD_ACTIVATIONS
from grader.diagnose.hypotheses.forward_general import FORWARD_GENERAL
from grader.diagnose.hypotheses.forward_losses import FORWARD_LOSSES
from grader.diagnose.hypotheses.forward_normalisers import FORWARD_NORMALISERS
from grader.diagnose.hypotheses.forward_sequence import FORWARD_SEQUENCE
from grader.diagnose.hypotheses.forward_spatial import FORWARD_SPATIAL
from grader.diagnose.hypotheses.general import GENERAL
from grader.diagnose.hypotheses.linear import LINEAR
from grader.diagnose.hypotheses.losses import LOSSES
from grader.diagnose.hypotheses.normalisation import NORMALISATION
from grader.diagnose.hypotheses.own_output import OWN_OUTPUT
from grader.diagnose.hypotheses.recurrence import RECURRENCE
from grader.diagnose.hypotheses.softmax import SOFTMAX
from grader.diagnose.hypotheses.spatial import SPATIAL
from grader.diagnose.hypothesis import Hypothesis

HYPOTHESES: tuple[Hypothesis, ...] = (
    *LINEAR,
    *ACTIVATION,
    *SOFTMAX,
    *CROSS_ENTROPY,
    *LOSSES,
    *NORMALISATION,
    *SPATIAL,
    *EMBEDDING,
    *RECURRENCE,
    *ATTENTION,
    *OWN_OUTPUT,
    *GENERAL,
)
"""Wrong gradients; a layer's own faults before those of any layer."""

FORWARD_HYPOTHESES: tuple[Hypothesis, ...] = (
    *FORWARD_ACTIVATIONS,
    *FORWARD_NORMALISERS,
    *FORWARD_LOSSES,
    *FORWARD_SPATIAL,
    *FORWARD_SEQUENCE,
    *FORWARD_GENERAL,
)
"""Wrong outputs, in the same order."""
