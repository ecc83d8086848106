"""G53x: dropout."""

from __future__ import annotations

from grader.diagnose.fault import Fault

DROPOUT: tuple[Fault, ...] = (
    Fault(
        "G530",
        "{gradient} is not scaled by 1/(1 - p)",
        "The kept elements are not divided by the share that is kept.",
        "Forward scales what it keeps, so that the expected value stays; backward has to do the same.",
        "p = 0.5: kept elements count twice in forward, and their gradients too.",
        "Compare with p = 0: there it is right.",
        "By what does forward multiply a kept element?",
    ),
    Fault(
        "G531",
        "a fresh mask is drawn in backward",
        "Other elements are dropped than in forward.",
        "The gradient flows only through what was kept in this forward.",
        "Mask [1, 0] in forward, [0, 1] in backward: nothing fits.",
        "Call backward twice after one forward: the results must be equal.",
        "Where is the mask drawn, and where is it kept?",
    ),
    Fault(
        "G532",
        "{gradient} ignores the mask",
        "Dropped elements get a gradient.",
        "What was dropped has no influence on the loss.",
        "Mask [1, 0]: the second gradient must be 0.",
        "Look at the elements that forward set to 0.",
        "Which inputs had no influence on the output?",
    ),
    Fault(
        "G533",
        "the mask is inverted",
        "Dropped elements get the gradient, kept ones none.",
        "The meaning of 1 in the mask is exchanged between forward and backward.",
        "Mask [1, 0]: due is [dout, 0], returned is [0, dout].",
        "Look at the elements that forward set to 0.",
        "Does 1 in your mask mean kept or dropped?",
    ),
    Fault(
        "G534",
        "{gradient} is scaled by 1/(1 - p) twice",
        "The division is done once too often.",
        "Forward divides once.",
        "p = 0.5: 4 in place of 2.",
        "Compare with p = 0: there it is right.",
        "Is the scale already contained in the mask?",
    ),
    Fault(
        "G535",
        "{gradient} has another scale than 1/(1 - p)",
        "The probability to drop stands where the probability to keep is due.",
        "What is kept is the share 1 - p.",
        "p = 0.2: divided by 0.2, not by 0.8.",
        "Compare at p = 0.5 (right) and at p = 0.2 (wrong).",
        "Is p the probability to keep or to drop?",
    ),
    Fault(
        "G536",
        "the mode is not respected: dropped in evaluation, or not in training",
        "The mask acts in the wrong mode.",
        "In evaluation every element passes unchanged.",
        "Evaluation: due is dout; returned is dout·mask.",
        "Compare both modes.",
        "Where does your layer ask in which mode it is?",
    ),
)
