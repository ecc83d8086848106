"""`grader reference run`: what it refuses before it trains, and what stays when it is stopped."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import reference.experiments
from grader.commands import reference as command
from grader.errors import UsageError
from reference.experiments import Setup
from reference.training.images import Images


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = np.zeros((10, 4), dtype=np.float32), np.arange(10)
    setup = Setup(Images(x, y, x, y, x, y), "made-up images", "cpu", epochs=1)
    monkeypatch.setattr(command, "_setup", lambda *_: setup)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nonsense"], "reference run nonsense: no such experiment; there are: all, default-numpy"),
        (["saddle", "-o", "file"], "file: cannot be written: File exists; name a folder"),
        (["saddle", "--page", "file/page.md"], "file/results: cannot be written: Not a directory"),
        (
            ["saddle", "--device", "tpu"],
            "--device tpu: no such device; expected auto, cpu, cuda or mps; there is: cpu",
        ),
    ],
)
def test_refused_before_any_image_is_read(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command, "_setup", lambda *_: pytest.fail("images are read"))
    Path("file").touch()
    result = CliRunner().invoke(command.reference_app, ["run", *arguments])
    assert isinstance(result.exception, UsageError)
    assert str(result.exception).startswith(said)


@pytest.mark.usefixtures("few")
def test_what_is_done_stays_when_it_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = reference.experiments.run

    def stopped(name: str, setup: Setup) -> object:
        if name != "saddle":
            raise KeyboardInterrupt
        return run(name, setup)

    monkeypatch.setattr(reference.experiments, "run", stopped)
    result = CliRunner().invoke(
        command.reference_app, ["run", "saddle", "lr-sweep", "-o", str(tmp_path), "--png"]
    )
    assert result.exit_code == 130
    assert f"stopped during lr-sweep; written to {tmp_path}: saddle" in result.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"saddle.json", "saddle.svg", "saddle.png"}


@pytest.mark.usefixtures("few")
def test_pictures_may_lie_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(
        command.reference_app, ["run", "saddle", "saddle", "-o", "out", "--page", "docs/page.md"]
    )
    assert result.exit_code == 0, result.output
    assert result.output.count("predicted") == 1
    assert "](../out/saddle.svg)" in Path("docs/page.md").read_text()
