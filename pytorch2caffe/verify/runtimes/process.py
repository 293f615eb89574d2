"""A program at the other end of two pipes that answers each message; caffe_worker.py has the format."""

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
BANNER = 1000  # lines that a wrapper (conda, ssh, docker) may print before the worker greets


class Process:
    """A worker, started by `command` with `source`, the text of caffe_worker.py, as its program.

    Raises RuntimeUnavailable if the command does not start.
    """

    def __init__(self, command: Sequence[str], source: str) -> None:
        self.shown = shlex.join(command)
        try:
            self._popen = subprocess.Popen(
                [*command, "-c", source],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,  # Ctrl-C is ours to handle, and children of a wrapper end with it
            )
        except OSError as error:
            raise RuntimeUnavailable(f"`{self.shown}` does not start: {error.strerror or error}") from error
        assert self._popen.stdin and self._popen.stdout and self._popen.stderr
        self._input: IO[bytes] = self._popen.stdin
        self._output = cast(BufferedReader, self._popen.stdout)
        self._said: deque[str] = deque(maxlen=100)
        self._listener = threading.Thread(target=_listen, args=(self._popen.stderr, self._said), daemon=True)
        self._listener.start()
        self._kill = weakref.finalize(self, _kill, self._popen)

    @property
    def pid(self) -> int:
        """Its number in the system."""
        return self._popen.pid

    def ended(self) -> bool:
        """Whether it has gone."""
        return self._popen.poll() is not None

    def close(self) -> None:
        """Ends it, with whatever it started."""
        self._kill()
        for pipe in (self._input, self._output):
            with suppress(OSError):  # what was still to be written has no reader
                pipe.close()

    def greet(self, timeout: float) -> dict[str, Any]:
        """Waits for the worker's first message, past whatever a wrapper prints before it.

        Raises RuntimeUnavailable if it does not come within `timeout` seconds, or says that Caffe is missing.
        """
        noise: deque[str] = deque(maxlen=5)
        with self._within(timeout, RuntimeUnavailable, noise):
            for _ in range(BANNER):
                line = self._output.readline(1 << 16)
                if not line:
                    raise EOFError
                greeting = _json_or_none(line)
                if greeting and greeting.get("worker") == GREETING:
                    break
                noise.append(line.decode(errors="replace").rstrip())
            else:
                raise RuntimeUnavailable(f"`{self.shown}` prints something else: {noise[-1][:200]!r}")
        if "error" in greeting:
            raise RuntimeUnavailable(f"`{self.shown}` has no usable pycaffe: {greeting['error']}")
        return greeting

    def ask(self, header: dict[str, Any], sections: Sequence[Section], timeout: float) -> Message:
        """Sends a request, returns its reply. Raises RuntimeFailed if none comes within `timeout` seconds."""
        with self._within(timeout, RuntimeFailed, ()):
            sizes = [memoryview(section).nbytes for section in sections]
            self._input.write(json.dumps({**header, "sizes": sizes}).encode() + b"\n")
            for section in sections:
                self._input.write(section)
            self._input.flush()
            line = self._output.readline()
            if not line:
                raise EOFError
            reply = json.loads(line)
            return reply, [self._read(size) for size in reply["sizes"]]

    def _read(self, size: int) -> bytearray:
        data = bytearray(size)
        if self._output.readinto(data) < size:
            raise EOFError
        return data

    @contextmanager
    def _within(self, timeout: float, error: type[Exception], noise: Iterable[str]) -> Iterator[None]:
        """Ends the process after `timeout` seconds; its end, or bytes that are no answer, become an error."""
        started = time.monotonic()
        timer = threading.Timer(timeout, self._kill)
        timer.daemon = True
        timer.start()
        try:
            yield
        except (EOFError, OSError, ValueError) as caught:
            late = time.monotonic() - started >= timeout
            with suppress(subprocess.TimeoutExpired):
                self._popen.wait(2)  # it is ending: let it say how
            self._kill()
            self._listener.join(5)
            words = last_words(self._said) or "\n".join(noise) or "it said nothing on stderr"
            code = self._popen.returncode
            what = f"gave no answer within {timeout:g} s" if late else f"ended ({_ending(code)})"
            raise error(f"`{self.shown}` {what}:\n{words}") from caught
        finally:
            timer.cancel()


def last_words(lines: Iterable[str], count: int = 10) -> str:
    """The end of what a process wrote to stderr, without glog's stack trace."""
    telling = [line for line in lines if line and not line.lstrip().startswith(("@ ", "***", "(unknown)"))]
    return "\n".join(telling[-count:])


def _listen(stream: IO[bytes], said: deque[str]) -> None:
    with suppress(ValueError):  # closed under our hands
        for line in stream:
            said.append(line.decode(errors="replace").rstrip())


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Ends the process with all it started, and waits until it is gone."""
    with suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    with suppress(subprocess.TimeoutExpired):
        process.wait(10)


def _ending(code: int | None) -> str:
    if code is None:
        return "still running"
    with suppress(ValueError):
        return signal.Signals(-code).name
    return f"exit status {code}"


def _json_or_none(line: bytes) -> dict[str, Any] | None:
    with suppress(ValueError):
        found = json.loads(line)
        return found if isinstance(found, dict) else None
    return None
