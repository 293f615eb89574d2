"""Signals that end a program do so between steps, never within one that puts things in order."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
_IN_ORDER = {"__enter__", "__exit__", "enter_context"}  # functions that no signal interrupts


class OrderlyInterrupts:
    """A scope in which a signal that arrives while a `with` is entered or left waits for the end of the scope.

    So what a `with` restores is restored, and what it writes is complete or absent. Python runs a handler between any
    two instructions, also between the end of a block and the first line of its `__exit__`, so `finally` alone does not
    do. Elsewhere a signal acts as before the scope. In other threads than the main one Python raises none.
    """

    def __init__(self) -> None:
        self._before: dict[int, Callable[[int, FrameType | None], Any]] = {}
        self._waiting: list[int] = []

    def __enter__(self) -> OrderlyInterrupts:
        if threading.current_thread() is threading.main_thread():
            for number in SIGNALS:
                if callable(handler := signal.getsignal(number)):
                    self._before[number] = handler
                    signal.signal(number, self._handle)
        return self

    def __exit__(self, *_: object) -> None:
        before, self._before = self._before, {}
        for number, handler in before.items():
            signal.signal(number, handler)
        for number in self._waiting:
            before[number](number, sys._getframe(1))

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if _is_in_order(frame):
            self._waiting.append(number)
        elif handler := self._before.get(number):
            handler(number, frame)


def _is_in_order(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_name in _IN_ORDER:
            return True
        frame = frame.f_back
    return False
