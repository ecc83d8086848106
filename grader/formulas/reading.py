"""How an answer was read: which formula of the text, in which language, in which ways it can be understood."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Literal

from grader.formulas.choosing import choose, definitions_of, respelled
from grader.formulas.clauses import CHANGING
from grader.formulas.evaluate import Evaluator, Meaning
from grader.formulas.left_sides import can_be_read, goes_on, is_name, left_subscripts, leniently, solved_for
from grader.formulas.limits import MAX_READINGS, Ambiguous, Clash, Deadline, FormulaError, Unreadable
from grader.formulas.local_functions import preparation
from grader.formulas.names import DERIVATIVES, Names
from grader.formulas.numpy_dialect import NO_PYTHON, looks_like_code, parse_code
from grader.formulas.numpy_evaluate import VECTORS, NumpyEvaluator
from grader.formulas.readings import Candidate, candidates
from grader.formulas.sampling import Sample
from grader.formulas.show import show
from grader.formulas.statements import Statement, statements
from grader.formulas.tokens import Token
from grader.formulas.tree import Call, Delta, Sym, walk
from grader.formulas.values import Value

Language = Literal["auto", "math", "code"]
_PLACEHOLDERS = frozenset(
    ("", "todo", "tbd", "na", "n/a", "none", "your answer", "your answer here", "answer here", "write your answer here",
     "fill in", "answer", "\\ldots", "…", "\\dots")
)  # fmt: skip
_IDENTITY = re.compile(r"\b(?:identity|unit) matrix\b", re.IGNORECASE)
_IN_PLACE = re.compile(r"[A-Za-z]\w{0,20}\s?[-+*/]=(?!=)")
_DERIVED = frozenset(f"d{name}" for name in DERIVATIVES)
_VERBATIM = re.compile(
    r"\$?\\(?:texttt|mathtt|lstinline|code|mintinline\{python\})(?:\[[^\]]*\])?\{([^\n]*)\}\$?\.?$|\\(?:verb|lstinline)([|!+])(.*)\2\.?$"
)
_CALL = re.compile(r"(?<!\w)[A-Za-z_]\w{0,40}\s{0,2}\(")


@dataclass(frozen=True)
class Reading:
    """An answer that was read, or why it could not be."""

    source: str
    language: str = ""
    read_as: str = ""
    latex: str = ""
    shape: str = ""
    notes: tuple[str, ...] = ()
    left: tuple[str, ...] = ()  # subscripts of the left-hand side
    error: str = ""
    token: str = ""  # what was not understood
    candidates: tuple[Candidate, ...] = field(default=(), repr=False)
    vectors: tuple[str, ...] = ("declared",)
    solved: bool = False  # the left-hand side is more than the name of what is asked
    remarks: str = ""  # words after the formula that may change its meaning

    @property
    def is_empty(self) -> bool:
        """Whether there is no answer at all."""
        return is_empty(self.source)

    @property
    def is_code(self) -> bool:
        """Whether the answer is in the NumPy dialect."""
        return self.language == "code"


def is_empty(text: str) -> bool:
    """Whether a text is no answer: blank, or still a placeholder."""
    plain = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL).strip(" \t\r\n.?-_$`:#*").lower()
    return plain in _PLACEHOLDERS


def read_answer(
    text: str, names: Names, lenient: Names, target: str, language: Language = "auto", *, strict: bool = False
) -> Reading:
    """Read an answer without judging it. Never raises for anything that a student wrote.

    ``strict`` takes only a formula whose left-hand side is ``target``: the text holds the answers of several parts.
    """
    if is_empty(text):
        return Reading(text, error="there is no answer")
    try:
        return _read(text, names, lenient, target, language, strict)
    except FormulaError as error:
        return Reading(text, error=str(error), token=getattr(error, "token", ""))
    except RecursionError:
        return Reading(text, error="nested too deeply")


def _read(text: str, names: Names, lenient: Names, target: str, language: Language, strict: bool) -> Reading:
    stripped = _without_marks(text)
    code_error: Unreadable | None = None
    if language == "code" or (language == "auto" and looks_like_code(stripped)):
        try:
            return _read_code(text, stripped, names, target)
        except Unreadable as error:
            if language == "code" or isinstance(error, Ambiguous):
                raise
            code_error = error
    try:
        return _read_math(text, names, lenient, target, strict)
    except Unreadable as math_error:
        if language == "auto" and code_error is None and (_CALL.search(stripped) or "\n" in stripped):
            try:
                return _read_code(text, stripped, names, target)
            except Unreadable:
                pass
        no_python = code_error is not None and str(code_error).startswith(NO_PYTHON)
        raise (math_error if code_error is None or no_python else code_error) from None


def _without_marks(text: str) -> str:
    """An answer in code without the fence, the backticks or the LaTeX command around it."""
    code = re.sub(
        r"^\s*```(?:python|py|numpy|answer)?\s*\n(.*?)```\s*$", r"\1", text, flags=re.DOTALL
    ).strip()
    if found := _VERBATIM.match(code):
        inner = found[1] if found[1] is not None else found[3]
        return re.sub(r"\\([_&%#{} ])", r"\1", inner)
    code = re.sub(r"(?<!\S)\*\*(\S[^*\n]{0,60})\*\*(?=\s*[:=])", r"\1", code)  # **dW** = ...
    return re.sub(r"^([\w./ ]{0,40}=\s*)?`([^`]+)`$", r"\1\2", code)


def _read_code(text: str, code: str, names: Names, target: str) -> Reading:
    tree, _ = parse_code(code, names, target)
    has_vector = any(isinstance(n, Sym) and names.rank(n.name) == 1 for n in walk(tree))
    candidate = Candidate(tree, Meaning(), ())
    vectors = VECTORS if has_vector else VECTORS[:1]
    return Reading(
        text, "code", show(tree), show(tree, latex=True), candidates=(candidate,), vectors=vectors
    )  # fmt: skip


def _read_math(text: str, names: Names, lenient: Names, target: str, strict: bool) -> Reading:
    if changed := _IN_PLACE.search(text):
        raise Unreadable(f"a change in place, {changed[0]}, which is no mathematics", changed[0])
    found, remarks = statements(text, preparation(text, names))
    identity = [Statement(((Token("word", "I"),),))] if _IDENTITY.search(text) else []
    found = [s for s in found if not _is_shape(s, names)] or identity or found
    if not found:
        raise Unreadable("no formula was found")
    statement, notes = choose(found, lenient, target, strict)
    if statement.doubt:
        raise Unreadable(f"{statement.doubt!r} beside the formula may change it", statement.doubt)
    if any(goes_on(target, later, lenient) for later in found[found.index(statement) + 1 :]):
        raise Unreadable("a formula of what is asked follows its result", target)
    change = solved_for(target, statement, lenient)
    definitions, spellings = definitions_of(found, statement, names, lenient)
    left = left_subscripts(statement, lenient)
    last, said = _result_of(statement, lenient, target)
    options = tuple(islice(candidates(respelled(last, spellings), names, definitions), MAX_READINGS))
    if change is not None:
        options = tuple(replace(option, tree=change(option.tree)) for option in options)
        said = (*said, "the left-hand side was solved for what is asked")
    first = options[0]
    if isinstance(first.tree, Call) and first.tree.fn in _DERIVED:
        shown = show(first.tree)
        raise Unreadable(f"the derivative {shown} is still to be worked out", shown)
    notes = (*notes, *said)
    if changing := [word for word in remarks if word.lower() in CHANGING]:
        raise Unreadable(f"{changing[0]!r} behind the formula may change it", changing[0])
    if remarks:
        notes = (*notes, "the words after the formula were not read")
    return Reading(
        text, "math", show(first.tree, first.meaning), show(first.tree, first.meaning, latex=True),
        notes=notes, left=left, candidates=options, remarks=" ".join(remarks), solved=change is not None,
    )  # fmt: skip


def _is_shape(statement: Statement, names: Names) -> bool:
    """Whether a formula only says how large something is: ``N \\times N``."""
    texts = [token.text for side in statement.sides for token in side]
    return "times" in texts and all(text == "times" or text in names.sizes for text in texts)


def _result_of(
    statement: Statement, lenient: Names, target: str
) -> tuple[tuple[Token, ...], tuple[str, ...]]:
    """The side that a chain comes to: the last one, but not ``= 0``, and not what it is only about equal to."""
    sides, about = statement.sides, statement.approximate
    if about and can_be_read(sides[about - 1], lenient) and not is_name(sides[about - 1], lenient):
        return sides[about - 1], ("what stands behind ≈ was not read",)
    last = sides[-1]
    if len(sides) > 1 and leniently(last, lenient) == Sym(target):  # A = dW
        last = sides[-2]
    if len(sides) > 1 and [t.text for t in last] == ["0"] and not is_name(sides[-2], lenient):
        last = sides[-2]
    return last, ("≈ was read as =",) if about else ()


def evaluate(
    candidate: Candidate, reading: Reading, sample: Sample, names: Names, deadline: Deadline,
    *, shape: tuple[int, ...] = (), vectors: str = "declared",
) -> tuple[Value, tuple[str, ...]]:  # fmt: skip
    """The value of one reading at one point, and notes about how it was evaluated.

    Args:
        candidate: the reading.
        reading: the answer that it is one of the readings of.
        sample: the point.
        names: the question's vocabulary.
        deadline: when to give up.
        shape: of what is asked; it gives the lengths of free indices that occur in Kronecker deltas alone.
        vectors: how vectors are stored, in code.

    Raises:
        Clash: shapes or indices do not fit.
        Unreadable: something has no meaning at this place.
    """
    if reading.is_code:
        ranks = {name: len(shape) for name, shape in names.shapes.items()}
        array = NumpyEvaluator(sample, ranks, vectors, deadline).value(candidate.tree)
        if array.ndim > 2:
            raise Clash(f"an array of {array.ndim} axes", "W112")
        data = array.reshape(1, 1) if array.ndim == 0 else array.reshape(-1, 1) if array.ndim == 1 else array
        return Value(data.astype(float)), ()
    evaluator = Evaluator(sample, candidate.meaning, deadline)
    value = evaluator.value(candidate.tree, _left_ranges(reading, candidate, shape))
    return value, tuple(sorted(evaluator.notes))


def _left_ranges(reading: Reading, candidate: Candidate, shape: tuple[int, ...]) -> dict[str, int]:
    """Lengths of the free indices that only the left-hand side tells."""
    free = reading.left
    if not free:
        deltas = [node for node in walk(candidate.tree) if isinstance(node, Delta)]
        free = tuple(sorted({i for d in deltas for i in (d.i, d.j) if "#" not in i}))
    sizes = [side for side in shape if side != 1]
    return dict(zip(free, sizes, strict=True)) if len(free) == len(sizes) else {}


def described(reading: Reading, names: Names, sample: Sample) -> Iterator[str]:
    """The shape of the conventional reading in symbols, if it has one."""
    try:
        value, _ = evaluate(reading.candidates[0], reading, sample, names, Deadline())
    except FormulaError:
        return
    shape = value.show_shape(sample.show)
    free = [axis.partition("#")[0] for axis in value.axes]
    if free:
        sizes = " × ".join(sample.show(value.size_of(axis)) for axis in value.axes)
        shape = f"entries {', '.join(free)} ({sizes})" + ("" if value.is_scalar else f", each {shape}")
    yield shape


__all__ = ["Language", "Reading", "described", "evaluate", "is_empty", "read_answer"]
