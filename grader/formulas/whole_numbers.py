"""A whole number in running text, for questions that ask for one: "920 parameters in total"."""

from __future__ import annotations

import re
from dataclasses import replace

from grader.formulas.evaluate import Meaning
from grader.formulas.reading import Reading
from grader.formulas.readings import Candidate
from grader.formulas.show import show
from grader.formulas.tree import Num

_HEDGED = re.compile(
    r"\b(not|or|between|about|most|least|more|less|fewer|minus|plus|without|if|maybe|perhaps|wrong|incorrect|instead)\b"
)


def last_number(reading: Reading) -> Reading:
    """A whole number at the end of running text, for questions that ask for one: "920 parameters in total"."""
    text = re.sub(r"(?<=\d)(,|\{,\}|\\,| )(?=\d{3}\b)", "", reading.source)
    numbers = re.findall(r"(?<![\w.^_])\d+(?![\w^_]|\.\d)", text)
    equal = re.findall(r"=\s*\$?\s*(\d+)(?![\w^_]|\.\d)", text)
    total = re.findall(
        r"\b(?:total|altogether|overall|so|hence|thus|therefore)\b[^\d.=]{0,40}(\d+)(?![\w^_]|\.\d)",
        text,
        re.IGNORECASE,
    )
    said = {numbers[-1] if numbers else "", *equal[-1:], *total[-1:]}
    if (len(set(numbers)) != 1 and not (equal or total)) or _HEDGED.search(text):
        return reading
    if total[-1:] != numbers[-1:] and len(said) > 1:
        return reading  # several results: which is the answer?
    number = Num(float(numbers[-1]))
    return replace(
        reading, error="", token="", language="math", read_as=show(number), latex=show(number),
        notes=("the number was taken from the text",), candidates=(Candidate(number, Meaning(), ()),),
    )  # fmt: skip
