"""The precedences that people leave open."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Style:
    """How open precedences are taken: the conventional way first."""

    slash: str = "left"  # a/b c is (a/b)c; tight: a/(b c)
    hadamard: str = "left"  # A∘B C is (A∘B)C; tight: A∘(BC)
    sums: str = "term"  # a sum ends at + and -; wide: it goes on to the end of its bracket
    bare_one: str = "number"  # 1 beside a matrix; vector: the vector of ones; starred: also in 1 * A
    cross: str = "name"  # a lower-case x between spaces; times: a multiplication sign
    delta: str = "kronecker"  # with two subscripts; gradient: the upstream gradient
    blackboard: str = "ones"  # a blackboard I with a size as its subscript; identity: the identity matrix
    running: str = "index"  # the t of beta^t under a sum over t; name: what it names elsewhere, T
    reach: str = "factor"  # log 2 x is (log 2) x; product: log(2 x)
