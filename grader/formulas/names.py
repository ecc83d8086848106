"""Which names an answer may use, in which spellings: the question's symbols, sizes, gradients, functions, aliases."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from grader.formulas.lexer import lex
from grader.formulas.limits import Unreadable
from grader.formulas.question import Question, Symbol, Truth
from grader.formulas.spellings import ONES, SYNONYMS, UPSTREAM, gradient_spellings, numbered, texts_of
from grader.formulas.tokens import Token

FUNCTIONS = {
    "exp": "exp", "log": "log", "ln": "log", "sqrt": "sqrt", "tanh": "tanh", "sinh": "sinh", "cosh": "cosh",
    "sin": "sin", "cos": "cos", "sigmoid": "sigmoid", "sigm": "sigmoid", "logistic": "sigmoid", "relu": "relu",
    "softmax": "softmax", "abs": "abs", "sign": "sign", "sgn": "sign", "tr": "tr", "trace": "tr", "det": "det",
    "diag": "diag", "inv": "inv", "inverse": "inv", "norm": "norm", "max": "max", "min": "min", "heaviside": "step",
    "step": "step", "floor": "floor", "ceil": "ceil", "mean": "mean", "sech": "sech",
    "trans": "transpose", "transpose": "transpose", "maximum": "max", "minimum": "min",
    "softplus": "softplus", "silu": "silu", "swish": "silu", "elu": "elu", "leakyrelu": "leakyrelu",
    "leaky_relu": "leakyrelu",
}  # fmt: skip
DERIVATIVES = frozenset(
    ("sigmoid", "relu", "tanh", "exp", "log", "sin", "cos", "softplus", "silu")
)  # read with a prime
LOSS = frozenset(("L", "l", "ell", "J", "E", "C", "loss", "Loss", "cost", "Cost", "CE", "Lrm", "LCE", "LOSS"))
CONSTANTS = {"pi": 3.141592653589793, "e": 2.718281828459045}
OWN = "the answer's own "  # before a name that the answer defines in a way that cannot be read
_LONGEST_SPLIT = 40
_MOST_SHOWN = 8


class Names:
    """The vocabulary of one question. ``lenient`` also knows names that no answer may use (left-hand sides)."""

    def __init__(self, question: Question, truth: Truth | None = None, *, lenient: bool = False) -> None:
        declared = dict(question.symbols)
        if truth is not None and truth.symbols:
            declared.update(truth.symbols)
        self.question = question
        self.truth = truth
        self.lenient = lenient
        self.shapes = {name: tuple(symbol.shape) for name, symbol in declared.items()}
        sizes = {str(s) for shape in self.shapes.values() for s in shape if isinstance(s, str)}
        self.sizes = sizes | set(question.dims)
        self.hidden = (
            {name for name, symbol in declared.items() if not symbol.given} if not lenient else set()
        )
        if lenient:
            product = (
                {n for n, shape in self.shapes.items() if not shape}
                if "d" in self.sizes | set(declared)
                else set()
            )
            for name in [n for n in self.shapes if f"d{n}" not in self.shapes and n not in product]:
                self.shapes[f"d{name}"] = self.shapes[name]
            for left in (question.left_side, *(part.left_side or part.id for part in question.parts)):
                if left:
                    self.shapes.setdefault(left, ("?", "?"))
        self.functions = set(question.functions)
        self.loss = (LOSS | set(question.loss)) - {n for n, s in self.shapes.items() if len(s) > 0}
        self.known = {*self.shapes, *self.sizes}
        self.upstream = ""  # the one gradient that is given, if there is one
        self._sequences = sorted(self._spellings(declared), key=lambda pair: -len(pair[0]))
        self._by_first: dict[str, list[tuple[tuple[str, ...], tuple[Token, ...]]]] = {}
        for spelling, new in self._sequences:
            if len(spelling) > 1:
                self._by_first.setdefault(spelling[0], []).append((spelling, new))
        self._single = {spelling[0]: new for spelling, new in self._sequences if len(spelling) == 1}
        self._words = {*self.known, *self._single, *self.functions, *(f for f in FUNCTIONS if len(f) > 2)}

    def _spellings(
        self, declared: Mapping[str, Symbol]
    ) -> Iterator[tuple[tuple[str, ...], tuple[Token, ...]]]:
        for name in self.known | self.functions:
            texts = texts_of(name)
            if len(texts) > 1:
                yield texts, (Token("name", name),)
            for spelled in numbered(name, self.known):
                yield spelled, (Token("name", name),)
        for name, symbol in declared.items():
            for alias in symbol.aliases:
                yield texts_of(alias), (Token("name", name),)
        for alias, formula in self.question.aliases.items():
            tokens = tuple(lex(formula))
            bracketed = tokens if len(tokens) == 1 else (Token("sym", "("), *tokens, Token("sym", ")"))
            yield texts_of(alias), bracketed
        for name in sorted(self.shapes):
            if (
                name[0] == "d"
                and name[1:]
                and (name[1:] in self.known or name not in declared or self._is_gradient(name))
            ):
                for texts in gradient_spellings(name[1:]):
                    if texts[0] in ("d", "L") and texts[0] in self.known:
                        continue  # d is a size: d h is a product
                    if texts[0] not in self.known or len(texts) > 1:
                        yield texts, (Token("name", name),)
        upstream = [n for n in sorted(declared) if self._is_gradient(n) and n not in self.hidden]
        if len(upstream) == 1:
            self.upstream = upstream[0]
            for texts in UPSTREAM:
                if texts[0] not in self.known:
                    yield texts, (Token("name", upstream[0]),)
        for group in SYNONYMS:
            declared_here = [name for name in group if name in self.known]
            if len(declared_here) == 1:
                for other in group:
                    if other not in self.known:
                        yield texts_of(other), (Token("name", declared_here[0]),)
        if not {"leaky", "relu"} & self.known:
            yield ("leaky", "_", "relu"), (Token("name", "leakyrelu"),)
        for phrase in ONES:
            yield texts_of(phrase), (Token("ones", "1"),)

    @staticmethod
    def _is_gradient(name: str) -> bool:
        return len(name) > 1 and name[0] == "d" and name not in ("decay", "depth", "dim")

    def substitute(self, tokens: Iterable[Token]) -> list[Token]:
        """Tokens with every alias of several tokens replaced by what it stands for."""
        source = self._separated(list(tokens))
        out: list[Token] = []
        position = 0
        while position < len(source):
            for spelling, new in self._by_first.get(source[position].text, ()):
                length = len(spelling)
                if tuple(t.text for t in source[position : position + length]) == spelling:
                    out += [replace(new[0], spaced=source[position].spaced), *new[1:]] if new else []
                    position += length
                    break
            else:
                length = self._numbered_entry(source, position)
                if length:
                    numbered = self.folded(f"{source[position].text}{source[position + 3].text}")
                    out += [Token("name", str(numbered)), *source[position + 1 : position + 3]]
                    position += length
                    continue
                out.append(source[position])
                position += 1
        return out

    def _numbered_entry(self, tokens: list[Token], start: int) -> int:
        """How many tokens of ``W_{1,ij}``, an entry of W1, stand in front of its indices; 0 if it is none."""
        texts = [token.text for token in tokens[start : start + 5]]
        if len(texts) < 5 or texts[1:3] != ["_", "{"] or not texts[3].isdigit() or texts[0] in self.known:
            return 0
        if self.folded(texts[0] + texts[3]) is None or not (texts[4] == "," or texts[4].isalpha()):
            return 0
        return 5 if texts[4] == "," else 4

    def _separated(self, tokens: list[Token]) -> list[Token]:
        """Words that run together cut into names, where the last one begins a spelling of several tokens."""
        out: list[Token] = []
        for token in tokens:
            script = bool(out) and out[-1].text in ("_", "^")
            joined = (
                token.kind == "word"
                and 1 < len(token.text) <= _LONGEST_SPLIT
                and token.text not in self._words
            )
            firsts = self._by_first if joined and not script else ()
            for first in firsts:
                head = token.text.removesuffix(first)
                if head and head != token.text and self.pieces(Token("word", head)) is not None:
                    out += [replace(token, text=head), Token("word", first)]
                    break
            else:
                out.append(token)
        return out

    def pieces(self, token: Token) -> list[Token] | None:
        """The names that a word consists of, or None if it is not made of names: ``XW`` is ``X``, ``W``."""
        word = token.text
        if word in self.known or word in self.functions:
            return [Token("name", word)]
        if word in self._single:
            return list(self._single[word])
        if function(word):
            return [Token("name", word)]
        if (folded := self.folded(word)) is not None:
            return [Token("name", folded)]
        if token.kind != "word" or len(word) < 2:
            return None
        split = self._split(word)
        return None if split is None else [t for w in split for t in (self.pieces(Token("word", w)) or [])]

    def folded(self, word: str) -> str | None:
        """The one declared name that differs only in case, ``_`` or ``-``."""
        plain = word.replace("_", "").lower()
        found = [name for name in self.known if name.replace("_", "").lower() == plain]
        return found[0] if len(found) == 1 else None

    def _split(self, word: str) -> list[str] | None:
        if len(word) > _LONGEST_SPLIT:
            return None

        fewest: list[tuple[str, ...] | None] = [None] * len(word) + [()]  # pieces of word[start:]
        for start in range(len(word) - 1, -1, -1):
            for end in range(len(word), start, -1):
                rest = fewest[end]
                if rest is None or word[start:end] not in self._words:
                    continue
                found = fewest[start]
                if found is None or len(rest) + 1 < len(found):
                    fewest[start] = (word[start:end], *rest)
        split = fewest[0]
        return None if split is None else list(split)

    def gradient(self, name: str) -> str:
        """The symbol that holds the gradient of the loss with respect to ``name``.

        Raises:
            Unreadable: the question gives no such gradient.
        """
        gradient = f"d{name}"
        if gradient not in self.shapes:
            gradient = self.folded(gradient) or gradient
        if gradient in self.hidden or gradient not in self.shapes:
            raise Unreadable(
                f"∂L/∂{name} is not among what is given; write the answer without it", f"∂L/∂{name}"
            )
        return gradient

    def unknown(self, name: str) -> str:
        """What to say about a name that is not among those of the question, with the names that are."""
        given = [n for n in (*self.question.symbols, *self.question.functions) if n not in self.hidden]
        shown = [f"∂L/∂{n[1:]}" if self._is_gradient(n) else n for n in given[:_MOST_SHOWN]]
        known = (
            f"; its names are {', '.join(shown)}{', ...' if len(given) > _MOST_SHOWN else ''}"
            if shown
            else ""
        )
        return f"{name!r} is not a name of this question{known}"

    def rank(self, name: str) -> int:
        """How many subscripts an entry of a symbol takes."""
        return sum(1 for side in self.shapes.get(name, ()) if side != 1)


def function(word: str) -> str | None:
    """The known function that a word names, whatever its case."""
    if word in ("H", "I", "E"):
        return None
    return FUNCTIONS.get(word) or (FUNCTIONS.get(word.lower()) if len(word) > 1 else None)
