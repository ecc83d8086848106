"""Workers: what comes back of honest and broken submissions, and how they end."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest

from grader.errors import SubmissionError, UsageError, WorkerDied, WorkerTimeout
from grader.sandbox import Limits, Opaque, Program, Reply, Sandbox, folders

LINEAR = b"""
import numpy as np

class LinearModule:
    def __init__(self, in_features, out_features, input_layer=False):
        print("made", in_features, out_features)
        self.params = {"weight": np.zeros((out_features, in_features)), "bias": np.zeros(out_features)}

    def forward(self, x):
        return x @ self.params["weight"].T + self.params["bias"]
"""


def run(
    sandbox: Sandbox, source: str | bytes, expression: str = "", *, timeout: float = 20.0, **files: bytes
) -> Reply:
    """Import a module with this source; send the value of an expression over its names."""
    text = source.encode() if isinstance(source, str) else source
    p = Program()
    module = p.import_("modules")
    if expression:
        scope = p.call(p.import_("builtins").attr("eval"), expression, module.attr("__dict__"))
        p.send("value", scope)
    with sandbox.worker({"modules.py": text, **files}) as worker:
        return worker.run(p, timeout=timeout)


def test_builds_calls_and_sends(sandbox: Sandbox) -> None:
    w, x = np.arange(15.0).reshape(3, 5), np.ones((2, 5))
    p = Program()
    layer = p.call(p.import_("modules").attr("LinearModule"), 5, 3)
    p.set(layer.attr("params").item("weight"), w)
    p.send("y", p.call(layer.attr("forward"), x))
    with sandbox.worker({"modules.py": LINEAR}) as worker:
        reply = worker.run(p)
    assert reply.error is None
    assert type(reply.values["y"]) is np.ndarray
    np.testing.assert_array_equal(reply.values["y"], x @ w.T)
    assert reply.output == "made 5 3\n"
    assert reply.seconds > 0


def test_in_place_set_keeps_the_array_and_falls_back(sandbox: Sandbox) -> None:
    p = Program()
    layer = p.call(p.import_("modules").attr("LinearModule"), 2, 3)
    weight = p.get(layer.attr("params").item("weight"))
    p.set(layer.attr("params").item("weight"), np.ones((3, 2)), mode="inplace")
    p.send("same object", weight)
    p.set(layer.attr("params").item("weight"), np.ones((7, 7)), mode="inplace")
    p.send("replaced", layer.attr("params").item("weight"))
    with sandbox.worker({"modules.py": LINEAR}) as worker:
        reply = worker.run(p)
    np.testing.assert_array_equal(reply.values["same object"], np.ones((3, 2)))
    assert reply.values["replaced"].shape == (7, 7)


def test_sweep_stacks_rows(sandbox: Sandbox) -> None:
    x = np.random.default_rng(0).normal(size=(6, 2, 5))
    p = Program()
    layer = p.call(p.import_("modules").attr("LinearModule"), 5, 3)
    p.set(layer.attr("params").item("weight"), np.ones((3, 5)))
    with p.sweep(x=x) as row:
        p.collect("y", p.call(layer.attr("forward"), row["x"]))
        p.collect("index", row.index)
    with sandbox.worker({"modules.py": LINEAR}) as worker:
        reply = worker.run(p)
    np.testing.assert_allclose(reply.values["y"], x @ np.ones((5, 3)))
    np.testing.assert_array_equal(reply.values["index"], np.arange(6))


def test_attempt_records_and_goes_on(sandbox: Sandbox) -> None:
    p = Program()
    layer = p.call(p.import_("modules").attr("LinearModule"), 5, 3)
    with p.attempt("wrong shape"):
        p.call(layer.attr("forward"), np.ones((2, 4)))
    p.send("after", 7)
    with sandbox.worker({"modules.py": LINEAR}) as worker:
        reply = worker.run(p)
    error = reply.errors["wrong shape"]
    assert error.type == "ValueError"
    assert (error.frames[-1].file, error.frames[-1].line, error.frames[-1].function) == (
        "modules.py",
        10,
        "forward",
    )
    assert error.frames[-1].code == 'return x @ self.params["weight"].T + self.params["bias"]'
    assert reply.values == {"after": 7}


def test_what_was_sent_before_an_error_comes_back(sandbox: Sandbox) -> None:
    p = Program()
    p.send("before", 1)
    p.import_("no_such_package")
    p.send("after", 2)
    with sandbox.worker({}) as worker:
        reply = worker.run(p)
    assert reply.values == {"before": 1}
    assert reply.error is not None
    assert (reply.error.type, reply.error.missing, reply.error.instruction) == (
        "ModuleNotFoundError",
        "no_such_package",
        1,
    )


def test_kept_registers_serve_later_programs(sandbox: Sandbox) -> None:
    first, second = Program(), Program()
    kept = first.keep(first.call(first.import_("builtins").attr("list"), [1, 2]))
    gone = first.get(5)
    second.send("kept", kept)
    with second.attempt("gone"):
        second.send("gone", gone)
    with sandbox.worker({}) as worker:
        worker.run(first)
        reply = worker.run(second)
    assert reply.values == {"kept": [1, 2]}
    assert reply.errors["gone"].type == "UnsetError"


def test_trace_records_calls_in_order(sandbox: Sandbox) -> None:
    source = (
        LINEAR
        + b"""
