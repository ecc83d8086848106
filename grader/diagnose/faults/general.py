"""G101 to G121: wrong by a sign, a factor, a shape or a whole array; any layer."""

from __future__ import annotations

from grader.diagnose.fault import Fault

GENERAL: tuple[Fault, ...] = (
    Fault(
        "G101",
        "{gradient} has its sign flipped",
        "Every element has the right size and the wrong sign.",
        "The optimiser subtracts the gradient: with the sign flipped each step climbs the loss.",
        "f(x) = 3x has the derivative 3. Returned: -3. A step of 0.1 from x = 1 goes to 1.3, where f is "
        "larger.",
        "Raise one input by 0.001 and look whether the loss moves in the direction that the gradient says.",
        "Does a small step along this gradient make the loss larger or smaller? Which one should it be?",
    ),
    Fault(
        "G102",
        "{gradient} is zero everywhere",
        "All zeros came back where the true gradient is not zero.",
        "Nothing that depends on this gradient can learn: the parameters never move.",
        "dout = [1, 2], local derivative [3, 4]: due is [3, 8]; returned is [0, 0].",
        "Print the array just before it is returned: is it still the one that np.zeros_like made?",
        "Is the array that you filled the one that you return or store?",
    ),
    Fault(
        "G103",
        "{gradient} is not summed over the batch",
        "One gradient for each example came back: the array has a batch axis that the parameter does not "
        "have.",
        "A parameter is shared by all examples. The loss depends on it through each of them, and the chain "
        "rule "
        "adds these contributions.",
        "b = [b1, b2], N = 3 and dout = [[1, 2], [3, 4], [5, 6]]: due is [9, 12], of the shape of b. "
        "Returned is "
        "the 3 × 2 array.",
        "Compare the shapes of the parameter and of its gradient. NumPy broadcasts the wrong one without a "
        "word.",
        "Does this gradient have the shape of its parameter? Through how many examples does the loss "
        "depend on it?",
    ),
    Fault(
        "G104",
        "{gradient} is divided by the batch size",
        "The contributions of the examples are averaged where they have to be summed (or are averaged "
        "twice).",
        "If the loss is a mean over the batch, its 1/N is already in the upstream gradient. Dividing again "
        "makes "
        "every step N times too small.",
        "dout = [[1], [3]] (N = 2), bias gradient: due 1 + 3 = 4; returned (1 + 3) / 2 = 2.",
        "Run the same check with a batch of 1, 2 and 4: the error grows with the batch and is absent for 1.",
        "Where does the 1/N of the mean loss enter the chain rule, and how often do you divide by N?",
    ),
    Fault(
        "G105",
        "{gradient} is multiplied by the batch size",
        "A sum over the batch stands where a mean is due: the gradient is N times too large.",
        "The loss is a mean over N examples, so each example's part of the gradient carries 1/N. Without "
        "it the "
        "step size depends on the batch size.",
        "L = (l1 + l2) / 2, so dL/dl1 = 1/2. Returned: 1.",
        "Put the same example into the batch twice: the gradient of each copy must be halved.",
        "Is your loss a sum or a mean over the batch? What is then the derivative with respect to one "
        "example?",
    ),
    Fault(
        "G106",
        "{gradient} is off by a factor that is a size of the arrays",
        "The right gradient times (or divided by) a length such as the number of features or of classes.",
        "A mean or a sum over another axis than the batch slipped in, or the wrong entry of `shape` is used.",
        "x has the shape (4, 3). Divided by x.shape[1] = 3 instead of by N = 4, an element 12 becomes 4, "
        "not 3.",
        "Change one size at a time (batch, features, classes) and look which one the error follows.",
        "Which entry of which shape do you divide or multiply by, and what does that axis count?",
    ),
    Fault(
        "G107",
        "{gradient} is a whole multiple of the right one",
        "The right gradient times 2, 3 or 4: one term is counted more than once.",
        "A factor that does not belong there, often from a square, or from adding the same term twice.",
        "f(x) = x²/2 has the derivative x. Returned: 2x, the derivative of x².",
        "Divide your gradient by the numerical one, element by element: the quotient is the same everywhere.",
        "Is a term added twice, or does a factor come from differentiating something that is not in the "
        "forward?",
    ),
    Fault(
        "G108",
        "{gradient} is a fraction of the right one",
        "The right gradient times 1/2 or 1/4.",
        "A factor was lost: often the 2 that comes from differentiating a square.",
        "f(x) = x² has the derivative 2x. Returned: x.",
        "Divide your gradient by the numerical one, element by element: the quotient is the same everywhere.",
        "Which factor does differentiating your forward produce that your backward does not have?",
    ),
    Fault(
        "G109",
        "{gradient} is off by a factor",
        "Every element has the right direction, and the whole array is too large or too small.",
        "The direction of the step is right, its length is not: the learning rate no longer means what it "
        "says.",
        "Due is [2, 4, 6], returned is [1.4, 2.8, 4.2]: each is 0.7 times the right value.",
        "Divide your gradient by the numerical one, element by element, at two points and two batch sizes.",
        "What does the quotient of your gradient and the numerical one depend on?",
    ),
    Fault(
        "G110",
        "{gradient} is transposed",
        "Rows and columns are exchanged.",
        "Element (i, j) of a gradient belongs to element (i, j) of its tensor. For square arrays the "
        "shapes still "
        "fit, and the wrong elements are changed.",
        "Due is [[1, 2], [3, 4]], returned is [[1, 3], [2, 4]].",
        "Test with a layer that has different numbers of inputs and outputs: shapes then show it.",
        "Which element of the tensor does element (0, 1) of your gradient belong to?",
    ),
    Fault(
        "G111",
        "{gradient} does not use the upstream gradient",
        "The result is the same for every upstream gradient: dout is left out, or taken as ones.",
        "The chain rule multiplies by what comes from the layers above. Without it the layer learns "
        "something that "
        "has nothing to do with the loss.",
        "y = 3x and dL/dy = 5: due is 15, returned is 3.",
        "Call backward with dout and with 2·dout: the second result must be twice the first.",
        "If the upstream gradient is doubled, what must happen to your result, and does it?",
    ),
    Fault(
        "G112",
        "{gradient} uses the upstream gradient twice",
        "dout enters as its square: it is multiplied in at two places.",
        "Backward is linear in the upstream gradient: twice the input must give twice the output, not four "
        "times.",
        "y = 3x and dL/dy = 5: due is 3 · 5 = 15, returned is 3 · 5 · 5 = 75.",
        "Call backward with dout and with 2·dout: here the second result is four times the first.",
        "At how many places of your backward does dout appear, and are they added or multiplied?",
    ),
    Fault(
        "G113",
        "{gradient} is the layer's input",
        "The cached input came back in place of a gradient.",
        "The gradient says how the loss changes with the input; it is not the input.",
        "x = [1, 2], dout = [5, 5], y = 3x: due is [15, 15], returned is [1, 2].",
        "Call backward with two different dout: the result must change.",
        "Which variable do you return at the end of backward?",
    ),
    Fault(
        "G114",
        "{gradient} is the upstream gradient, passed on unchanged",
        "dout came back as it went in: the layer's own derivative is missing.",
        "Only the identity function hands its upstream gradient on unchanged.",
        "y = 3x, dout = [5, 5]: due is [15, 15], returned is [5, 5].",
        "Compare the result of backward with dout: are they the same array?",
        "What is the derivative of this layer's output with respect to its input, and where do you "
        "multiply by it?",
    ),
    Fault(
        "G115",
        "{gradient} is the layer's output",
        "The output of forward came back in place of a gradient.",
        "The gradient says how the loss changes; the output does not even depend on dout.",
        "y = 3x = [3, 6], dout = [5, 5]: due is [15, 15], returned is [3, 6].",
        "Call backward with two different dout: the result must change.",
        "Which variable do you return or store at the end of backward?",
    ),
    Fault(
        "G116",
        "{gradient} is missing: nothing came back",
        "backward returned None, or no gradient is stored under this name.",
        "Without it the layer below, or the optimiser, has nothing to work with.",
        "`grads['weight']` is still None after backward, or `return dx` is missing.",
        "Print what backward returns and which keys the layer's grads have after it.",
        "Does every path through backward end with the result, and is every gradient stored where it is "
        "looked up?",
    ),
    Fault(
        "G118",
        "{gradient} is the gradient of another tensor",
        "The values are right, for something else: two gradients are exchanged.",
        "Each parameter would be updated with the other's gradient.",
        "dgamma = [1, 2] and dbeta = [3, 4]; stored are gamma: [3, 4] and beta: [1, 2].",
        "Compare each stored gradient with the numerical gradient of each parameter of the same shape.",
        "In which order do you store or return the gradients, and in which order are they read?",
    ),
    Fault(
        "G120",
        "{gradient} is added to the one of the call before",
        "backward adds to what is stored instead of overwriting it.",
        "In this contract each backward gives the gradient of its own batch. With += the steps mix old "
        "batches in "
        "and grow from step to step.",
        "The gradient of a batch is [1, 2]. After a second backward on the same batch it must be [1, 2] "
        "again; "
        "stored is [2, 4].",
        "Call forward and backward twice on the same batch and compare the two gradients.",
        "What is in the stored gradient before backward starts, and does it end up in the result?",
    ),
    Fault(
        "G121",
        "{gradient} belongs to an earlier call: the cache is stale",
        "backward used the input (or the parameters) of a forward before the last one.",
        "The derivative has to be taken at the point at which the last forward ran.",
        "y = x². forward(2), forward(3), backward(1): due is 6, returned is 4.",
        "Call forward on batch A, then on batch B, then backward: compare with a fresh layer that saw only "
        "B.",
        "When is the cache written, and is it written on every forward?",
    ),
)
