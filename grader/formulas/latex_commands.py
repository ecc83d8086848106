"""LaTeX commands by what the lexer does with them: dropped, unwrapped, renamed, or taken as a symbol."""

from __future__ import annotations

from grader.formulas.wordlist import words

GREEK = words(
    "alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi rho "
    "varrho sigma varsigma tau upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Phi Psi Omega "
    "pi ell"
)


SAME = {"varepsilon": "epsilon", "varphi": "phi", "vartheta": "theta", "varrho": "rho", "varsigma": "sigma"}


DROPPED = words(
    "left right big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr Biggl Biggr displaystyle "
    "textstyle scriptstyle limits nolimits nonumber notag middle hfill newline mathstrut large Large "
    "LARGE small normalsize noindent centering bf it rm cal bfseries itshape allowbreak nobreak hspace "
    "vspace phantom strut par item  bigm Bigm mathopen mathclose mathrel mathbin mathord "
    "ensuremath color blacksquare square Box qed qedhere qedsymbol checkmark blacklozenge hline toprule bottomrule"
)


DROPPED_WITH_GROUP = frozenset(
    ("label", "tag", "hspace", "vspace", "phantom", "textcolor", "color", "cite", "ref", "eqref", "colorbox")
)


FONTS = words(
    "mathbf mathrm mathit mathsf mathtt mathcal mathscr mathfrak mathbb bm boldsymbol pmb vec textbf "
    "textit textrm textsf texttt emph underline operatorname mathnormal symbf symbfit bold boxed fbox "
    "mbox hbox text textnormal overrightarrow underbrace overbrace mathop mathds bbold mathbbm vv "
    "mat"
)


TEXT_FONTS = frozenset(
    ("text", "textrm", "mbox", "hbox", "textbf", "textit", "textnormal", "emph", "textsf", "texttt")
)


ACCENTS = {
    "hat": "hat", "widehat": "hat", "tilde": "tilde", "widetilde": "tilde", "bar": "bar", "overline": "bar",
    "dot": "dot", "check": "check", "breve": "breve",
}  # fmt: skip


RENAMED = {
    "dfrac": "frac", "tfrac": "frac", "cfrac": "frac", "nicefrac": "frac", "sfrac": "frac", "intercal": "top",
    "transp": "top", "transpose": "top", "trans": "top", "tran": "top", "tp": "top", "lVert": "|", "rVert": "|",
    "Vert": "|", "lvert": "vert", "rvert": "vert", "mid": "vert", "leq": "le", "geq": "ge", "leqslant": "le",
    "geqslant": "ge", "neq": "ne", "lparen": "(", "rparen": ")", "lbrack": "[", "rbrack": "]", "implies": "Rightarrow",
    "iff": "Rightarrow", "Longrightarrow": "Rightarrow", "longrightarrow": "rightarrow", "to": "rightarrow",
    "Leftrightarrow": "Rightarrow", "lbrace": "{lit", "rbrace": "}lit", "dots": "ldots", "cdots": "ldots",
    "vdots": "ldots", "dotsc": "ldots", "dotsb": "ldots", "ddots": "ldots", "colonequals": "equiv", "coloneqq": "equiv",
    "triangleq": "equiv", "leftarrow": "equiv", "gets": "equiv",
    "ast": "*", "star": "*", "bullet": "odot", "bigodot": "odot", "hadamard": "odot",
    "bigcirc": "circ", "hada": "odot", "oslash": "oslash", "ominus": "-", "lt": "<", "gt": ">", "dd": "partial",
    "dif": "partial", "diff": "partial", "grad": "nabla", "sim": "approx",
    "qquad": "quad", "lor": "vee",
    "Aboxed": "boxed", "bbox": "boxed", "llbracket": "[", "rrbracket": "]", "lBrack": "[", "rBrack": "]",
}  # fmt: skip


TO_SYMBOL = {
    "|": "||", "vert": "|", "(": "(", ")": ")", "[": "[", "]": "]", "le": "<=", "ge": ">=", "ne": "!=", "*": "*",
    "-": "-", "<": "<", ">": ">", "{lit": "(", "}lit": ")", "prime": "'",
    "langle": "<<", "rangle": ">>",
}  # fmt: skip
