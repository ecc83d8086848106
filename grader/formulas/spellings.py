"""Ways to spell a declared name: gradients without a fraction, numbered names, words for the same thing."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import lru_cache

from grader.formulas.lexer import lex

SYNONYMS = (
    ("lambda", "lam", "lmbda", "lamda", "lambd", "lambda_", "reg", "weight_decay"),
    ("eta", "lr", "learning_rate", "learning rate", "step_size"),
    ("epsilon", "eps"),
)  # words for the same thing: with one of them declared, the others are known
ONES = (
    "all-ones vector", "all ones vector", "all-one vector", "all-one-vector", "all-ones-vector", "vector of ones",
    "vector of all ones", "ones vector", "row vector of ones", "column vector of ones", "ones-vector", "row of ones",
    "all one vector", "allonesvector", "vector of 1s", "matrix of ones", "ones matrix", "all-ones matrix",
)  # fmt: skip
UPSTREAM = (
    ("dout",), ("grad", "_", "output"), ("grad", "_", "out"), ("upstream",), ("upstream", "_", "grad"),
    ("dOut",), ("d", "_", "out"), ("gradoutput",), ("gradout",), ("dL", "_", "dout"), ("grad",), ("up", "_", "grad"),
)  # fmt: skip


@lru_cache(maxsize=4096)
def texts_of(spelling: str) -> tuple[str, ...]:
    return tuple(token.text for token in lex(spelling))


@lru_cache(maxsize=1024)
def gradient_spellings(name: str) -> tuple[tuple[str, ...], ...]:
    """Ways to write the gradient with respect to ``name`` without a fraction."""
    tokens = texts_of(name)
    first, rest = tokens[0], tokens[1:]
    joined = [(f"dL{first}", *rest), (f"dLd{first}", *rest), (f"dld{first}", *rest), (f"dJd{first}", *rest)]
    joined += [
        ("dL", "_", f"d{first}", *rest),
        ("dl", "_", f"d{first}", *rest),
        ("dJ", "_", f"d{first}", *rest),
    ]
    joined += [
        ("grad", "_", *tokens),
        (f"grad{first}", *rest),
        (*tokens, "_", "grad"),
        ("dloss", "_", f"d{first}", *rest),
    ]
    joined += [("g", "_", *tokens), ("delta", "_", *tokens), ("d", "_", *tokens), ("dL", "_", *tokens)]
    joined += [("L", "_", *tokens)] if len(first) == 1 else []
    joined += [("grad", "_", "L", "_", *tokens), (*tokens, ".", "grad")]
    joined += [("d", *tokens)] if rest or len(first) == 1 else []
    return tuple(joined)


def numbered(name: str, known: Collection[str]) -> Iterator[tuple[str, ...]]:
    """``W1`` is also ``W_1`` and, where no W is declared, ``W^{(1)}``, ``W^{[1]}`` and ``W^1``."""
    found = re.fullmatch(r"([A-Za-z]+)_?(\d+)", name)
    if found is None or found[1] in known:
        return
    base, number = found.groups()
    yield base, number
    yield base, "_", number
    for script in (
        ("(", number, ")"),
        ("{", "(", number, ")", "}"),
        ("{", "[", number, "]", "}"),
        (number,),
    ):
        yield base, "^", *script
