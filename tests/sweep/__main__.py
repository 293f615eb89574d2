"""python -m tests.sweep KIND: PyTorch's own test data. python -m tests.sweep PACKAGE ...: other packages' networks."""

from __future__ import annotations

import sys

from tests.sweep import networks, packages, torch_data

if __name__ == "__main__":
    (networks.main if {*packages.REQUIRED} & {*sys.argv} else torch_data.main)()
