"""python -m tests.sweep PACKAGE ... [--caffe] [--results FILE]: networks of other packages, where installed.

Each in a process of its own. With --results a run that was cut goes on where it ended, and
`--page` writes docs/sweep.md from the file.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click
from rich.console import Console

from tests.paths import ROOT
from tests.sweep import packages
from tests.sweep.isolation import read, run
from tests.sweep.network import ENDS, Network
from tests.sweep.networks_page import page

PAGE = ROOT / "docs" / "sweep.md"


@click.command()
@click.argument("package", nargs=-1, required=True, type=click.Choice(list(packages.REQUIRED)))
@click.option("--caffe", "runtimes", flag_value="caffe", multiple=True, help="run the files in real Caffe too")
@click.option("--opencv", "runtimes", flag_value="opencv", multiple=True, help="and files for OpenCV in OpenCV")
@click.option("--only", multiple=True, help="only these names")
@click.option("--seconds", default=120, show_default=True, help="the most that a network may take")
@click.option("--gibibytes", default=4, show_default=True, help="the most memory that its process may take")
@click.option("--results", type=Path, help="JSON lines: outcomes of runs before, to which this one adds its own")
@click.option("--page", "write", is_flag=True, help="write docs/sweep.md from all results")
def main(
    package: tuple[str, ...],
    runtimes: tuple[str, ...],
    only: tuple[str, ...],
    seconds: int,
    gibibytes: int,
    results: Path | None,
    write: bool,
) -> None:
    """Runs networks of other packages through the converter."""
    console, found = Console(highlight=False, soft_wrap=True), []
    for each in package:
        names = [name for name in packages.names(each) if not only or name in only]
        for network in run(each, names, runtimes=runtimes, seconds=seconds, gibibytes=gibibytes, results=results):
            found.append(network)
            console.print(line(network), markup=False)
    if write:
        PAGE.write_text(page(read(results) if results else found), encoding="utf-8")
    ends = Counter(network.end for network in found)
    console.print(", ".join(f"{ends[end]} {end}" for end in ENDS))
    raise SystemExit(bool(ends["WRONG"]))


def line(network: Network) -> str:
    """One network on one line."""
    cause = network.why or "; ".join(dict.fromkeys(network.problems))
    runtimes = {"real Caffe": network.caffe, "OpenCV": network.opencv}
    others = "".join(f", {runtime}: {found}" for runtime, found in runtimes.items() if found)
    return f"{network}: {network.end}{': ' if cause else ''}{cause}{others}"
