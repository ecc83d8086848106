r"""Formulas for the page: the small part of LaTeX that normal forms are written in, turned into MathML.

Browsers draw MathML and screen readers speak it, and nothing but the elements made here can come out.
Whatever is not known (an environment, a macro, unbalanced braces) gives an empty text: the page shows
the plain reading.
"""

from __future__ import annotations

import re
from html import escape

MAX_LENGTH = 4000
MAX_DEPTH = 40
_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|[0-9]+(?:\.[0-9]+)?|\s+|.", re.DOTALL)
_GREEK: dict[str, str] = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "zeta": "ζ", "eta": "η",
    "theta": "θ", "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π",
    "rho": "ρ", "sigma": "σ", "tau": "τ", "upsilon": "υ", "phi": "φ", "chi": "χ", "psi": "ψ",
    "omega": "ω", "varepsilon": "ε", "varphi": "φ", "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ",
    "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π", "Sigma": "Σ", "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω",
}  # fmt: skip
IDENTIFIERS: dict[str, str] = {
    **_GREEK,
    "partial": "∂", "nabla": "∇", "ell": "ℓ", "infty": "∞", "varepsilon": "ε", "top": "⊤", "hbar": "ℏ",
    "dots": "…", "ldots": "…", "cdots": "⋯", "vdots": "⋮", "ddots": "⋱", "emptyset": "∅",
}  # fmt: skip
OPERATORS: dict[str, str] = {
    "cdot": "·", "odot": "⊙", "circ": "∘", "otimes": "⊗", "oplus": "⊕", "times": "×", "div": "÷", "pm": "±",
    "le": "≤", "leq": "≤", "ge": "≥", "geq": "≥", "ne": "≠", "neq": "≠", "approx": "≈", "to": "→", "in": "∈",
    "sum": "∑", "prod": "∏", "int": "∫", "mid": "|", "vert": "|", "lvert": "|", "rvert": "|", "Vert": "‖",
    "lVert": "‖", "rVert": "‖", "|": "‖", "{": "{", "}": "}", "langle": "⟨", "rangle": "⟩", "ast": "∗",
    "quad": "\u2003", "qquad": "\u2003\u2003", ",": "\u2009", ";": "\u2005", ":": "\u2005", "!": "", " ": " ",
    "colon": ":", "prime": "′", "mapsto": "↦", "Rightarrow": "⇒", "equiv": "≡", "propto": "∝", "sim": "∼",
    "&": "&", "%": "%", "_": "_", "#": "#", "$": "$",
}  # fmt: skip
FUNCTIONS = frozenset(
    ("exp", "log", "ln", "max", "min", "sin", "cos", "tan", "tanh", "sinh", "cosh", "det", "tr", "diag",
    "softmax", "argmax", "sgn", "Pr", "dim", "ker")
)  # fmt: skip
VARIANTS: dict[str, str] = {
    "mathbf": "bold", "boldsymbol": "bold", "bm": "bold", "mathrm": "normal", "mathsf": "normal",
    "text": "normal", "operatorname": "normal", "mathbb": "double-struck", "mathcal": "script",
    "mathit": "italic", "mathtt": "monospace",
    "textbf": "bold", "textrm": "normal", "mathop": "normal",
}  # fmt: skip
ACCENTS: dict[str, str] = {
    "hat": "^", "widehat": "^", "bar": "¯", "overline": "¯", "tilde": "~", "widetilde": "~", "vec": "→",
    "dot": "˙",
}  # fmt: skip
SIZES = frozenset(
    ("left", "right", "big", "Big", "bigg", "Bigg", "bigl", "bigr", "Bigl", "Bigr", "biggl", "biggr")
)
SILENT = frozenset(("displaystyle", "textstyle", "limits", "nolimits"))
LARGE = frozenset("∑∏∫")


class UnsupportedError(Exception):
    """The text uses something that this converter does not know."""


def to_mathml(latex: str, *, spoken: str = "") -> str:
    """Turn a normal form into a MathML element, or into an empty text where it cannot be read.

    Args:
        latex: the formula, without dollar signs.
        spoken: the same in plain text, for those who do not see it.
    """
    if not latex.strip() or len(latex) > MAX_LENGTH:
        return ""
    try:
        body = _Reader(latex).row(stop="", depth=0)
    except UnsupportedError:
        return ""
    label = f' alttext="{escape(spoken)}"' if spoken else ""
    return f'<math display="block"{label}>{body}</math>'


