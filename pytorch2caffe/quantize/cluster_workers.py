"""A Dask cluster, its client, and whether its workers compute as this process does."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING

from ..errors import ConversionError

if TYPE_CHECKING:
    from distributed import Client

PACKAGES = ("pytorch2caffe", "torch", "numpy", "PIL")  # what decodes and computes
# glibc keeps the memory of one batch for the next; Dask lets it give each array back, which doubles the CPU time.
ALLOCATION = {"MALLOC_TRIM_THRESHOLD_": 2 * 10**9, "MALLOC_MMAP_THRESHOLD_": 1 << 25, "MALLOC_ARENA_MAX": 1}
TIMEOUT = 20  # seconds to find the scheduler, and then a worker


@contextmanager
def connected(address: str) -> Iterator[Client]:
    """A client of the Dask scheduler at an address; `local` or `local:4` starts workers on this machine.

    Raises ConversionError if distributed is not installed, or no scheduler or no worker can be reached.
    """
    try:
        import dask
        import distributed
    except ImportError as error:
        raise ConversionError('--dask needs distributed\n  fix: pip install "pytorch2caffe[dask]"') from error
    # A network is sent as one task's argument, not scattered: what is scattered is lost with the workers that hold it.
    environment = {f"distributed.nanny.pre-spawn-environ.{name}": value for name, value in ALLOCATION.items()}
    with dask.config.set({"distributed.admin.large-graph-warning-threshold": "100 GB", **environment}):
        kind, _, number = address.partition(":")
        if kind == "local":
            workers = _number_of(number, address)
            with (
                distributed.LocalCluster(
                    n_workers=workers, threads_per_worker=1, dashboard_address=":0", silence_logs="ERROR"
                ) as cluster,
                distributed.Client(cluster) as client,
            ):
                yield client
            return
        try:
            client = distributed.Client(address, timeout=TIMEOUT)
        except (OSError, ValueError) as error:
            fix = "start `dask scheduler`, and give its address, such as tcp://10.0.0.1:8786"
            raise ConversionError(f"no Dask scheduler at {address}: {error}\n  fix: {fix}") from error
        with client:
            yield client


def _number_of(text: str, address: str) -> int:
    if not text:
        return os.cpu_count() or 1
    if not text.isdecimal() or not int(text):
        raise ConversionError(f"--dask {address} is not local and a number of workers\n  fix: give such as local:4")
    return int(text)


def check_workers(client: Client) -> dict[str, str]:
    """The versions of PACKAGES here. Raises ConversionError if there is no worker, or one has others."""
    try:
        client.wait_for_workers(1, timeout=TIMEOUT)
    except TimeoutError as error:
        fix = f"start workers: dask worker {client.scheduler_info()['address']}"
        raise ConversionError(f"the Dask scheduler has no worker after {TIMEOUT} s\n  fix: {fix}") from error
    own = versions()
    found = client.run(versions, on_error="return")
    problems = [
        f"  worker {address}: {difference}" for address, all in found.items() if (difference := _difference(all, own))
    ]
    if problems:
        fix = "install the same packages on every machine; other versions may compute other bits"
        raise ConversionError("\n".join(["workers differ from this process", *problems, f"  fix: {fix}"]))
    return own


def versions() -> dict[str, str]:
    """The versions of those of PACKAGES that are installed."""
    return {name: import_module(name).__version__ for name in PACKAGES if importlib.util.find_spec(name) is not None}


def check_versions(wanted: Mapping[str, str]) -> None:
    """On a worker, which may have joined late. Raises ConversionError if its versions are others."""
    if difference := _difference(versions(), wanted):
        raise ConversionError(f"{difference}\n  fix: install the same packages on every machine")


def _difference(found: Mapping[str, str] | BaseException, wanted: Mapping[str, str]) -> str:
    """What is missing or of another version, or "". found: what `versions` returned or raised."""
    if isinstance(found, BaseException):
        return f"it cannot import pytorch2caffe: {found}"
    return ", ".join(
        f"{name} {found[name]} instead of {version}" if found.get(name) else f"no {name}"
        for name, version in wanted.items()
        if found.get(name) != version
    )


def own_address() -> str:
    """The address of the worker that runs this task."""
    from distributed import get_worker

    return get_worker().address