class MLP:
    def __init__(self):
        self.layers = [LinearModule(3, 2), LinearModule(2, 1)]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x
"""
    )
    p = Program()
    modules = p.import_("modules")
    net = p.call(modules.attr("MLP"))
    with p.trace([modules.attr("LinearModule")], ["forward"]) as trace:
        p.call(net.attr("forward"), np.ones((4, 3)))
    p.call(net.attr("forward"), np.ones((4, 3)))
    p.send("events", trace.events)
    p.send("first bias", trace.instances.item(0).attr("params").item("bias"))
    with sandbox.worker({"modules.py": source}) as worker:
        reply = worker.run(p)
    events = reply.values["events"]
    assert [(event["instance"], event["method"], event["returned"]) for event in events] == [
        (0, "forward", True),
        (1, "forward", True),
    ]
    assert [event["result"].shape for event in events] == [(4, 2), (4, 1)]
    assert events[1]["args"][0].shape == (4, 2)
    assert reply.values["first bias"].shape == (2,)


def test_values_and_what_they_were(sandbox: Sandbox) -> None:
    p = Program()
    torch, numpy = p.import_("torch"), p.import_("numpy")
    p.send("tensor", p.tensor(np.ones((2, 3)), dtype="float32", requires_grad=True))
    p.send("scalar", p.call(numpy.attr("float32"), 0.5))
    p.send("matrix", p.call(numpy.attr("matrix"), [[1.0, 2.0]]))
    p.send("module", torch)
    p.send("nested", {"a": [1, (2.5, None)], "b": True, "c": "x", "d": 1j, "e": b"raw"})
    p.send("long", list(range(100)))
    p.send("infinite", float("-inf"))
    with sandbox.worker({"modules.py": b"import torch"}) as worker:
        reply = worker.run(p)
    assert reply.error is None
    values, tags = reply.values, reply.tags
    assert values["tensor"].dtype == np.float32
    assert tags["tensor"] == "torch float32 requires_grad"
    assert (values["scalar"], tags["scalar"]) == (0.5, "numpy.float32")
    assert (type(values["matrix"]), tags["matrix"]) == (np.ndarray, "numpy.matrix")
    assert values["module"] == Opaque("module")
    assert values["nested"] == {"a": [1, (2.5, None)], "b": True, "c": "x", "d": 1j, "e": b"raw"}
    assert values["long"] == list(range(100))
    assert values["infinite"] == float("-inf")


def test_array_arguments_with_layouts(sandbox: Sandbox) -> None:
    from grader.sandbox import Input

    source = "def look(x):\n    return x.flags['C_CONTIGUOUS'], x.flags['F_CONTIGUOUS'], x.flags['WRITEABLE'], x.sum()"
    array = np.arange(12.0).reshape(3, 4)
    p = Program()
    look = p.import_("modules").attr("look")
    p.send("plain", p.call(look, array))
    p.send("fortran", p.call(look, Input(array, order="F")))
    p.send("strided", p.call(look, Input(array, order="strided")))
    p.send("readonly", p.call(look, Input(array, writeable=False)))
    with sandbox.worker({"modules.py": source.encode()}) as worker:
        values = worker.run(p).values
    assert values["plain"] == (True, False, True, 66.0)
    assert values["fortran"] == (False, True, True, 66.0)
    assert values["strided"] == (False, False, True, 66.0)
    assert values["readonly"] == (True, False, False, 66.0)


def test_describe_and_signature(sandbox: Sandbox) -> None:
    p = Program()
    kind = p.import_("modules").attr("LinearModule")
    layer = p.call(kind, 5, 3)
    p.send("signature", p.signature(kind))
    p.send("description", p.describe(layer))
    p.send("there", p.exists(layer.attr("params").item("bias")))
    p.send("not there", p.exists(layer.attr("params").item("gamma")))
    with sandbox.worker({"modules.py": LINEAR}) as worker:
        values = worker.run(p).values
    assert [parameter["name"] for parameter in values["signature"]] == [
        "in_features",
        "out_features",
        "input_layer",
    ]
    assert values["signature"][2]["default"] is False
    assert values["description"]["attributes"]["params"]["keys"]["weight"]["shape"] == (3, 5)
    assert (values["there"], values["not there"]) == (True, False)


def test_torch_is_there_only_for_those_who_need_it(sandbox: Sandbox) -> None:
    def has_torch(files: dict[str, bytes], packages: set[str] | None) -> object:
        p = Program()
        p.send("there", p.call(p.import_("sys").attr("modules").attr("__contains__"), "torch"))
        with sandbox.worker(files, packages=packages) as worker:
            return worker.run(p).values["there"]

    assert has_torch({}, {"torch"}) is True
    assert has_torch({}, {"numpy"}) is False
    assert has_torch({"a.py": b"def f():\n    import torch.nn as nn"}, None) is True
    assert has_torch({"a.py": b"import numpy"}, None) is False


def test_what_is_drawn_without_a_seed_is_the_same_in_every_worker(sandbox: Sandbox) -> None:
    def draw() -> list[float]:
        p = Program()
        p.send("random", p.call(p.import_("random").attr("random")))
        p.send("numpy", p.call(p.import_("numpy").attr("random").attr("rand")))
        with sandbox.worker({}, packages=()) as worker:
            values = worker.run(p).values
        return [values["random"], values["numpy"]]

    assert draw() == draw()


def test_seeds_repeat(sandbox: Sandbox) -> None:
    def draw() -> tuple[float, ...]:
        p = Program()
        p.seed(4)
        p.send("random", p.call(p.import_("random").attr("random")))
        p.send("numpy", p.call(p.import_("numpy").attr("random").attr("rand"), 2))
        p.send("torch", p.call(p.import_("torch").attr("rand"), 2))
        with sandbox.worker({}, packages={"torch"}) as worker:
            values = worker.run(p).values
        return values["random"], *values["numpy"], *values["torch"]

    assert draw() == draw()


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import os; os._exit(3)", "exit code 3"),
        (
            "import ctypes; ctypes.string_at(0)",
            "killed by SIGSEGV); it was in modules.py line 1, in <module>",
        ),
        ("import os; os.abort()", "killed by SIGABRT"),
    ],
)
def test_a_crash_is_named(sandbox: Sandbox, source: str, expected: str) -> None:
    with pytest.raises(WorkerDied) as caught:
        run(sandbox, source)
    assert expected in str(caught.value)


class _AlwaysWaits:
    def seconds(self) -> float:
        return time.monotonic()


def test_what_a_worker_waits_for_a_processor_is_given_back_and_sleep_is_not(sandbox: Sandbox) -> None:
    source = b"import time\ndef f(seconds):\n    print('a')\n    time.sleep(seconds)\n    print('b')\n"
    naps = {}
    for seconds in (0.7, 1.5, 60):
        naps[seconds] = Program()
        naps[seconds].call(naps[seconds].import_("modules").attr("f"), seconds)
    with sandbox.worker({"modules.py": source}) as worker:
        waited = worker._channel.waited
        before = waited.seconds()
        worker.run(naps[0.7], timeout=60)
        if Path("/proc/self/schedstat").exists():  # the kernel counts
            assert 0 < before < waited.seconds() < before + 0.4
        worker._channel.waited = _AlwaysWaits()  # type: ignore[assignment]
        assert worker.run(naps[1.5], timeout=1.2).output == "a\nb\n"
        with pytest.raises(WorkerTimeout):
            worker.run(naps[60], timeout=0.4)


def test_a_timeout_says_where(sandbox: Sandbox) -> None:
    p = Program()
    p.import_("modules")
    source = b"def spin():\n    while True:\n        pass\nprint('starting')\nspin()\n"
    with sandbox.worker({"modules.py": source}) as worker:
        with pytest.raises(WorkerTimeout) as caught:
            worker.run(p, timeout=1.0)
        assert str(caught.value).startswith("no answer within 1 seconds; it was in modules.py line ")
        assert str(caught.value).endswith(", in spin")
        assert worker.output == "starting\n"
        with pytest.raises(WorkerDied, match="open another"):
            worker.run(p)


@pytest.mark.parametrize(
    ("source", "type_", "message"),
    [
        ("import sys; sys.exit(2)", "SystemExit", "2"),
        ("input()", "EOFError", "EOF when reading a line"),
        ("def f(:", "SyntaxError", "invalid syntax"),
        ("import numpy as np\nnp.ones(10**12)", "MemoryError", "Unable to allocate"),
        ("import subprocess; subprocess.run(['true'])", "PermissionError", "not permitted"),
    ],
)
def test_errors_are_results(namespaced: Sandbox, source: str, type_: str, message: str) -> None:
    error = run(namespaced, source).error
    assert error is not None
    assert error.type == type_
    assert message in error.message
    assert error.frames[-1].file == "modules.py"


def test_printing_never_counts_against_it(sandbox: Sandbox) -> None:
    reply = run(
        sandbox, "print('\\ud800 é'); print('x' * 100_000)\nimport sys; sys.stderr.write('progress')", "1"
    )
    assert reply.error is None
    assert reply.output.startswith("\\ud800 é\nxxx")
    assert len(reply.output.encode()) == Limits().output_bytes
    assert reply.output_dropped > 30_000


def test_files_neighbours_and_scratch(sandbox: Sandbox) -> None:
    source = """