class _Reader:
    """Recursive descent over tokens; every method returns MathML."""

    def __init__(self, latex: str) -> None:
        self._tokens = _TOKEN.findall(latex)
        self._at = 0

    def row(self, *, stop: str, depth: int) -> str:
        """Atoms with their scripts up to the token `stop`, which is consumed."""
        if depth > MAX_DEPTH:
            raise UnsupportedError("nested too deeply")
        parts: list[str] = []
        while True:
            token = self._peek()
            if token == stop:
                self._at += bool(stop)
                return f"<mrow>{''.join(parts)}</mrow>"
            if token in ("", "}"):
                raise UnsupportedError("unbalanced braces")
            parts.append(self._scripted(depth))

    def _peek(self) -> str:
        while self._at < len(self._tokens) and self._tokens[self._at].isspace():
            self._at += 1
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _next(self) -> str:
        token = self._peek()
        self._at += 1
        return token

    def _scripted(self, depth: int) -> str:
        base = "" if self._peek() in ("^", "_", "'") else self._atom(depth)
        scripts: dict[str, str] = {}
        while self._peek() in ("^", "_", "'"):
            mark = self._next()
            if mark == "'":
                scripts["^"] = scripts.get("^", "") + "<mo>′</mo>"
                continue
            if mark in scripts:
                raise UnsupportedError("double script")
            scripts[mark] = self._argument(depth)
        base = base or "<mrow></mrow>"
        scripts = {mark: f"<mrow>{script}</mrow>" for mark, script in scripts.items()}
        large = any(f">{sign}<" in base for sign in LARGE) and base.startswith("<mo")
        if len(scripts) == 2:
            tag = "munderover" if large else "msubsup"
            return f"<{tag}>{base}{scripts['_']}{scripts['^']}</{tag}>"
        if "^" in scripts:
            tag = "mover" if large else "msup"
            return f"<{tag}>{base}{scripts['^']}</{tag}>"
        if "_" in scripts:
            tag = "munder" if large else "msub"
            return f"<{tag}>{base}{scripts['_']}</{tag}>"
        return base

    def _argument(self, depth: int) -> str:
        if self._peek() == "{":
            self._at += 1
            return self.row(stop="}", depth=depth + 1)
        if self._peek() in ("", "}", "^", "_", "'"):
            raise UnsupportedError("argument missing")
        return self._atom(depth + 1) or "<mrow></mrow>"

    def _atom(self, depth: int) -> str:
        token = self._next()
        if token == "{":
            return self.row(stop="}", depth=depth + 1)
        if token.startswith("\\"):
            return self._macro(token[1:], depth)
        if token[0].isdigit():
            return f"<mn>{escape(token)}</mn>"
        if token == "-":
            return "<mo>−</mo>"
        if token.isalpha() or token in "∂∇∞ᵀ⊤…":
            return f"<mi>{escape(token)}</mi>"
        if token in "&~%#$":
            raise UnsupportedError(token)
        return f"<mo>{escape(token)}</mo>"

    def _macro(self, name: str, depth: int) -> str:
        if depth > MAX_DEPTH:
            raise UnsupportedError("nested too deeply")
        if name in ("frac", "dfrac", "tfrac"):
            return f"<mfrac>{self._argument(depth)}{self._argument(depth)}</mfrac>"
        if name in SILENT:
            return ""
        if name in SIZES:
            return self._sized(depth)
        if name == "sqrt":
            return f"<msqrt>{self._argument(depth)}</msqrt>"
        if name in VARIANTS:
            return self._styled(VARIANTS[name])
        if name in ACCENTS:
            return f'<mover accent="true">{self._argument(depth)}<mo>{ACCENTS[name]}</mo></mover>'
        if name in IDENTIFIERS:
            return f"<mi>{IDENTIFIERS[name]}</mi>"
        if name in OPERATORS:
            return f"<mo>{escape(OPERATORS[name])}</mo>"
        if name in FUNCTIONS:
            return f"<mrow><mi>{name}</mi><mo>\u2061</mo></mrow>"
        raise UnsupportedError(name)

    def _sized(self, depth: int) -> str:
        """The delimiter after `left` or `right`; a dot is none."""
        if self._peek() == ".":
            self._at += 1
            return ""
        return self._atom(depth)

    def _styled(self, variant: str) -> str:
        r"""The letters of a `\mathbf{...}`: read as one identifier, never as a formula."""
        if self._peek() != "{":
            letters = self._next()
        else:
            end = next((k for k in range(self._at, len(self._tokens)) if self._tokens[k] == "}"), None)
            if end is None:
                raise UnsupportedError("unbalanced braces")
            letters = "".join(self._tokens[self._at + 1 : end]).strip()
            self._at = end + 1
        if letters.startswith("\\"):
            letters = IDENTIFIERS.get(letters[1:], "\\")
        if not letters or re.search(r"[\\{}^_$&#]", letters):
            raise UnsupportedError(letters)
        return f'<mi mathvariant="{variant}">{escape(_alphabet(letters, variant))}</mi>'


def _alphabet(letters: str, variant: str) -> str:
    """Letters of another alphabet where browsers read no mathvariant but `normal`."""
    starts = {
        "bold": (0x1D400, 0x1D41A),
        "double-struck": (0x1D538, 0x1D552),
        "monospace": (0x1D670, 0x1D68A),
    }
    exceptions = {"C": "ℂ", "H": "ℍ", "N": "ℕ", "P": "ℙ", "Q": "ℚ", "R": "ℝ", "Z": "ℤ"}
    if variant not in starts:
        return letters
    upper, lower = starts[variant]

    def one(letter: str) -> str:
        if variant == "double-struck" and letter in exceptions:
            return exceptions[letter]
        if "A" <= letter <= "Z":
            return chr(upper + ord(letter) - ord("A"))
        return chr(lower + ord(letter) - ord("a")) if "a" <= letter <= "z" else letter

    return "".join(map(one, letters))
