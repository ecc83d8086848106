"""The texts of the catalogue, one file per family, and all of them in order."""

from __future__ import annotations

from grader.diagnose.fault import Fault
from grader.diagnose.faults.activation import ACTIVATION
from grader.diagnose.faults.attention import ATTENTION
from grader.diagnose.faults.cross_entropy import CROSS_ENTROPY
from grader.diagnose.faults.dropout import DROPOUT
from grader.diagnose.faults.embedding import EMBEDDING
from grader.diagnose.faults.forward import FORWARD
from grader.diagnose.faults.forward_activations import FORWARD_ACTIVATIONS
from grader.diagnose.faults.forward_losses import FORWARD_LOSSES
from grader.diagnose.faults.forward_norms import FORWARD_NORMS
from grader.diagnose.faults.forward_places import FORWARD_PLACES
from grader.diagnose.faults.forward_sequence import FORWARD_SEQUENCE
from grader.diagnose.faults.forward_softmax import FORWARD_SOFTMAX
from grader.diagnose.faults.forward_spatial import FORWARD_SPATIAL
from grader.diagnose.faults.general import GENERAL
from grader.diagnose.faults.general_changes import GENERAL_CHANGES
from grader.diagnose.faults.general_places import GENERAL_PLACES
from grader.diagnose.faults.linear import LINEAR
from grader.diagnose.faults.metrics import METRICS
from grader.diagnose.faults.more_losses import MORE_LOSSES
from grader.diagnose.faults.networks import NETWORKS
from grader.diagnose.faults.normalisation import NORMALISATION
from grader.diagnose.faults.protocol import PROTOCOL
from grader.diagnose.faults.recurrence import RECURRENCE
from grader.diagnose.faults.softmax import SOFTMAX
from grader.diagnose.faults.spatial import SPATIAL
from grader.diagnose.faults.training import TRAINING
from grader.diagnose.faults.updates import UPDATES

FAULTS: tuple[Fault, ...] = (
    *GENERAL,
    *GENERAL_PLACES,
    *GENERAL_CHANGES,
    *LINEAR,
    *ACTIVATION,
    *SOFTMAX,
    *CROSS_ENTROPY,
    *MORE_LOSSES,
    *NORMALISATION,
    *DROPOUT,
    *SPATIAL,
    *EMBEDDING,
    *RECURRENCE,
    *ATTENTION,
    *FORWARD,
    *FORWARD_PLACES,
    *FORWARD_ACTIVATIONS,
    *FORWARD_SOFTMAX,
    *FORWARD_NORMS,
    *FORWARD_LOSSES,
    *FORWARD_SPATIAL,
    *FORWARD_SEQUENCE,
    *PROTOCOL,
    *NETWORKS,
    *METRICS,
    *TRAINING,
    *UPDATES,
)
