"""docs/sweep.md from the outcomes of networks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from statistics import median, mode

import torch

from tests.sweep import packages
from tests.sweep.measure import Size
from tests.sweep.network import ENDS, Network
from tests.sweep.packages.ultralytics import HEADLESS, NAMES
from tests.sweep.page import cell, without_numbers

HEAD = (
    "# Networks of other packages",
    "",
    "At least one member of each architecture of these packages, with random weights: each layer rescaled to unit",
    "deviation of its output, BatchNorm statistics near those of its input. The smallest member and the smallest",
    "picture that it accepts are used. PyTorch's own test data are on [a page of their own](torch-test-data.md).",
    "",
    "The page is generated from the outcomes, which are kept, so that a run can be cut and goes on where it ended. The",
    "packages are installed without their dependencies on PyTorch, which would replace it:",
    "",
    "```sh",
    "pip install --no-deps timm pytorchcv",
    "python -m tests.sweep timm pytorchcv --results sweep.jsonl --caffe --page",
    "```",
    "",
    "- **equal**: every blob of the files, read back and run on other input, is the model's within 1e-4.",
    "- **equal within float32**: the difference is rounding that the model amplifies ([how it is told](verify.md)).",
    "- **refused**: a message, and nothing was written.",
    "- **WRONG**: other numbers, or an exception that is not a refusal.",
    "- **skipped**: PyTorch itself raises, or it takes too much time or memory.",
    "",
)

MOST_NAMED = 5
LAYERS_AT_FIRST = {"volo_d1_224": 1839, "LoFTR": 1897, "parseq": 6290, "WaveRNN": 19287}  # when they were first counted


def page(networks: Sequence[Network]) -> str:
    """The page: counts by package, sizes, causes of refusals, and what is wrong."""
    lines = [*HEAD, f"PyTorch {torch.__version__.partition('+')[0]}, float32, eval mode.", ""]
    lines += [*_runs(networks), "", *_counts(networks)]
    lines += ["", "## ultralytics", "", *_detectors(networks)]
    lines += ["", "## Sizes", "", *_sizes(networks), "", "## Refused", "", *_refused(networks)]
    lines += ["", "## WRONG", "", *([f"- `{n}`: {cell(n.why)}" for n in networks if n.end == "WRONG"] or ["None."])]
    lines += ["", "## Skipped", ""]
    lines += [f"- `{n}`: {cell(n.why)}" for n in networks if n.end == "skipped"] or ["None."]
    lines += ["", "## Equal", ""]
    for package in packages.REQUIRED:
        if equal := [n.name for n in networks if n.package == package and n.end.startswith("equal")]:
            lines += [f"- {package}: {', '.join(f'`{name}`' for name in equal)}"]
    return "\n".join(lines) + "\n"


def _runs(networks: Sequence[Network]) -> Iterator[str]:
    """When the networks were run, and which of them with more memory than most."""
    days = sorted({network.day for network in networks if network.day})
    if len(days) > 1:
        yield f"These outcomes are of runs from {days[0]} to {days[-1]}, between which the code changed."
    elif days:
        yield f"These outcomes are of runs on {days[0]}."
    usual = mode(network.gibibytes for network in networks) if networks else 0
    for most in sorted({network.gibibytes for network in networks if network.gibibytes > usual}):
        names = [f"`{network}`" for network in networks if network.gibibytes == most]
        which = ", ".join(names) if len(names) <= MOST_NAMED else f"{len(names)} networks"
        yield f"Run with {most} GiB of memory, where most others had {usual}: {which}."


def _counts(networks: Sequence[Network]) -> Iterator[str]:
    yield "| package | all | " + " | ".join(ENDS) + " | of them in real Caffe |"
    yield "|---|" + "---:|" * (len(ENDS) + 2)
    for package in (*packages.REQUIRED, "all"):
        found = [network for network in networks if package in (network.package, "all")]
        ends = [sum(network.end == end for network in found) for end in ENDS]
        caffe = sum(network.caffe == "equal" for network in found)
        if found:
            yield f"| {package} | {len(found)} | {' | '.join(map(str, ends))} | {caffe} |"


def _detectors(networks: Sequence[Network]) -> Iterator[str]:
    found = {network.name: network for network in networks if network.package == "ultralytics"}
    yield "Each network whole, as its forward method is, and without its head: the maps that the head reads."
    yield ""
    yield "| network | whole | real Caffe | OpenCV | without head | real Caffe | OpenCV |"
    yield "|---|---|---|---|---|---|---|"
    for name in NAMES:
        if name in found:
            yield f"| {name} | {_outcome(found[name])} | {_outcome(found.get(name + HEADLESS))} |"


def _outcome(network: Network | None) -> str:
    if network is None:
        return " | | "
    cause = f": {_kind_of(network.problems[0])}" if network.problems else ""
    return cell(network.end + cause) + f" | {cell(network.caffe)} | {cell(network.opencv)}"


def _sizes(networks: Sequence[Network]) -> Iterator[str]:
    yield "Layers of the prototxt per call of torch, and bytes of the caffemodel per byte of the state_dict."
    yield ""
    yield "| package | layers per call, median | the most | bytes per byte, median | the most |"
    yield "|---|---:|---|---:|---|"
    for package in packages.REQUIRED:
        found = [(Size(**n.size), n.name) for n in networks if n.package == package and n.size]
        weighty = [(size, name) for size, name in found if size.state_dict > 1000]
        if not weighty:
            continue
        calls, files = max(found, key=_layers_per_call), max(weighty, key=_bytes_per_byte)
        yield (
            f"| {package} | {median(map(_layers_per_call, found)):.2f} | {_layers_per_call(calls):.2f} `{calls[1]}` "
            f"| {median(map(_bytes_per_byte, weighty)):.2f} | {_bytes_per_byte(files):.2f} `{files[1]}` |"
        )
    yield ""
    yield "Layers of the networks that had the most, when they were first counted and now:"
    yield ""
    yield "| network | at first | now | of the first |"
    yield "|---|---:|---:|---:|"
    for network in networks:
        if network.name in LAYERS_AT_FIRST and network.size:
            first, now = LAYERS_AT_FIRST[network.name], network.size["layers"]
            yield f"| {network} | {first:,} | {now:,} | {now / first:.0%} |"


def _layers_per_call(found: tuple[Size, str]) -> float:
    return found[0].layers_per_call


def _bytes_per_byte(found: tuple[Size, str]) -> float:
    return found[0].bytes_per_byte


def _refused(networks: Sequence[Network]) -> Iterator[str]:
    causes: dict[str, list[str]] = {}
    for network in networks:
        for cause in dict.fromkeys(map(_kind_of, network.problems)) if network.end == "refused" else ():
            causes.setdefault(cause, []).append(str(network))
    yield "| networks | cause | which |"
    yield "|---:|---|---|"
    for cause, names in sorted(causes.items(), key=lambda item: -len(item[1])):
        yield f"| {len(names)} | {cell(cause)} | {', '.join(f'`{name}`' for name in names)} |"


def _kind_of(cause: str) -> str:
    """A cause without the names and numbers of its case."""
    return without_numbers(re.sub(r" \(at .*\)$", "", cause))