import os, sys
import helper.shapes
open("../beside.txt", "w").write("x")
open("results.txt", "w").write("y")
found = sorted(os.listdir(".")), os.path.exists("../beside.txt"), helper.shapes.SIDES, sys.argv[1:], __name__
"""
    reply = run(sandbox, source, "found", **{"helper/shapes.py": b"SIDES = 4"})
    assert reply.error is None, reply.error
    names, beside, sides, argv, name = reply.values["value"]
    assert {"helper", "modules.py", "results.txt"} <= set(names)
    assert (beside, sides, argv, name) == (True, 4, [], "modules")


def test_paths_in_messages_are_the_students(sandbox: Sandbox) -> None:
    error = run(sandbox, "import os; open(os.path.abspath('data/x.npy'))").error
    assert error is not None
    assert error.message == "[Errno 2] No such file or directory: 'data/x.npy'"


def test_support_modules_win(sandbox: Sandbox) -> None:
    p = Program()
    p.send("who", p.import_("cifar10_utils").attr("WHO"))
    files, support = {"cifar10_utils.py": b"WHO = 'student'"}, {"cifar10_utils.py": b"WHO = 'course'"}
    with sandbox.worker(files, support=support) as worker:
        assert worker.run(p).values == {"who": "course"}


def test_progress_is_reported(sandbox: Sandbox) -> None:
    source = b"""
