"""Notebooks become modules that import quickly, and a bad cell costs only those who need it."""

from __future__ import annotations

import ast
import json
import sys
import types

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.errors import SubmissionError
from grader.notebooks import convert, locate, notebook_to_files, read_cells
from tests.notebooks.samples import homework, load, notebook

MODULES = ("modules.py", "train_mlp_numpy.py")


def _load(*cells: str) -> dict[str, object]:
    return load(notebook_to_files("hw.ipynb", notebook(*cells))["hw.py"])


def test_a_whole_homework_in_one_notebook(capsys: pytest.CaptureFixture[str]) -> None:
    files = notebook_to_files("deep/My homework-1.ipynb", homework(), MODULES)
    assert set(files) == {"My_homework_1.py", *MODULES}
    for file in MODULES:
        space = load(files[file], file[:-3])
        layer = space["LinearModule"](3, 4)
        assert layer.forward(np.ones((2, 3))).shape == (2, 4)
        assert layer.backward(np.ones((2, 4))).shape == (2, 3)
        assert space["accuracy"](np.array([1, 2]), np.array([1, 3])) == 0.5
        assert space["EPS"] == 1e-8
        assert "acc" not in space
        assert "layer" not in space
    printed = capsys.readouterr().out
    assert "hello" not in printed
    assert "code cell 2 (In [2]) failed: ModuleNotFoundError" in printed


