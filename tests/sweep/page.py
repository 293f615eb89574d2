"""docs/sweep.md from the outcomes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import torch

from tests.sweep.judge import ENDS, Outcome

KINDS = {
    "modules": "`torch.nn` modules (ModuleInfo)",
    "functions": "functions (OpInfo)",
    "torchvision": "networks of `torchvision.models`",
    "timm": "networks of timm, one or two of a family",
}


def page(outcomes: Sequence[Outcome]) -> str:
    """The page: counts, the most frequent reasons, and what is wrong."""
    lines = [
        "# PyTorch's own test data",
        "",
        "Every module and every float function that PyTorch tests itself with, on PyTorch's own sample inputs, and",
        "every network of torchvision, and some of timm where it is installed (made by `python -m tests.sweep all`).",
        "Each case is exported to Caffe files, which are read back and run on the sample's inputs and on fresh ones",
        "from their range.",
        "",
        "- **equal**: within 1e-4 relative L2 of the model.",
        "- **refused**: it got a message, and nothing was written.",
        "- **WRONG**: other numbers, or an exception that is no refusal.",
        "- **skipped**: PyTorch itself raises, or it takes too long.",
        "",
        "Functions are called with all their tensors as inputs, with all but those of the first argument as",
        "constants, as methods, and in place. NaN and inf among the inputs are replaced, for a mask is a product",
        "with 0 and 1, which they survive; in results they are compared.",
        f"PyTorch {torch.__version__.partition('+')[0]}, float32, eval mode.",
        "",
        "| | all | " + " | ".join(ENDS) + " | some case equal |",
        "|---|" + "---:|" * (len(ENDS) + 2),
    ]
    for kind, title in KINDS.items():
        found = [o for o in outcomes if o.case.startswith(f"{kind}/")]
        if found:
            lines.append(_row(title, found))
    lines += ["", "## The twenty most frequent reasons for a refusal", ""]
    lines += ["| cases | reason | for example |", "|---:|---|---|"]
    refused = [o for o in outcomes if o.end == "refused"]
    examples = {_kind_of(o.why): o.why for o in reversed(refused)}
    for reason, count in Counter(_kind_of(o.why) for o in refused).most_common(20):
        lines.append(f"| {count} | {_cell(reason)} | {_cell(examples[reason]) if examples[reason] != reason else ''} |")
    lines += ["", "## Refused in every case", ""]
    for kind, title in KINDS.items():
        if never := _never_equal(outcomes, kind):
            lines.append(f"- {title}: {', '.join(f'`{name}`' for name in never)}")
    wrong = [o for o in outcomes if o.end == "WRONG"]
    lines += ["", "## WRONG", "", *(f"- `{o.case}`: {_cell(o.why)}" for o in wrong)]
    return "\n".join(lines + ([] if wrong else ["None."])) + "\n"


def _never_equal(outcomes: Sequence[Outcome], kind: str) -> list[str]:
    """The names of a kind that have refused cases and no equal one."""
    found: dict[str, set[str]] = {}
    for outcome in outcomes:
        if outcome.case.startswith(f"{kind}/"):
            found.setdefault(outcome.case.split("/")[1], set()).add(outcome.end)
    return sorted(name for name, ends in found.items() if "refused" in ends and "equal" not in ends)


def _row(title: str, found: Sequence[Outcome]) -> str:
    ends = Counter(outcome.end for outcome in found)
    names = {outcome.case.split("/")[1] for outcome in found}
    good = {outcome.case.split("/")[1] for outcome in found if outcome.end == "equal"}
    cells = [title, len(found), *(ends[end] for end in ENDS), f"{len(good)} of {len(names)}"]
    return "| " + " | ".join(map(str, cells)) + " |"


def _kind_of(why: str) -> str:
    """A reason without the names and numbers of its case."""
    why = re.sub(r"\b(torch|aten|Tensor|torchvision|prims)(\.\w+)+", "F", why)
    why = re.sub(r"[\[(][-\d, \[\]()]*[\])]", "[...]", why)
    return re.sub(r"-?\b\d+(\.\d+)?(e[-+]?\d+)?\b", "n", why)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
