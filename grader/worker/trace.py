"""Records which methods of a submission's classes are called, in which order and with which arrays."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from .encoding import is_tensor


class Trace:
    """While entered, wraps methods on their classes; afterwards the classes are as before.

    ``events`` holds one dict per call in order of entry: ``instance`` (index into ``instances``), ``class``,
    ``traced`` (the class whose method was wrapped: that one or a base of it), ``method``, ``depth`` of nesting among
    traced calls, ``args`` and ``result`` (arrays and scalars, copied at the time), ``returned`` (False where it
    raised). Beyond ``max_events`` or ``max_bytes`` calls are not recorded; the last event then has the method
    ``"..."``.
    """

    def __init__(self, classes: list[type], methods: list[str], max_events: int, max_bytes: int) -> None:
        self.classes = classes
        self.methods = methods
        self.events_left = max_events
        self.bytes_left = max_bytes
        self.instances: list[Any] = []
        self.events: list[dict[str, Any]] = []
        self.depth = 0
        self.undo: list[Callable[[], None]] = []

    def __enter__(self) -> Trace:
        for kind in self.classes:
            for name in self.methods:
                self._wrap(kind, name)
        return self

    def __exit__(self, *_: Any) -> None:
        for undo in reversed(self.undo):
            undo()

    def _wrap(self, kind: type, name: str) -> None:
        original = getattr(kind, name, None)
        if original is None or not callable(original):
            return
        own = name in vars(kind)
        before = vars(kind).get(name)

        @functools.wraps(original)
        def recorded(instance: Any, *args: Any, **kwargs: Any) -> Any:
            event = self._enter(instance, kind, name, args, kwargs)
            self.depth += 1
            try:
                result = original(instance, *args, **kwargs)
            finally:
                self.depth -= 1
            if event is not None:
                event["result"] = self._plain(result)
                event["returned"] = True
            return result

        setattr(kind, name, recorded)
        self.undo.append(lambda: setattr(kind, name, before) if own else delattr(kind, name))

    def _enter(self, instance: Any, kind: type, name: str, args: Any, kwargs: Any) -> dict[str, Any] | None:
        if any(seen is instance for seen in self.instances):
            index = next(i for i, seen in enumerate(self.instances) if seen is instance)
        else:
            self.instances.append(instance)
            index = len(self.instances) - 1
        if self.events_left <= 0:
            return None
        self.events_left -= 1
        event: dict[str, Any] = {"instance": index, "class": type(instance).__name__, "method": name}
        event["traced"] = kind.__name__
        event.update(depth=self.depth, returned=False, result=None)
        event["args"] = [self._plain(value) for value in (*args, *kwargs.values())]
        self.events.append(event if self.events_left else dict(event, method="..."))
        return self.events[-1]

    def _plain(self, value: Any) -> Any:
        """A copy of an array, tensor or scalar within the budget; a type's name for anything else."""
        if is_tensor(value):
            value = value.detach().cpu().numpy()
        if isinstance(value, (np.ndarray, np.generic)):
            self.bytes_left -= value.nbytes
            return np.array(value, copy=True, subok=False) if self.bytes_left >= 0 else None
        if value is None or type(value) in (bool, int, float):
            return value
        return None