def test_the_source_is_plain_python_that_static_tools_can_read() -> None:
    tree = ast.parse(notebook_to_files("hw.ipynb", homework(), MODULES)["modules.py"])
    classes = [node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    assert "LinearModule" in classes
    assert [node.lineno for node in tree.body if isinstance(node, (ast.For, ast.While))] == []


@pytest.mark.parametrize(
    "cells",
    [
        ("import os\nROOT = os.sep", "def f(): return ROOT"),
        ("TABLE = {}\nfor k in range(3):\n    TABLE[k] = k", "def f(): return TABLE[2]"),
        ("A = 1", "B = A + 1", "def f(x=B): return x"),
        ("REGISTRY = {}\ndef register(c):\n    REGISTRY[c.__name__] = c\n    return c",
         "@register\nclass A: pass", "def f(): return REGISTRY['A']"),
        ("class A: pass", "def g(self): return 1", "setattr(A, 'g', g)", "def f(): return A().g()"),
        ("try:\n    import notthere as lib\nexcept ImportError:\n    lib = None", "def f(): return lib is None"),
        ("x = 1; y = 2", "def f(): return x + y"),
        ("import numpy as np; W = np.eye(2)", "def f(): return W.sum()"),
        ("global_step = 0", "def f():\n    global global_step\n    global_step += 1\n    return global_step"),
        ("text = '''a\n  b'''", "class A:\n    text = '''c\n  d'''", "def f(): return (text, A.text) == ('a\\n  b', 'c\\n  d')"),
        ("class A:\n\tdef g(self):\n\t\treturn 1", "def f(): return A().g()"),
        ("from __future__ import annotations\ndef f(x: Nope = 1) -> Nope: return x",),
        ("def f(): return display(1) is None",),
        ("import sys\nsys.path.append('/nowhere-at-all')", "def f(): return '/nowhere-at-all' in sys.path"),
        ("double = lambda x: 2 * x", "def f(): return double(1)"),
        ("with open(__import__('os').devnull) as h:\n    content = h.read()", "def f(): return content == ''"),
        ("if True:\n    def f(): return 1",),
        ("!pip install x", "%time\nx = 3", "def f(): return x"),
        ("%%capture out\ndef f(): return 1",),
        ("def f(): return 1", "?f", "f?", "%timeit f()"),
        ("%matplotlib inline\ntext = '''\n%d items\n!\n'''\ndef f(): return text == '\\n%d items\\n!\\n'",),
        ("    x = 3\n    def f():\n        return x",),
        ("if True:\n    !pip install a \\\n      b\n    y = 1\ndef f(): return y",),
        ("async def g(): pass", "def f(): return 1"),
        ("\ufeffdef f(): return 1\r\n\r\ndef g(): pass",),
    ],
)  # fmt: skip
def test_what_a_definition_needs_is_kept(cells: tuple[str, ...]) -> None:
    assert _load(*cells)["f"]()  # type: ignore[operator]


@pytest.mark.parametrize(
    "cell",
    ["x = train()", "for k in range(10**15):\n    LinearModule()", "while True: pass", "plt.plot([1])", "main()",
     "history = model.fit(data)", "assert False", "raise ValueError", "1/0", "input()", "exit()", "%run",
     "%%bash\nrm -rf /", "%%html\n<b>", "get_ipython().system('ls')", "if __name__ == '__main__':\n    main()", "quit"],
)  # fmt: skip
def test_experiments_stay_behind(cell: str, capsys: pytest.CaptureFixture[str]) -> None:
    space = _load(
        "def main(): raise SystemExit\ndef train(): raise SystemExit\nclass LinearModule: pass", cell, "y = 1"
    )
    assert "LinearModule" in space
    assert capsys.readouterr().out == ""


def test_a_loop_that_trains_stays_behind_even_where_its_result_is_used() -> None:
    space = _load(
        "def step(): return 1", "for epoch in range(10**15):\n    loss = step()", "def show(): return loss"
    )
    with pytest.raises(NameError, match="loss"):
        space["show"]()  # type: ignore[operator]


def test_a_cell_that_cannot_be_read_says_so_where_it_is_used() -> None:
    made = convert({"hw.ipynb": notebook("x = 1", "class Broken\n    pass", "def fine(): return 1")})
    assert made.notes == (
        "hw.ipynb, code cell 2 (In [1]) cannot be read: SyntaxError: expected ':', line 1 of the cell",
    )
    space = load(made.files["hw.py"])
    assert space["fine"]() == 1
    with pytest.raises(SyntaxError, match=r"hw\.ipynb, code cell 2 \(In \[1\]\) cannot be read"):
        space["Broken"](3, 4)


def test_a_cell_that_fails_is_named_by_those_who_need_it(capsys: pytest.CaptureFixture[str]) -> None:
    space = _load(
        "import numpy as np",
        "weights = np.load('not_there.npy')",
        "class Net(NotDefined):\n    pass",
        "def predict(): return weights.sum()",
        "def fine(): return 1",
    )
    assert space["fine"]() == 1  # type: ignore[operator]
    with pytest.raises(
        NameError, match=r"hw\.ipynb, code cell 3 \(In \[2\]\) failed: NameError: name 'NotDefined'"
    ):
        space["Net"]()  # type: ignore[operator]
    with pytest.raises(NameError, match=r"code cell 2 \(In \[1\]\) failed: FileNotFoundError"):
        space["predict"]()  # type: ignore[operator]
    assert "code cell 2 (In [1]) failed" in capsys.readouterr().out


def test_a_package_that_is_not_there_is_named() -> None:
    space = _load("import notapackage as npk", "def plot(): npk.show()", "def fine(): return 1")
    assert space["fine"]() == 1  # type: ignore[operator]
    with pytest.raises(ImportError, match="No module named 'notapackage'") as caught:
        space["plot"]()  # type: ignore[operator]
    assert caught.value.name == "notapackage"


def test_a_failed_import_does_not_hide_a_definition() -> None:
    space = _load("class A:\n    x = 1", "from nowhere import A", "def f(): return A.x")
    assert space["f"]() == 1  # type: ignore[operator]


def test_a_later_cell_wins() -> None:
    assert _load("def f(): return 1", "def f(): return 2")["f"]() == 2  # type: ignore[operator]


def test_files_that_cells_write() -> None:
    data = notebook(
        "%%writefile modules.py\nx = 1",
        "%%file -a ./modules.py\ny = 2",
        "%%writefile ../../evil.py\nx",
        "z = 3",
    )
    made = convert({"hw.ipynb": data}, MODULES)
    assert load(made.files["modules.py"])["y"] == 2
    assert set(made.files) == {"hw.py", "modules.py"}
    assert "odd name" in made.notes[0]


def test_several_notebooks_each_its_module_and_the_rest_of_all() -> None:
    books = {"modules.ipynb": notebook("def a(): return 1"), "mlp.ipynb": notebook("def b(): return 2")}
    files = convert(books, ("modules.py", "train.py")).files
    assert "b" not in load(files["modules.py"])
    assert {"a", "b"} <= set(load(files["train.py"]))


def test_a_notebook_that_defines_nothing_makes_no_module() -> None:
    data = {"scratch.ipynb": notebook("import numpy as np\nnp.zeros(3)\nx = 1")}
    assert set(convert(data, ("modules.py",)).files) == {"scratch.py"}
    broken = {"scratch.ipynb": notebook("class Broken(\n")}
    assert set(convert(broken, ("modules.py",)).files) == {"scratch.py", "modules.py"}


def test_of_several_notebooks_a_bad_one_is_left_out() -> None:
    made = convert({"a.ipynb": b"no", "b.ipynb": notebook("def f(): return 1")}, ("modules.py",))
    assert load(made.files["modules.py"])["f"]() == 1
    assert "a.ipynb: not a notebook" in made.notes[0]


def test_a_notebook_that_runs_another_has_what_it_defines(monkeypatch: pytest.MonkeyPatch) -> None:
    books = {
        "layers.ipynb": notebook("def a(): return 1"),
        "use.ipynb": notebook("%run ./layers.ipynb", "def b(): return a()"),
    }
    files = convert(books).files
    made = types.ModuleType("layers")
    exec(files["layers.py"], made.__dict__)
    monkeypatch.setitem(sys.modules, "layers", made)
    assert load(files["use.py"])["b"]() == 1


def test_a_line_of_a_module_is_found_in_its_cell() -> None:
    source = notebook_to_files("hw.ipynb", homework())["hw.py"].decode()
    lines = source.split("\n")
    line = next(k for k, text in enumerate(lines, 1) if "self.x = x" in text)
    assert locate(source, line) == "hw.ipynb, code cell 4 (In [4]), line 9"
    line = next(k for k, text in enumerate(lines, 1) if "return dout @" in text)
    assert locate(source.encode(), line) == "hw.ipynb, code cell 6 (In [6]), line 2"
    assert locate("x = 1\ny = 2", 2) == ""


def test_format_3_is_read() -> None:
    sheet = {
        "cells": [
            {
                "cell_type": "code",
                "input": ["def f():\n", "    return 1"],
                "prompt_number": 4,
                "language": "python",
            }
        ]
    }
    data = json.dumps({"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [sheet]}).encode()
    assert read_cells("old.ipynb", data)[0].name == "code cell 1 (In [4])"
    assert load(notebook_to_files("old.ipynb", data)["old.py"])["f"]() == 1


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not a notebook"),
        (b"\xff\xfe", "not a notebook"),
        (b"[]", "not an object with cells"),
        (b"[" * 100_000, "not a notebook"),
        (b'{"a": NaN', "not a notebook"),
        (notebook("x", kernelspec={"language": "R"}), "a notebook in r; Python is needed"),
        (notebook("x", language_info={"name": "julia"}), "a notebook in julia"),
    ],
)
def test_what_is_no_notebook_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(SubmissionError, match=message):
        convert({"hw.ipynb": data})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.lists(
        st.fixed_dictionaries(
            {}, optional={"cell_type": st.just("code") | JSON, "source": JSON, "execution_count": JSON}
        )
        | JSON,
        max_size=4,
    ),
    JSON,
)
def test_any_json_is_read_or_refused(cells: list[object], metadata: object) -> None:
    data = json.dumps({"cells": cells, "metadata": metadata}).encode()
    try:
        files = notebook_to_files("hw.ipynb", data)
    except SubmissionError:
        return
    ast.parse(files["hw.py"])


LINES = ["x = 1", "%magic", "!ls \\", "  more", "class A:", "    pass", "def f(a=x):", "    return y", "y = '''", "'''",
         "import nothere", "@x", "x?", "if x:", "for k in y:", "\t", "# c", "z = !ls", "%%cell", "lambda: (yield)", "await x",
         "\x00", "\ud800", "from a import *", "del x", "(", ")", "f'{x", "match x:", "    case 1: pass", "global x"]  # fmt: skip


@given(st.lists(st.lists(st.sampled_from(LINES), max_size=6).map("\n".join), max_size=4))
def test_any_cells_give_a_module_that_parses(cells: list[str]) -> None:
    ast.parse(notebook_to_files("hw.ipynb", notebook(*cells))["hw.py"])


def test_a_hostile_name_stays_in_its_comment() -> None:
    name = "a\nimport os  # \u2028import sys\n'''.ipynb"
    source = notebook_to_files(name, notebook("def f(): return 1", "class B("))
    for text in source.values():
        tree = ast.parse(text)
        assert [node for node in ast.walk(tree) if isinstance(node, ast.Import)] == []
