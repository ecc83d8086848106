"""F43x: outputs of convolution and pooling."""

from __future__ import annotations

from grader.diagnose.fault import Fault

FORWARD_SPATIAL: tuple[Fault, ...] = (
    Fault(
        "F431",
        "the kernel is flipped",
        "The mathematical convolution is computed.",
        "Deep learning's convolution does not flip its kernel.",
        "Image [1, 2, 3], kernel [1, 0]: due is [1, 2], flipped [2, 3].",
        "Use a kernel with a single 1 in a corner.",
        "Which pixel does kernel element (0, 0) meet in the first window?",
    ),
    Fault(
        "F432",
        "the stride is not used",
        "The windows lie elsewhere.",
        "Window i starts at pixel i times the stride.",
        "A stride of 2 halves the output.",
        "Compare at stride 1 and 2.",
        "At which pixel does window i start?",
    ),
    Fault(
        "F433",
        "the padding is not used as it should be",
        "The frame is missing, or its values count in the wrong way.",
        "A frame of zeros for a convolution, one that never wins for a maximum.",
        "The maximum of negative numbers is not 0.",
        "Compare at padding 0 and 1, with negative inputs.",
        "Which values does your frame have?",
    ),
    Fault(
        "F434",
        "the kernel's axes are exchanged",
        "Height and width, or input and output channels.",
        "Each axis has its meaning.",
        "A kernel of 3 × 2 is not one of 2 × 3.",
        "Use a kernel that is not square and different numbers of channels.",
        "What does each axis of the weight count?",
    ),
    Fault(
        "F435",
        "another pooling is computed",
        "The mean, maximum, minimum or sum of each window is exchanged for another.",
        "Max pooling takes the largest, average pooling the mean.",
        "Window [1, 5]: 5 or 3.",
        "Evaluate one window by hand.",
        "What do you take of each window?",
    ),
    Fault(
        "F436",
        "some of the channels or of the kernel are not used, or in another order",
        "The kernel is filled in another order, or a channel is left out.",
        "Every output channel sums over all input channels.",
        "Two input channels: two products are added.",
        "Set all but one input channel to zero, one after the other.",
        "Over which axes does your sum run?",
    ),
    Fault(
        "F437",
        "the frame is not filled with zeros",
        "The image's border (or its mirror image) is repeated.",
        "Padding is a frame of zeros here.",
        "Padding 1 of [[5]]: eight zeros around the 5.",
        "Convolve an image of ones with a kernel of ones: corners must be smaller.",
        "What lies outside of the image?",
    ),
)
