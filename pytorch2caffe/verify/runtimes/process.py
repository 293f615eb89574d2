"""A process that answers messages over two pipes. verify/caffe_worker.py describes the format of the messages."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import threading
import time
import weakref
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from io import BufferedReader
from typing import IO, Any, cast

from .base import RuntimeFailed, RuntimeUnavailable

GREETING = "pytorch2caffe 1"
Section = bytes | memoryview
Message = tuple[dict[str, Any], list[bytearray]]
MOST_HEADER = 1 << 28  # bytes of the line before the sections of a message
PIECE = 1 << 24
INVALID = (EOFError, OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError)
MAX_BANNER_LINES = 1000  # lines that a wrapper (conda, ssh, docker) may print before the greeting


class WorkerProcess:
    """A worker process: the Python started by `command` runs `source`, such as the text of caffe_worker.py.

    module: what it must be able to import, for messages.
    Raises RuntimeUnavailable if the command does not start.
    """

    def __init__(self, command: Sequence[str], source: str, module: str = "pycaffe") -> None:
        self.module = module
        self.command_line = shlex.join(command)
        try:
            self._popen = subprocess.Popen(
                [*command, "-c", source],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,  # Ctrl-C does not reach it, and a wrapper's children end with it
            )
        except OSError as error:
            raise RuntimeUnavailable(f"`{self.command_line}` does not start: {error.strerror or error}") from error
        assert self._popen.stdin and self._popen.stdout and self._popen.stderr
        self._input: IO[bytes] = self._popen.stdin
        self._output = cast(BufferedReader, self._popen.stdout)
        self._stderr_lines: deque[str] = deque(maxlen=100)
        self._stderr_thread = threading.Thread(
            target=_collect_lines, args=(self._popen.stderr, self._stderr_lines), daemon=True
        )
        self._stderr_thread.start()
        self._kill = weakref.finalize(self, _kill, self._popen)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._popen.pid

    def has_ended(self) -> bool:
        """Whether the process has ended."""
        return self._popen.poll() is not None

    def close(self) -> None:
        """Ends the process and its children."""
        self._kill()
        for pipe in (self._input, self._output):
            with suppress(OSError):  # unwritten data is discarded
                pipe.close()

    def greet(self, timeout: float) -> dict[str, Any]:
        """Waits for the worker's first message and returns it. Lines that a wrapper prints before it are skipped.

        Raises RuntimeUnavailable if there is none within `timeout` seconds, or if it reports an error.
        """
        banner: deque[str] = deque(maxlen=5)
        with self._limited_to(timeout, RuntimeUnavailable, banner):
            for _ in range(MAX_BANNER_LINES):
                line = self._output.readline(1 << 16)
                if not line:
                    raise EOFError
                greeting = _json_or_none(line)
                if greeting and greeting.get("worker") == GREETING:
                    break
                banner.append(line.decode(errors="replace").rstrip())
            else:
                raise RuntimeUnavailable(
                    f"`{self.command_line}` does not start the worker; it prints {banner[-1][:200]!r}"
                )
        if "error" in greeting:
            raise RuntimeUnavailable(f"`{self.command_line}` has no usable {self.module}: {greeting['error']}")
        return greeting

    def ask(self, header: dict[str, Any], sections: Sequence[Section], timeout: float) -> Message:
        """Sends a request and returns the reply. Raises RuntimeFailed if there is none within `timeout` seconds."""
        with self._limited_to(timeout, RuntimeFailed, ()):
            sizes = [memoryview(section).nbytes for section in sections]
            self._input.write(json.dumps({**header, "sizes": sizes}).encode() + b"\n")
            for section in sections:
                self._input.write(section)
            self._input.flush()
            line = self._output.readline(MOST_HEADER)
            if not line:
                raise EOFError
            reply = json.loads(line)
            return reply, [self._read(size) for size in reply["sizes"]]

    def lines_until(self, end: str, timeout: float = 2) -> list[str]:
        """The last lines on stderr before the line `end`, which is waited for; then they are forgotten."""
        deadline = time.monotonic() + timeout
        while end not in self._stderr_lines and time.monotonic() < deadline:
            time.sleep(0.01)
        lines = [line for line in list(self._stderr_lines) if line != end]
        self._stderr_lines.clear()
        return lines

    def _read(self, size: int) -> bytearray:
        """So many bytes; memory grows with what arrives, not with what was announced."""
        data = bytearray()
        while len(data) < size:
            if not (piece := self._output.read(min(size - len(data), PIECE))):
                raise EOFError
            data += piece
        return data

    @contextmanager
    def _limited_to(self, timeout: float, error: type[Exception], banner: Iterable[str]) -> Iterator[None]:
        """Ends the process after `timeout` seconds. Raises `error` if it ends or sends an invalid answer."""
        started = time.monotonic()
        timer = threading.Timer(timeout, self._kill)
        timer.daemon = True
        timer.start()
        try:
            yield
        except (*INVALID, MemoryError) as caught:
            timed_out = time.monotonic() - started >= timeout
            with suppress(subprocess.TimeoutExpired):
                self._popen.wait(2)  # to get its exit status
            self._kill()
            self._stderr_thread.join(5)
            output = last_lines(self._stderr_lines) or "\n".join(banner) or "no output on stderr"
            code = self._popen.returncode
            what = f"gave no answer within {timeout:g} s" if timed_out else f"ended ({_exit_description(code)})"
            raise error(f"`{self.command_line}` {what}:\n{output}") from caught
        finally:
            timer.cancel()


def last_lines(lines: Iterable[str], count: int = 10) -> str:
    """The last lines that a process wrote to stderr, without glog's stack trace."""
    useful = [line for line in lines if line and not line.lstrip().startswith(("@ ", "***", "(unknown)"))]
    return "\n".join(useful[-count:])


def _collect_lines(stream: IO[bytes], lines: deque[str]) -> None:
    with suppress(ValueError):  # the stream was closed
        for line in stream:
            lines.append(line.decode(errors="replace").rstrip())


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Ends the process and its children, and waits until it has ended."""
    with suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    with suppress(subprocess.TimeoutExpired):
        process.wait(10)


def _exit_description(code: int | None) -> str:
    if code is None:
        return "still running"
    with suppress(ValueError):
        return signal.Signals(-code).name
    return f"exit status {code}"


def _json_or_none(line: bytes) -> dict[str, Any] | None:
    with suppress(ValueError):
        message = json.loads(line)
        return message if isinstance(message, dict) else None
    return None
