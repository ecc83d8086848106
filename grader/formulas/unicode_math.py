"""Unicode mathematics rewritten as LaTeX commands, so that one lexer reads both."""

from __future__ import annotations

import re
import unicodedata

from grader.formulas.wordlist import split

_GREEK = dict(
    zip(
        "αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΦΨΩϵϕϑ",
        split(
            "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau "
            "upsilon phi chi psi omega Gamma Delta Theta Lambda Xi Pi Phi Psi Omega epsilon phi theta"
        ),
        strict=True,
    )
)
_COMMANDS = {
    "Σ": "sum", "∑": "sum", "∏": "prod", "∂": "partial", "∇": "nabla", "∘": "circ", "○": "circ", "◦": "circ",
    "⊙": "odot", "⊗": "otimes", "⊘": "oslash", "×": "times", "·": "cdot", "⋅": "cdot", "∙": "cdot", "•": "cdot",
    "÷": "div", "√": "sqrt", "‖": "|", "∥": "|", "≤": "le", "≥": "ge", "≠": "ne", "≡": "equiv", "≈": "approx",
    "→": "rightarrow", "←": "leftarrow",
    "⇒": "Rightarrow", "⟹": "Rightarrow", "∴": "therefore", "∈": "in", "⊤": "top", "∗": "ast",
    "ℓ": "ell", "∞": "infty", "𝟏": "mathbf{1}", "𝟙": "mathbb{1}", "𝟭": "mathbf{1}", "𝕀": "mathbb{I}", "𝔼": "mathbb{E}",
    "…": "ldots", "⋯": "cdots", "∝": "propto", "∣": "mid", "ᵀ": "", "′": "", "⁻": "", "−": "", "⇔": "iff",
    "∓": "mp", "±": "pm", "⟨": "langle", "⟩": "rangle", "∀": "forall", "∫": "int",
}  # fmt: skip
_PLAIN = {
    "−": "-", "–": "-", "—": "-", "‐": "-", "‑": "-", "′": "'", "’": "'", "‘": "'", "″": "''", "“": '"', "”": '"',
    "½": "(1/2)", "¼": "(1/4)", "¾": "(3/4)", "⅓": "(1/3)", "\u00a0": " ", "\u2009": " ", "\u202f": " ",
    "\u200b": "", "\u2061": "", "\u2062": " ", "\ufeff": "", "／": "/", "∕": "/", "⁄": "/", "：": ":", "，": ",",
    "（": "(", "）": ")", "＝": "=", "＋": "+", "＊": "*", "\u2223": "|", "ℒ": "L", "ℓ": "\\ell ",
}  # fmt: skip
_SUPERSCRIPTS = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿⁱᵀᵗˢᵐᵏʲᴺˡ", "0123456789+-()niTtsmkjNl", strict=True))
_SUBSCRIPTS = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", "0123456789+-=()aehijklmnoprstuvx", strict=True))
_ACCENTS = {"\u0302": "hat", "\u0303": "tilde", "\u0304": "bar", "\u0305": "bar", "\u0307": "dot"}


def to_latex(text: str) -> str:
    """Rewrite Unicode mathematics: ``Yᵀ ∘ x̂ᵢ`` becomes ``Y^{T} \\circ \\hat{x}_{i}``."""
    text = _styled_ones(text)
    text = _accents(text)
    text = _runs(text, _SUPERSCRIPTS, "^")
    text = _runs(text, _SUBSCRIPTS, "_")
    return "".join(_character(c) for c in text)


def _character(c: str) -> str:
    if ord(c) < 128:
        return c
    if c in _PLAIN:
        return _PLAIN[c]
    name = _COMMANDS.get(c) or _GREEK.get(c)
    if name:
        return f"\\{name} "
    plain = unicodedata.normalize("NFKC", c)
    if plain != c and len(plain) <= 4:  # 𝐗, ﬁ, full-width letters
        return "".join(_character(p) if p != c else p for p in plain)
    return c


def _styled_ones(text: str) -> str:
    """Bold and blackboard digits and letters keep what their style says."""
    for c, name in (("𝟏", "mathbf{1}"), ("𝟙", "mathbb{1}"), ("𝟭", "mathbf{1}"), ("𝕀", "mathbb{I}")):
        text = text.replace(c, f"\\{name} ")
    return text


def _accents(text: str) -> str:
    """A combining accent, also composed with its letter, becomes an accent command."""
    decomposed = "".join(unicodedata.normalize("NFD", c) if ord(c) < 0x2000 else c for c in text)
    decomposed = decomposed.replace("\u0338", "")
    for mark, name in _ACCENTS.items():
        decomposed = re.sub(rf"(\w){mark}", rf"\\{name}{{\1}}", decomposed)
    return decomposed


def _runs(text: str, table: dict[str, str], sign: str) -> str:
    """A run of raised or lowered characters becomes one script: ``x⁻¹`` is ``x^{-1}``."""
    letters = "".join(table)

    def script(found: re.Match[str]) -> str:
        return f"{sign}{{{''.join(table[c] for c in found.group())}}}"

    return re.sub(f"[{re.escape(letters)}]+", script, text)
