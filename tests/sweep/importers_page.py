"""docs/importers.md, from the results of tests.sweep.importers before and after a change of the files' forms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.paths import ROOT
from tests.sweep.importers import OWN, TITLES

PAGE = ROOT / "docs" / "importers.md"
Found = Mapping[str, Any]
HEAD = """# Networks in the consumers that can be run

torchvision's classification networks with random weights, run by the consumers' own importers of Caffe files
(`python -m tests.sweep.importers`, with the runtimes of [verify.md](verify.md#runtimes)). "Before" is the form in which
pooling that rounds down was a Pooling, a Slice and a Silence; "now" is a Crop. *equal*: the output is the model's
within 1e-4, or as near to float64 as float32 allows. *leftovers*: outputs that the consumer lists beside the network's
own. The default file is that of `export` without `--target`; the consumer's own that of its dialect
([consumers.md](consumers.md)). coremltools: converted by it, the result run by onnxmltools and onnxruntime.
Networks that the second table lacks, or for which it shows "-", have not been run again; nor MNN's "not run".
"""


def page(before: Sequence[Found], now: Sequence[Found]) -> str:
    """The page: a line for each consumer, then one for each network."""
    return "\n".join([HEAD, *_summary(before, now), *_networks("Now", now), *_networks("Before", before)]) + "\n"


def _summary(before: Sequence[Found], now: Sequence[Found]) -> Iterator[str]:
    yield "| consumer | default, before, all that were run | the same networks: before | now | now, its own dialect |"
    yield "|---|---|---|---|---|"
    for runtime in OWN:
        again = {found["network"] for found in now if found.get(runtime)}
        same = [found for found in before if found["network"] in again]
        cells = [_count(before, runtime, "caffe"), _count(same, runtime, "caffe")]
        cells += [_count(now, runtime, kind) for kind in ("caffe", OWN[runtime])]
        yield f"| {TITLES[runtime]} | {' | '.join(cell or 'not run' for cell in cells)} |"


def _count(results: Sequence[Found], runtime: str, kind: str) -> str:
    """`5 equal, 2 of them with leftovers, 1 refused`."""
    cases = [found[runtime][kind] for found in results if kind in found.get(runtime, {})]
    cases = [case for case in cases if case["end"] != "not run"]
    ends = Counter("equal" if case["end"].startswith("equal") else case["end"] for case in cases)
    leftovers = sum(case.get("outputs", 1) > 1 for case in cases if case["end"].startswith("equal"))
    parts = [f"{count} {end}" for end, count in sorted(ends.items())]
    return ", ".join(parts) + (f"; {leftovers} with leftovers" if leftovers else "")


def _networks(when: str, results: Sequence[Found]) -> Iterator[str]:
    yield from ("", f"{when}, network by network; where the consumer has its own dialect, the file of that too:", "")
    yield f"| network | {' | '.join(TITLES[runtime] for runtime in OWN)} |"
    yield "|---|" + "---|" * len(OWN)
    for found in results:
        cells = [_cell(found.get(runtime, {}), OWN[runtime]) for runtime in OWN]
        yield f"| {found['network']} | {' | '.join(cells)} |"


def _cell(kinds: Found, own: str) -> str:
    """What became of the default file, and of its own where that differs."""
    first, second = (kinds.get(kind, {}).get("end", "-") for kind in ("caffe", own))
    return first if first == second or second == "no dialect" else f"{first}; own: {second}"
