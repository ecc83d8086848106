"""Ctrl-C waits for the record that is being written."""

from __future__ import annotations

import os
import signal

import pytest

from grader.batch.interrupts import undisturbed


def test_an_interrupt_comes_after_the_block_and_not_within_it() -> None:
    before = signal.getsignal(signal.SIGINT)
    done = []

    def record() -> None:
        with undisturbed():
            os.kill(os.getpid(), signal.SIGINT)
            done.append("the rest of the block")

    with pytest.raises(KeyboardInterrupt):
        record()
    assert done == ["the rest of the block"]
    assert signal.getsignal(signal.SIGINT) is before


def test_an_error_within_the_block_is_not_hidden() -> None:
    with pytest.raises(ValueError, match="own"), undisturbed():
        raise ValueError("own")
