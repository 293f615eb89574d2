"""docs/refusals.md, made by converting each model of test_refusals.py: python -m tests.frontends.torch.refusals_page"""

from __future__ import annotations

import warnings

from pytorch2caffe import UnsupportedError
from pytorch2caffe.frontends.torch import trace
from tests.frontends.torch.same import Net, conv, image
from tests.frontends.torch.test_refusals import CASES
from tests.paths import ROOT

PAGE = ROOT / "docs" / "refusals.md"


def page() -> str:
    """The table: what the model does, what is wrong, how to mend it. The place, `head (net.py:12)`, is left out."""
    lines = [
        "# What is refused",
        "",
        f"{len(CASES)} models that cannot be converted, each with the message it gets (made by converting them:",
        "`python -m tests.frontends.torch.refusals_page`). In front of each stands the module and the line of the",
        "model. All problems of a model are listed in one error, and nothing is written.",
        "",
        "| the model has | what is wrong | fix |",
        "|---|---|---|",
    ]
    for name, (function, _, _) in CASES.items():
        model = Net(lambda self, x: self.head(self.stem(x)), stem=conv(), head=_head(function))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # some of them do what torch warns of
                trace(model, image())
        except UnsupportedError as error:
            problem = error.problems[0]
            cells = (text.replace("|", "\\|") for text in (name, problem.what, problem.fix))
            lines.append("| " + " | ".join(cells) + " |")
        else:
            raise AssertionError(f"{name} is not refused any more")
    return "\n".join(lines) + "\n"


def _head(function):
    return Net(lambda _, x: function(x))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
