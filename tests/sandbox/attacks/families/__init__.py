"""All attacks, one file per family."""

from tests.sandbox.attacks.attack import Attack
from tests.sandbox.attacks.families.exhausting import EXHAUSTING
from tests.sandbox.attacks.families.forging import FORGING
from tests.sandbox.attacks.families.framing import FRAMING
from tests.sandbox.attacks.families.reaching import REACHING
from tests.sandbox.attacks.families.reading import READING

ATTACKS: tuple[Attack, ...] = (*FORGING, *FRAMING, *READING, *REACHING, *EXHAUSTING)
