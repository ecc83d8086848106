"""The host's side of the worker: start it, limit it, talk to it, kill it."""

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