import time, gradmark_progress
for epoch in range(1, 4):
    gradmark_progress.report(epoch=epoch, of=3)
    time.sleep(0.15)
"""
    seen: list[object] = []
    p = Program()
    p.import_("modules")
    with sandbox.worker({"modules.py": source}) as worker:
        worker.run(p, timeout=20.0, on_progress=seen.append)
    assert seen == [{"epoch": 1, "of": 3}, {"epoch": 2, "of": 3}, {"epoch": 3, "of": 3}]


def test_readonly_folder(sandbox: Sandbox, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "images.bin").write_bytes(b"pixels")
    for folder in (data, *data.parents):
        if folder.stat().st_uid == os.getuid() and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o055)
    source = f"""
text = open({str(data / "images.bin")!r}).read()
try:
    open({str(data / "new")!r}, "w")
    written = True
except OSError:
    written = False
"""
    p = Program()
    modules = p.import_("modules")
    p.send("text", modules.attr("text"))
    p.send("written", modules.attr("written"))
    with sandbox.worker({"modules.py": source.encode()}, readonly=[data]) as worker:
        reply = worker.run(p)
    assert reply.values == {"text": "pixels", "written": False}


@pytest.mark.parametrize("name", ["../x.py", "/etc/x.py", "a/../../x.py", "", "a\0b"])
def test_names_stay_inside(sandbox: Sandbox, name: str) -> None:
    with pytest.raises(SubmissionError, match="does not stay inside"):
        sandbox.worker({name: b""})


def test_loader_processes_on_request(namespaced: Sandbox) -> None:
    source = b"""
