"""What each kind of check asks, how it is decided and how to see it oneself: the C-entries of `grader explain`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class KindEntry:
    """One kind of check.

    Args:
        id: stable: "C102".
        kind: its name in rubrics and reports: "gradient".
        title: the question that it asks.
        decides: what is compared with what, and what earns the points.
        why: why a course asks it.
        example: a small case, not the homework's solution.
        see: how to see it oneself.
    """

    id: str
    kind: str
    title: str
    decides: str
    why: str
    example: str
    see: str

    def sections(self) -> tuple[tuple[str, str], ...]:
        """Headings and texts, in reading order."""
        return (
            ("What is decided", self.decides),
            ("Why it matters", self.why),
            ("Example", self.example),
            ("See it yourself", self.see),
        )


KINDS: tuple[KindEntry, ...] = (
    KindEntry(
        "C101", "forward", "does forward compute the layer?",
        "The grader draws inputs, calls forward and compares with the reference, element by element. The tolerance "
        "follows from the precision that the submission computes in and the number of roundings; it is printed.",
        "Every gradient belongs to a function; if the function is another one, its gradient is right for nothing.",
        "A layer y = 3x returns 6 for 2 and 0 for 0. One that returns 6 for 2 and 3 for 0 has an offset too many.",
        "Compute one row by hand, then call forward with that row alone and with it among others: both must agree.",
    ),
    KindEntry(
        "C102", "gradient", "is each gradient right: of the input and of every parameter?",
        "Each gradient is compared with the reference's automatic derivative and with central differences of the "
        "submission's own forward. Both verdicts are shown, so a wrong forward does not make a right backward wrong. "
        "The upstream gradient is random: with all ones, errors can cancel.",
        "Training follows the gradient. A wrong one often still lowers the loss, only worse, and nothing complains.",
        "f(x) = x^2 at 3: (f(3.001) - f(2.999)) / 0.002 = 6. A backward that returns 3 is off by a factor of two.",
        "Nudge one element of the input or parameter up and down by 1e-6, take the difference of sum(dout * output), "
        "divide by 2e-6 and compare with that element of the gradient.",
    ),
    KindEntry(
        "C103", "contract", "does the layer keep its promises apart from the numbers?",
        "Gradients are overwritten and not added up, inputs are left alone, a batch of one works, large numbers stay "
        "finite, the cache is cleared: whatever the rubric lists.",
        "A layer is used many times, by code that relies on these promises without testing them.",
        "Call backward twice with the same values: a gradient of 5 must be 5 again, not 10.",
        "Call everything twice, with a batch of one, with numbers near 1000, and compare inputs before and after.",
    ),
    KindEntry(
        "C104", "init", "is the initialisation the one that was asked for?",
        "Mean and variance of the initial weights, over several instances, are tested against the asked distribution "
        "with an error rate that is printed: a right initialisation fails about as often as that.",
        "Too small a variance lets signals vanish layer by layer, too large a one lets them explode.",
        "Weights of variance 1/100 over 100 inputs of variance 1 give an output of variance 1.",
        "Make a layer with 1000 inputs, compute weight.var() * 1000, and look where the factor should be 1 or 2.",
    ),
    KindEntry(
        "C105", "network", "does the network compose its layers?",
        "The network's output and parameter gradients are compared with the composition of the submission's own "
        "layers: a wrong layer costs its own points and not the network's.",
        "Order, sizes and what is passed on decide whether right layers make a right network.",
        "Layers f(x) = 2x and g(x) = x + 1: f then g gives 7 for 3, g then f gives 8.",
        "Call the layers one after another by hand and compare with the network's forward.",
    ),
    KindEntry(
        "C106", "torch_module", "is the PyTorch network the one that was asked for?",
        "The submission's own weights are put into a functional copy of the asked network and the outputs compared, "
        "in training and evaluation mode; where batch norm stands and how weights start is checked on request.",
        "A module can have every layer and still connect them in another order, or forget its mode.",
        "Batch norm before or after the activation: same parameters, different outputs.",
        "print(model) shows the layers; model.eval() and model.train() on the same batch show what depends on the mode.",
    ),
    KindEntry(
        "C107", "metrics", "are accuracy, confusion matrix and what follows from it right?",
        "The functions are called with predictions that the grader drew, ties and absent classes among them, and "
        "compared with the reference.",
        "A wrong metric makes every experiment that reports it wrong.",
        "3 right of 4 is 0.75. With a class that nobody predicted, precision is 0/0: the homework says what then.",
        "Count a case of five predictions by hand.",
    ),
    KindEntry(
        "C108", "training", "does training reach the accuracy bands in its budget?",
        "The submission's training function runs with a short budget; the grader measures the model that comes back on "
        "images whose labels the submission never sees. A band counts unless the measurement excludes it.",
        "It shows that forward, backward, loss and update work together.",
        "Ten classes by chance give 10 %. A loss that stays at ln 10 = 2.303 says that nothing is learnt.",
        "Train on 100 images until the loss is near zero; if it does not get there, some gradient or update is wrong.",
    ),
    KindEntry(
        "C109", "experiment", "does an experiment show the trend that the question is about?",
        "The recorded results are compared with the trends of reference runs: which setting wins, which diverges. "
        "Exact numbers are not asked for.",
        "One run proves little; a trend that several runs share is a finding.",
        "Learning rates 1e-6, 0.1 and 100: the first hardly moves, the last diverges.",
        "Repeat with two other seeds: what changes more between seeds than between settings is noise.",
    ),
    KindEntry(
        "C110", "claim", "do the reported numbers come out again?",
        "Numbers in the report file are compared with the measured run and with each other (the best of a list is its "
        "maximum), within the rubric's tolerance.",
        "A number that nobody can repeat is no result.",
        "Best validation accuracy 0.52 while the list's maximum is 0.50: one of the two is wrong.",
        "Run from a fresh copy with the seed that you report.",
    ),
    KindEntry(
        "C111", "formula", "is the written result equal to the right one?",
        "The answer is read (the report shows how) and compared with the truth at random inputs of several shapes. Any "
        "way of writing it is fine; what cannot be read is never counted as wrong without saying so.",
        "Deriving the gradient on paper comes before writing it in code.",
        "(a + b)^2 and a^2 + 2ab + b^2 agree at every input; a^2 + b^2 agrees only where a or b is 0.",
        "Check the shapes first, then put small numbers into both sides.",
    ),
    KindEntry(
        "C113", "script", "does your code do, called by a short script of the course's, what it should?",
        "The script is run with your files on drawn inputs, and the numbers that it leaves behind are compared with those "
        "that are due, element by element. All of them have to agree.",
        "Optimizers, whole networks and modes of a layer are used by code that was not written together with them.",
        "A script that calls step() twice on w = 1 with gradient 1 and learning rate 0.1 expects 0.8.",
        "Write the same calls with small arrays, and work the result out by hand.",
    ),
    KindEntry(
        "C112", "manual", "what a person marks",
        "The answer is shown to whoever marks it; until then its points are open, neither earned nor lost.",
        "Essays and derivations need a reader.",
        "A report with 20 of 26 points and 6 open can still become 26.",
        "Ask yourself whether each step follows from the one before.",
    ),
)  # fmt: skip

KINDS_BY_ID: dict[str, KindEntry] = {entry.id: entry for entry in KINDS}
KINDS_BY_NAME: dict[str, KindEntry] = {entry.kind: entry for entry in KINDS}
