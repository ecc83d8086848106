"""The texts of the catalogue, one file per family, and all of them in order."""

from __future__ import annotations

from grader.diagnose.fault import Fault
from grader.diagnose.faults.activation import ACTIVATION
from grader.diagnose.faults.forward import FORWARD
from grader.diagnose.faults.forward_layers import FORWARD_LAYERS
from grader.diagnose.faults.forward_structures import FORWARD_STRUCTURES
from grader.diagnose.faults.general import GENERAL
from grader.diagnose.faults.general_more import GENERAL_MORE
from grader.diagnose.faults.linear import LINEAR
from grader.diagnose.faults.loss import LOSS
from grader.diagnose.faults.more_losses import MORE_LOSSES
from grader.diagnose.faults.normalisation import NORMALISATION
from grader.diagnose.faults.protocol import PROTOCOL
from grader.diagnose.faults.sequence import SEQUENCE
from grader.diagnose.faults.spatial import SPATIAL

FAULTS: tuple[Fault, ...] = (
    *GENERAL,
    *GENERAL_MORE,
    *LINEAR,
    *ACTIVATION,
    *LOSS,
    *MORE_LOSSES,
    *NORMALISATION,
    *SPATIAL,
    *SEQUENCE,
    *FORWARD,
    *FORWARD_LAYERS,
    *FORWARD_STRUCTURES,
    *PROTOCOL,
)
