"""python -m tests.sweep [modules|functions|torchvision|all] [--caffe] [--jobs 2] [--sample N] [--only NAME]"""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tests.paths import ROOT
from tests.sweep import source
from tests.sweep.judge import ENDS
from tests.sweep.page import KINDS, page
from tests.sweep.pool import Unit, run

PAGE = ROOT / "docs" / "torch-test-data.md"


def sample(kinds: tuple[str, ...], count: int) -> list[Unit]:
    """`count` cases drawn from these kinds, the same each time, of `count` names where there are as many."""
    chance = random.Random(0)
    units = [Unit(kind, name) for kind in kinds for name in source.names(kind)]
    drawn = chance.sample(units, min(count, len(units)))
    return [Unit(unit.kind, unit.name, pick=chance.random()) for unit in drawn]


@click.command()
@click.argument("kind", type=click.Choice([*KINDS, "all"]), default="all")
@click.option("--caffe", is_flag=True, help="run the files in real Caffe too")
@click.option("--jobs", default=2, show_default=True, help="processes")
@click.option("--sample", "count", type=int, help="only so many cases, drawn at random, always the same")
@click.option("--only", multiple=True, help="only these names")
@click.option("--json", "results", type=Path, help="where to write the outcome of each case")
def main(kind: str, caffe: bool, jobs: int, count: int | None, only: tuple[str, ...], results: Path | None) -> None:
    """Runs PyTorch's own test data through the converter; a whole run writes docs/torch-test-data.md."""
    kinds = tuple(KINDS) if kind == "all" else (kind,)
    units = [Unit(k, name) for k in kinds for name in source.names(k) if not only or name in only]
    if count:
        units = sample(kinds, count)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns) as progress:
        task = progress.add_task(kind, total=len(units))
        found = run(
            units,
            jobs,
            ("builtin", "caffe") if caffe else ("builtin",),
            lambda unit: progress.update(task, advance=1, description=unit.name[:30].ljust(30)),
        )
    if results:
        results.write_text(json.dumps([asdict(outcome) for outcome in found], indent=1), encoding="utf-8")
    if kind == "all" and not count and not only:
        PAGE.write_text(page(found), encoding="utf-8")
    ends = Counter(outcome.end for outcome in found)
    console = Console(highlight=False)
    for outcome in found:
        if outcome.end == "WRONG":
            console.print(f"WRONG {outcome.case}: {outcome.why}", markup=False)
    console.print(", ".join(f"{ends[end]} {end}" for end in ENDS))
    raise SystemExit(bool(ends["WRONG"]))
