"""Outlines: what is defined, what is still the template, where a file breaks."""

from __future__ import annotations

import pytest

from grader.submission.outline import Outline, read_outline


def outline(text: str) -> Outline:
    return read_outline("m.py", text.encode())


@pytest.mark.parametrize(
    "body",
    [
        "pass",
        "raise NotImplementedError",
        "raise NotImplementedError('later')",
        "...",
        '"""Doc."""',
        "return None",
        "out = None\n    return out",
        "pass\n    return out",
        "model = ...\n    accuracy = ...\n    np.random.seed(seed)\n    return model, accuracy",
        "return f",
    ],
)
def test_a_function_that_nobody_filled_in(body: str) -> None:
    assert outline(f"def f(a, b=1):\n    {body}\n").functions["f"].unfilled


@pytest.mark.parametrize(
    "body",
    [
        "return a",
        "out = a + 1\n    return out",
        "for out in a:\n        break\n    return out",
        "out = None\n    if a:\n        out = 2\n    return out",
        "self.x = a",
        "with open(a) as out:\n        return out",
        "return a @ b",
        "global out\n    return out",
    ],
)
def test_a_function_that_somebody_filled_in(body: str) -> None:
    assert not outline(f"def f(a, b=1):\n    {body}\n").functions["f"].unfilled


def test_a_class_is_unfilled_when_its_methods_are() -> None:
    text = "class A:\n    def __init__(self, n):\n        self.n = n\n    def forward(self, x):\n        pass\n        return out\n"
    found = outline(text)
    assert found.unfilled("A")
    assert not outline(text.replace("pass", "out = x")).unfilled("A")
    assert not outline(
        "class A(B):\n    def __init__(self, x):\n        super().__init__(x)\n        self.x = x\n"
    ).unfilled("A")
    assert found.classes["A"].methods["__init__"].parameters == ("n",)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("x = 1\n<<<<<<< HEAD\ny = 2\n=======\ny = 3\n>>>>>>> b\n", 2, "merge conflict"),
        ("def f(:\n    pass\n", 1, "SyntaxError"),
        ("  x = 1\n", 1, "IndentationError"),
        ("x = 1\n\ty = 2\n", 2, "IndentationError"),
        ("x = '\0'\n", 1, "null bytes"),
        ("(" * 5000, 1, ""),
    ],
)
def test_a_broken_file_names_its_line(text: str, line: int, words: str) -> None:
    broken = outline(text).broken
    assert broken is not None
    assert broken.line == line
    assert words in broken.message


def test_equals_signs_alone_are_no_conflict() -> None:
    assert outline("x = '''\n=======\n'''\n").broken is None


def test_line_ends_and_byte_order_marks_do_not_matter() -> None:
    assert read_outline("m.py", "\ufeffx = 1\r\ndef f(a):\r\n    return a\r\n".encode()).defines("f")


def test_names_behind_conditions_are_seen() -> None:
    found = outline(
        "try:\n    import a\nexcept ImportError:\n    def g(): return 1\nif True:\n    class C: pass\n"
    )
    assert all(found.defines(name) for name in ("a", "g", "C"))


def test_deep_nesting_is_an_answer_and_no_crash() -> None:
    assert outline("x = " + "[" * 3000 + "]" * 3000).broken is not None
    assert outline("x = " + "-" * 100_000 + "1").broken is not None


def test_imports_are_dotted_names_at_any_depth() -> None:
    text = "import a.b\nfrom c import d\ndef f():\n    import e\n    from .g import h\n    from . import i\n"
    found = read_outline("pack/m.py", text.encode()).imports
    assert {"a.b", "c", "c.d", "e", "pack.g", "pack.g.h", "pack.i"} <= found
