"""The tests of one layer or family: python -m tests.of_layer NAME prints their paths, for pytest.

NAME is a folder of layers/ (pooling), a file of it (conv), a layer's type (Convolution) or a function of torch
(max_pool2d).
"""

from __future__ import annotations

import sys
from pathlib import Path

from pytorch2caffe.graph.registry import LAYERS, TORCH, load_layers
from tests.paths import ROOT

SOURCES, TESTS = ROOT / "pytorch2caffe" / "layers", ROOT / "tests" / "layers"


def sources_of(name: str) -> set[Path]:
    """The folder or the files of layers/ that `name` stands for; none if it stands for nothing."""
    if (SOURCES / name).is_dir():
        return {SOURCES / name}
    load_layers()
    functions = [function for full, function in TORCH.items() if name in (full, full.rpartition(".")[2])]
    modules = {made.__module__ for made in functions} | {cls.__module__ for key, cls in LAYERS.items() if key == name}
    registered = {ROOT / f"{module.replace('.', '/')}.py" for module in modules}
    return registered | set(SOURCES.glob(f"*/{name}.py"))


def paths_of(name: str) -> list[Path]:
    """What pytest is given: the sources, for their doctests, and the tests beside them."""
    sources = sources_of(name)
    relative = [path.relative_to(SOURCES) for path in sources]
    tests = [TESTS / (path if path.suffix == "" else path.with_name(f"test_{path.name}")) for path in relative]
    return sorted(path for path in [*sources, *tests] if path.exists())


if __name__ == "__main__":
    (wanted,) = sys.argv[1:]
    if not (found := paths_of(wanted)):
        sys.exit(f"{wanted} is not a folder or file of layers/, not a layer and not a function of torch")
    print(*(path.relative_to(ROOT) for path in found))
