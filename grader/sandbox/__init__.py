"""The host's side of the worker: start it, limit it, talk to it, kill it.

Raises:
    IsolationError: on import, where no worker can be started at all.
"""

import sys

from grader.errors import IsolationError

if sys.platform == "win32":
    raise IsolationError(
        "a submission cannot be run on Windows itself, which has neither the pipes nor the limits of a worker; "
        "run gradmark in WSL 2 (wsl --install, then install it there) or in a Linux container"
    )

from grader.sandbox.limits import Limits
from grader.sandbox.program import Input, Program, Ref
from grader.sandbox.sandbox import Sandbox
from grader.sandbox.settings import SandboxSettings
from grader.sandbox.values import Opaque, Reply, StackFrame, StudentError, Value
from grader.sandbox.worker import Worker

__all__ = [
    "Input",
    "Limits",
    "Opaque",
    "Program",
    "Ref",
    "Reply",
    "Sandbox",
    "SandboxSettings",
    "StackFrame",
    "StudentError",
    "Value",
    "Worker",
]
