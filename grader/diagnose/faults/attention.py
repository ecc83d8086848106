"""G65x: attention."""

from __future__ import annotations

from grader.diagnose.fault import Fault

ATTENTION: tuple[Fault, ...] = (
    Fault(
        "G651",
        "the scale is missing",
        "The scores (or their gradient) are not divided by the root of the size.",
        "Forward scales the scores, so the gradient gets the same factor.",
        "E = 4: a factor of 2.",
        "Compare at E = 1 (right) and E = 4 (wrong).",
        "By what are the scores multiplied in forward?",
    ),
    Fault(
        "G652",
        "the softmax's Jacobian is wrong",
        "It is taken as diagonal, without its sum, along the wrong axis, or left out.",
        "Raising one score lowers the weights of all other keys.",
        "Weights [0.7, 0.3]: entry (0, 1) of the Jacobian is -0.21.",
        "Sum the gradient of the scores over the keys: it must be 0.",
        "If one score grows, what happens to the other weights of the query?",
    ),
    Fault(
        "G653",
        "the mask is not used as it should be",
        "Hidden keys take part.",
        "A key that a query does not see has no influence on it.",
        "Masked key: its gradient from this query must be 0.",
        "Hide all keys but one.",
        "Where in your backward does the mask enter?",
    ),
    Fault(
        "G654",
        "query and key are exchanged in the gradients",
        "The wrong one stands in the product.",
        "The scores are products: the derivative by one is the other.",
        "d(q·k)/dq = k.",
        "Use different numbers of queries and keys.",
        "What is the derivative of a product by one of its factors?",
    ),
    Fault(
        "G655",
        "the softmax is taken over the queries",
        "The weights of a key sum to one, not those of a query.",
        "Each query distributes its attention over the keys.",
        "Sum over keys: 1.",
        "Sum the weights along each axis.",
        "Along which axis must the weights sum to 1?",
    ),
    Fault(
        "G656",
        "the scale is another one",
        "Divided by the size itself, by the number of keys, or twice.",
        "The scale is one over the root of the size.",
        "E = 4: 1/2, not 1/4.",
        "Compare at E = 1 and E = 4.",
        "Which number is under the root, and how often is it used?",
    ),
    Fault(
        "G657",
        "value gradient uses the attention weights untransposed",
        "Queries and keys are exchanged; with equal numbers no shape complains.",
        "A value collects gradients from all queries that look at it.",
        "Weights [[1, 0], [1, 0]]: value 0 gets both gradients.",
        "Use different numbers of queries and keys.",
        "Over which index does the gradient of one value sum?",
    ),
    Fault(
        "G658",
        "value gradient does not use the attention weights",
        "Every value gets the gradients of all queries in full.",
        "A value gets from a query as much as the query looks at it.",
        "Weight 0: nothing comes back.",
        "Hide a key: its value's gradient must be 0.",
        "By what is a value multiplied in forward?",
    ),
    Fault(
        "G659",
        "{gradient} is reshaped where it should be transposed",
        "The attention weights, or the gradient of the scores, get the right shape by a reshape.",
        "A reshape fills the new shape in the order of the memory; rows do not become columns.",
        "[[1, 2, 3], [4, 5, 6]] reshaped to 3 × 2 is [[1, 2], [3, 4], [5, 6]], transposed [[1, 4], [2, 5], [3, 6]].",
        "Print the matrix before and after.",
        "Where does the element of row 1, column 2 go?",
    ),
)