from torch.utils.data import DataLoader
items = [int(batch) for batch in DataLoader(list(range(4)), num_workers=2)]
"""
    p = Program()
    p.send("items", p.import_("modules").attr("items"))
    with namespaced.worker({"modules.py": source}, limits=Limits(processes=4)) as worker:
        assert worker.run(p, timeout=60.0).values == {"items": [0, 1, 2, 3]}
    with namespaced.worker({"modules.py": source}) as worker:
        error = worker.run(p, timeout=60.0).error
    assert error is not None
    assert error.type == "PermissionError"


def test_processes_need_a_pid_namespace(confined: Sandbox) -> None:
    with pytest.raises(UsageError, match="need a pid namespace"):
        confined.worker({}, limits=Limits(processes=1))


def test_scratch_is_watched_where_it_is_not_bounded(confined: Sandbox) -> None:
    from grader.errors import WorkerViolation

    source = b"for number in range(300):\n    open(f'f{number}', 'w').close()\n"
    p = Program()
    p.import_("modules")
    with (
        confined.worker({"modules.py": source}, limits=Limits(scratch_files=200)) as worker,
        pytest.raises(WorkerViolation, match=r"wrote more than 20\d files"),
    ):
        worker.run(p)


def test_a_file_that_cannot_be_written_is_named(sandbox: Sandbox) -> None:
    with (
        sandbox.worker({"a": b"", "a/modules.py": b""}) as worker,
        pytest.raises(WorkerDied, match="the submission's files could not be written"),
    ):
        worker.run(Program())


@pytest.mark.skipif(os.geteuid() != 0, reason="only the superuser gives workers a user of their own")
def test_a_folder_that_the_workers_user_cannot_read_is_refused(namespaced: Sandbox, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(UsageError, match="cannot be read by a worker's own user; try: chmod"):
        namespaced.worker({}, readonly=[closed])


def test_fresh_process_for_a_graphics_card(sandbox: Sandbox) -> None:
    """Also where there is no card: the process, its confinement and its end are the same."""
    p = Program()
    p.send("value", p.import_("modules").attr("VALUE"))
    with sandbox.worker({"modules.py": b"VALUE = 3"}, device="cuda") as worker:
        assert worker.run(p, timeout=60.0).values == {"value": 3}
    late = Program()
    late.call(late.import_("os").attr("_exit"), 5)
    with sandbox.worker({}, device="cuda") as worker, pytest.raises(WorkerDied, match="exit code 5"):
        worker.run(late, timeout=60.0)


def test_folders_of_a_grader_that_was_killed_are_removed_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(folders, "YOUNG", 0.0)
    code = (
        f"import tempfile; tempfile.tempdir = {str(tmp_path)!r}\n"
        "from grader.sandbox.folders import OwnFolder; print(OwnFolder().path, flush=True); input()"
    )
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        left = Path(other.stdout.readline().strip())
        (left / "deep" / "er").mkdir(parents=True)
        (left / "deep").chmod(0)
        with folders.own_folder() as own:
            assert left.is_dir()  # its owner lives
            other.kill()
            other.wait()
            folders.sweep()
            assert not left.exists()
            assert os.path.isdir(own)
    assert not list(tmp_path.iterdir())
