"""Runs each network in a process of its own, with a limit of time and of memory; outcomes are kept as JSON lines."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import resource
import signal
from collections.abc import Collection, Iterator
from dataclasses import asdict, replace
from datetime import date
from multiprocessing.connection import Connection
from pathlib import Path

import torch

from tests.sweep import packages
from tests.sweep.network import Network, judge


def run(
    package: str, names: list[str], *, runtimes: Collection[str], seconds: int, gibibytes: int, results: Path | None
) -> Iterator[Network]:
    """The outcome of each network, those first that `results` has from a run before; each is added to it at once."""
    done = {network.name: network for network in read(results) if network.package == package}
    packages.prepare()
    torch.set_num_threads(1)  # a process with threads must not be forked
    for name in names:
        if name in done:
            yield done[name]
            continue
        found = _apart(package, name, runtimes, seconds, gibibytes)
        network = replace(found, day=date.today().isoformat(), gibibytes=gibibytes)
        if results:
            with results.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(network)) + "\n")
        yield network


def read(results: Path | None) -> list[Network]:
    """The outcomes in a file, the last one of each network."""
    if not results or not results.exists():
        return []
    rows = [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()]
    found = [
        Network(**{**row, "problems": tuple(row["problems"]), "inputs": tuple(map(tuple, row["inputs"]))})
        for row in rows
    ]
    return list({str(network): network for network in found}.values())


def _apart(package: str, name: str, runtimes: Collection[str], seconds: int, gibibytes: int) -> Network:
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(theirs, package, name, runtimes, gibibytes))
    process.start()
    theirs.close()
    try:
        if not ours.poll(seconds):
            return Network(package, name, "skipped", f"takes more than {seconds} seconds")
        found = ours.recv()
    except EOFError:
        process.join()
        return Network(package, name, "WRONG", f"its process ended with {process.exitcode}")
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid or 0, signal.SIGKILL)  # with the Caffe that it started
        process.join()
    return found if isinstance(found, Network) else Network(package, name, "skipped", str(found))


def _work(connection: Connection, package: str, name: str, runtimes: Collection[str], gibibytes: int) -> None:
    os.setsid()
    resource.setrlimit(resource.RLIMIT_DATA, (gibibytes << 30, gibibytes << 30))
    try:
        connection.send(judge(package, name, runtimes))
    except MemoryError:
        connection.send(f"takes more than {gibibytes} GiB")
