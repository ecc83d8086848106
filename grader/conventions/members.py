"""Where an object keeps its parameters and their gradients, read from a worker's description of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from grader.conventions.vocabulary import GRADIENT_DICTS, bare, gradient_names, words_of
from grader.sandbox import Ref

Step = tuple[str, str | int]
SKIPPED = ("running", "moving", "cache", "momentum", "velocity")


@dataclass(frozen=True)
class Member:
    """A place below an object: attributes and items on the way, and what was found there.

    Attributes:
        steps: ("a", name) for an attribute, ("i", key) for an item.
        shape: of the array there, None where there is none.
        dtype: of that array.
    """

    steps: tuple[Step, ...]
    shape: tuple[int, ...] | None = None
    dtype: str = ""

    @property
    def name(self) -> str:
        """The telling part of the path: ``W`` of ``W``, ``params['W']`` and ``W.data``."""
        names = [str(key) for _, key in self.steps]
        return names[-2] if len(names) > 1 and bare(names[-1]) in ("data", "value", "val") else names[-1]

    def __str__(self) -> str:
        first, *rest = self.steps
        return str(first[1]) + "".join(f".{key}" if kind == "a" else f"[{key!r}]" for kind, key in rest)

    def under(self, root: Ref) -> Ref:
        """The place below a register."""
        for kind, key in self.steps:
            root = root.attr(str(key)) if kind == "a" else root.item(key)
        return root


def members_of(description: object) -> tuple[Member, ...]:
    """Everything below an object that a description shows, arrays and what may become one."""
    return tuple(_below(description, ()))


def _below(node: object, steps: tuple[Step, ...]) -> Iterator[Member]:
    if not isinstance(node, Mapping):
        return
    if "shape" in node and steps:
        yield Member(steps, tuple(node["shape"]), str(node.get("dtype", "")))
    elif steps and not node.get("attributes") and not node.get("keys") and not node.get("items"):
        yield Member(steps)
    for kind, key in (("attributes", "a"), ("keys", "i")):
        for name, child in (node.get(kind) or {}).items():
            yield from _below(child, (*steps, (key, str(name))))
    for number, child in enumerate(node.get("items") or ()):
        yield from _below(child, (*steps, ("i", number)))


def declared_member(path: str, members: Sequence[Member]) -> Member:
    """The member at a path that a rubric declares, ``W`` or ``params.W``; its steps as far as they were seen."""
    names = path.split(".")
    for member in members:
        if [str(key) for _, key in member.steps] == names:
            return member
    dicts = {tuple(str(key) for _, key in m.steps[:-1]) for m in members if m.steps[-1][0] == "i"}
    steps = tuple(("i" if tuple(names[:i]) in dicts else "a", name) for i, name in enumerate(names))
    return Member(steps)


def find_parameter(name: str, shapes: Sequence[tuple[int, ...]], members: Sequence[Member]) -> Member | None:
    """The array that is this parameter: of one of these shapes, by its name, else the only one that can be."""
    fitting = [m for m in members if m.shape in shapes and m.dtype.removeprefix("torch.").startswith("float")]
    fitting = [
        m for m in fitting if not _is_gradient(m) and not any(word in bare(m.name) for word in SKIPPED)
    ]
    words = words_of(name)
    ranked = sorted(
        (words.index(bare(m.name)), len(m.steps), i) for i, m in enumerate(fitting) if bare(m.name) in words
    )
    if ranked:
        return fitting[ranked[0][2]]
    return fitting[0] if len(fitting) == 1 else None


def _is_gradient(member: Member) -> bool:
    return any(bare(str(key)) in GRADIENT_DICTS for _, key in member.steps) or bare(member.name).startswith(
        ("grad", "dl")
    )


def find_gradient(name: str, parameter: Member, members: Sequence[Member]) -> Member | None:
    """Where the gradient of a parameter is kept: the same key of ``grads``, ``dW`` beside ``W``, ``W.grad`` ..."""
    *head, (kind, last) = parameter.steps
    beside = [m for m in members if len(m.steps) == len(parameter.steps)]
    for member in beside:  # grads["W"] for params["W"]
        if member.steps[-1] == (kind, last) and bare(str(member.steps[0][1])) in GRADIENT_DICTS:
            return member
    for member in beside:  # W.grad for W.data
        same_owner = member.steps[:-1] == tuple(head) and head
        if same_owner and bare(str(last)) in ("data", "value", "val") and bare(member.name) in GRADIENT_DICTS:
            return member
    own = gradient_names([parameter.name])
    for wishes in (own, gradient_names(words_of(name))):
        for member in members:
            if bare(member.name) in wishes and member.steps != parameter.steps:
                return member
    if any(bare(str(m.steps[0][1])) == "grads" for m in members):
        return Member((("a", "grads"), ("i", str(last))))
    return None
