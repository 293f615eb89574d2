"""Runs cases in processes of their own: what hangs is ended, what eats memory fails alone."""

from __future__ import annotations

import multiprocessing
import resource
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from multiprocessing.connection import Connection, wait

import torch

from tests.sweep import source
from tests.sweep.judge import Outcome, judge

SECONDS = {"modules": 60, "functions": 60, "torchvision": 400}
GIBIBYTES = 12
ENDED = "the process has ended"


@dataclass(frozen=True)
class Unit:
    """The cases of one name, from the one numbered `start`; or only the one at the fraction `pick` of them."""

    kind: str
    name: str
    start: int = 0
    pick: float | None = None


def outcomes(unit: Unit, runtimes: tuple[str, ...], begin: Callable[[str], None] = lambda _: None) -> Iterator[Outcome]:
    """The outcome of each case of a unit. begin: told each case before it runs."""
    cases = source.cases(unit.kind, unit.name)
    if unit.pick is not None:
        found = list(cases)
        cases = iter(found[int(unit.pick * len(found)) :][:1])
    for case in islice(cases, unit.start, None):
        begin(str(case))
        yield judge(case, runtimes)


def run(units: list[Unit], jobs: int, runtimes: tuple[str, ...], tick: Callable[[Unit], None]) -> list[Outcome]:
    """All outcomes, in the order of the units. tick: called when a unit is done."""
    waiting, found, workers = list(reversed(units)), {unit.name: [] for unit in units}, [_Worker(runtimes)]
    workers += [_Worker(runtimes) for _ in range(min(jobs, len(units)) - 1)]
    while waiting or any(worker.unit for worker in workers):
        for worker in workers:
            if worker.unit is None and waiting:
                worker.give(waiting.pop())
        ready = wait([worker.connection for worker in workers if worker.unit], timeout=1)
        for worker in workers:
            if worker.unit is None:
                continue
            unit, failed = worker.unit, None
            if worker.connection in ready:
                message = worker.receive()
                if isinstance(message, Outcome):
                    found[unit.name].append(message)
                elif message is None:
                    tick(unit)
                elif message == ENDED:
                    failed = Outcome(worker.case, "WRONG", f"its process ended with {worker.process.exitcode}")
            elif time.monotonic() - worker.since > SECONDS[unit.kind]:
                failed = Outcome(worker.case, "skipped", f"takes more than {SECONDS[unit.kind]} seconds")
            if failed:
                found[unit.name].append(failed)
                waiting.append(worker.restart())
    for worker in workers:
        worker.process.kill()
    return [outcome for outcomes in found.values() for outcome in outcomes]


class _Worker:
    def __init__(self, runtimes: tuple[str, ...]) -> None:
        self.runtimes = runtimes
        self.unit: Unit | None = None
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_work, args=(theirs, self.runtimes), daemon=True)
        self.process.start()
        theirs.close()

    def give(self, unit: Unit) -> None:
        self.unit, self.case, self.done, self.since = unit, f"{unit.kind}/{unit.name}", 0, time.monotonic()
        self.connection.send(unit)

    def receive(self) -> Outcome | str | None:
        """An outcome; the name of the case that begins; None at the end of the unit; or ENDED."""
        self.since = time.monotonic()
        try:
            message = self.connection.recv()
        except EOFError:
            self.process.join()
            return ENDED
        if isinstance(message, str):
            self.case = message
        elif message is None:
            self.unit = None
        else:
            self.done += 1
        return message

    def restart(self) -> Unit:
        """Ends the process; returns the rest of its unit."""
        assert self.unit
        rest = replace(self.unit, start=self.unit.start + self.done + 1)
        self.process.kill()
        self.unit = None
        self._start()
        return rest


def _work(connection: Connection, runtimes: tuple[str, ...]) -> None:
    torch.set_num_threads(1)
    resource.setrlimit(resource.RLIMIT_DATA, (GIBIBYTES << 30, GIBIBYTES << 30))
    while True:
        for outcome in outcomes(connection.recv(), runtimes, connection.send):
            connection.send(outcome)
        connection.send(None)
