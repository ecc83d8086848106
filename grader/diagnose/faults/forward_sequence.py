"""F44x to F46x: outputs of embedding, recurrent cells and attention."""

from __future__ import annotations

from grader.diagnose.fault import Fault

FORWARD_SEQUENCE: tuple[Fault, ...] = (
    Fault(
        "F441",
        "the row beside the one that was asked for is returned",
        "The index is off by one.",
        "Indices count from 0.",
        "Index 0 is the first row.",
        "Ask for index 0.",
        "Do your indices count from 0 or from 1?",
    ),
    Fault(
        "F451",
        "a part of the recurrence is missing",
        "A bias, the input or the old state is left out.",
        "The new state depends on all of them.",
        "Old state 1, input 0: the new state must react.",
        "Set all but one of the ingredients to zero in turn.",
        "How many terms does your pre-activation have?",
    ),
    Fault(
        "F452",
        "the nonlinearity is missing or another one",
        "The pre-activation, or another function of it, came back.",
        "The state is bounded by tanh.",
        "z = 3: tanh 0.995.",
        "Use large inputs.",
        "Which function is the last one of your forward?",
    ),
    Fault(
        "F453",
        "the gates are in another order",
        "The four blocks of rows mean other gates.",
        "The order is part of the layer's contract.",
        "i, f, g, o is not i, f, o, g.",
        "Change one block of the bias and look which gate reacts.",
        "Which rows of the weight belong to which gate?",
    ),
    Fault(
        "F454",
        "a gate or nonlinearity of the LSTM is missing or another one",
        "One of the products or functions is left out.",
        "c' = f c + i g and h' = o tanh(c').",
        "Forget gate 0: the old cell state must vanish.",
        "Drive one gate at a time to 0 with a very negative bias.",
        "What does each gate multiply?",
    ),
    Fault(
        "F455",
        "the two states are exchanged, or one is missing",
        "Hidden and cell state come back in another order.",
        "The order is part of the layer's contract.",
        "Hidden state first.",
        "The hidden state lies between -1 and 1.",
        "Which of the two states do you return first?",
    ),
    Fault(
        "F461",
        "the scale of the scores is missing or another one",
        "The scores are not multiplied by one over the root of the size.",
        "Without it the softmax saturates for large sizes.",
        "E = 4: scores are halved.",
        "Compare at E = 1 (right) and E = 4 (wrong).",
        "By what are the scores multiplied before the softmax?",
    ),
    Fault(
        "F462",
        "the mask is not used as it should be",
        "Hidden keys take part.",
        "A query must not see a hidden key.",
        "All keys but one hidden: the output is its value.",
        "Hide all keys but one.",
        "Where does the mask enter?",
    ),
    Fault(
        "F463",
        "the attention weights are not a softmax of the scores",
        "It is missing, or another function stands in its place.",
        "The weights of a query are positive and sum to one.",
        "Scores [0, 0]: weights [0.5, 0.5].",
        "Sum the weights of a query: it must be 1.",
        "What turns scores into weights?",
    ),
)
