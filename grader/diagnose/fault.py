"""A named fault: what it means, why it is wrong, an example with numbers, and how to see it oneself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One entry of the catalogue.

    Args:
        id: stable: "G103". G1xx any gradient, G2xx linear, G3xx activations, G4xx softmax and losses, G5xx
            normalisation and dropout, G6xx convolution, pooling, embedding, recurrence, attention; Fxxx
            forward; P1xx protocol; N1xx networks; M1xx metrics; T1xx training;
            U1xx optimizers.
        title: the fault in a few words; ``{gradient}`` stands for "bias gradient", "input gradient" ...
        meaning: what the code does, in a sentence or two.
        why: why that is wrong.
        example: a small case with numbers, not the homework's solution.
        see: how to see it oneself.
        hint: for a student: a question or a thing to try; never the answer.
    """

    id: str
    title: str
    meaning: str
    why: str
    example: str
    see: str
    hint: str

    def titled(self, gradient: str = "gradient") -> str:
        """The title for one tensor."""
        return self.title.format(gradient=gradient)

    def explanation(self) -> str:
        """The whole entry as plain text, as `grader explain` prints it."""
        sections = (
            ("What it means", self.meaning),
            ("Why it is wrong", self.why),
            ("Example", self.example),
            ("See it yourself", self.see),
            ("Hint", self.hint),
        )
        body = "\n\n".join(f"{heading}\n  {text}" for heading, text in sections if text)
        return f"{self.id}  {self.titled()}\n\n{body.replace('{gradient}', 'the gradient')}\n"
