"""Functions of the NumPy dialect: how many arguments they take, and which keywords."""

from __future__ import annotations

# name -> (canonical name, fewest, most positional arguments, keywords)
FUNCTIONS: dict[str, tuple[str, int, int, frozenset[str]]] = {}
_REDUCE = frozenset(("axis", "dim", "keepdims", "keepdim"))


def _known(
    names: str, least: int, most: int, keywords: frozenset[str] = frozenset(), canonical: str = ""
) -> None:
    for name in names.split():
        FUNCTIONS[name] = (canonical or name, least, most, keywords)


_known("exp log sqrt tanh sinh cosh sin cos square sign reciprocal log1p expm1 heaviside", 1, 2)
_known("abs absolute fabs", 1, 1, canonical="abs")
_known("sigmoid expit logistic", 1, 1, canonical="sigmoid")
_known("relu floor ceil", 1, 1)
_known("negative neg", 1, 1, canonical="negative")
_known("sum mean prod std var", 1, 3, _REDUCE)
_known("reduce_sum", 1, 3, _REDUCE, "sum")
_known("reduce_mean", 1, 3, _REDUCE, "mean")
_known("tensordot", 2, 3, frozenset(("axes",)))
_known("max amax", 1, 3, _REDUCE, "amax")
_known("softmax", 1, 2, frozenset(("axis", "dim")))
_known("dot", 2, 2)
_known("matmul mm bmm", 2, 2, canonical="matmul")
_known("multiply mul", 2, 2, canonical="multiply")
_known("divide div true_divide", 2, 2, canonical="divide")
_known("add", 2, 2)
_known("subtract sub", 2, 2, canonical="subtract")
_known("power pow", 2, 2, canonical="power")
_known("maximum", 2, 2)
_known("minimum", 2, 2)
_known("outer", 2, 2)
_known("inner vdot", 2, 2, canonical="inner")
_known("where", 3, 3)
_known("einsum", 2, 5)
_known("ones zeros", 1, 2, canonical="")
_known("full", 2, 2)
_known("ones_like zeros_like", 1, 1, canonical="")
_known("eye identity", 1, 1, canonical="eye")
_known("diag diagflat", 1, 1, canonical="diag")
_known("trace", 1, 1)
_known("transpose t permute", 1, 3, canonical="transpose")
_known("swapaxes", 3, 3)
_known("inv", 1, 1)
_known("solve", 2, 2)
_known("det", 1, 1)
_known("norm vector_norm", 1, 1, _REDUCE | {"ord", "p"}, "norm")
_known("reshape view", 2, 3, canonical="reshape")
_known("expand_dims unsqueeze", 2, 2, frozenset(("axis", "dim")), "expand_dims")
_known("squeeze ravel flatten", 1, 1)
_known("clip clamp", 1, 3, frozenset(("min", "max", "a_min", "a_max")), "clip")
_known(
    "asarray array tensor float32 float64 copy clone detach float double contiguous atleast_2d astype cast",
    1,
    2,
    canonical="same",
)
