"""P1xx: what a call did, apart from its values."""

from __future__ import annotations

from grader.diagnose.fault import Fault

PROTOCOL: tuple[Fault, ...] = (
    Fault(
        "P101",
        "the layer remembers earlier calls",
        "The same input gives another result after other calls.",
        "A layer's result depends on its input and parameters alone; what is left from earlier calls is a "
        "leak.",
        "forward(a) = 1, forward(b) = 2, forward(a) = 3.",
        "Compare the layer with a freshly made one after a few calls.",
        "Which attributes of your layer change in forward or backward, and are they all set anew in each "
        "call?",
    ),
    Fault(
        "P102",
        "a returned array is overwritten by a later call",
        "The result is a buffer that the layer writes again.",
        "Whoever keeps the result (the next layer's cache) finds other numbers in it.",
        "y = forward(a); forward(b); now y holds forward(b).",
        "Keep the first result, make a second call, and look at the first again.",
        "Is the array that you return made anew in each call?",
    ),
    Fault(
        "P103",
        "an array that was handed in is changed in place",
        "An input, a parameter or the upstream gradient has other values after the call.",
        "Other layers still need it: the previous layer's output is this layer's input.",
        "x = [-1, 2]; after forward x is [0, 2].",
        "Copy the input before the call and compare after it.",
        "Which of your lines write with `out=`, `+=`, `*=` or `x[...] =`, and into whose array?",
    ),
    Fault(
        "P104",
        "the same call gives different results",
        "The layer is random where it should not be.",
        "A derivative exists only for one fixed function.",
        "forward(x) twice: 1.0 and 1.2.",
        "Call it twice with the same input and compare.",
        "Where do random numbers enter?",
    ),
    Fault(
        "P105",
        "the call raises an error",
        "An exception ended the call.",
        "No value came back to compare.",
        "A shape that does not fit for a batch of 1.",
        "Run the probe named in the report and read the last lines of the traceback.",
        "Which shapes do the arrays in the failing line have?",
    ),
    Fault(
        "P106",
        "a result has the wrong shape",
        "The array has other axes than it should.",
        "NumPy may broadcast it in silence, and a later sum is then over the wrong elements.",
        "(1, 3) where (4, 3) is due.",
        "Assert the shape before you return.",
        "Which axis is summed, kept or squeezed away?",
    ),
    Fault(
        "P107",
        "a result has the wrong type",
        "Integers, objects or text came back where floating-point numbers are due.",
        "Integers cut fractions; objects are slow and not arrays of numbers.",
        "np.zeros_like([1, 2]) is an integer array.",
        "Print the dtype.",
        "Which dtype does the array have that your results are written into?",
    ),
    Fault(
        "P108",
        "a result is NaN or infinite",
        "Not a number, or infinity, came back where the truth is finite.",
        "One NaN spreads through all further sums.",
        "exp(1000) = inf, inf/inf = NaN.",
        "Run with `np.seterr(all='raise')` at the probe's input.",
        "Which intermediate value overflows or is divided by zero?",
    ),
    Fault(
        "P109",
        "backward is not linear in the upstream gradient",
        "Twice the upstream gradient does not give twice the result.",
        "The chain rule multiplies by dout: nothing else may happen to it.",
        "backward(1) = 3, backward(2) = 12.",
        "Call backward with dout, 2·dout and -dout.",
        "Where does dout enter other than as a factor?",
    ),
    Fault(
        "P110",
        "the layer writes into an array that it may only read",
        "An input was protected against writing, and the call tried to write to it.",
        "Writing into an input changes it for everybody else.",
        "x *= 2 changes the caller's x.",
        "Set `x.flags.writeable = False` before the call.",
        "Which line changes an array that it did not make?",
    ),
    Fault(
        "P111",
        "clear_cache does not clear the cache as it should",
        "State is left behind, or the layer no longer works afterwards.",
        "After clearing, no array of an old batch may be kept, and the next forward must work.",
        "The cached input is still there.",
        "Print the layer's attributes after clear_cache.",
        "Which attributes does forward set, and what happens to each in clear_cache?",
    ),
)
