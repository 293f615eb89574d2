"""Peak memory of a forward pass: the generated module beside torchvision's own, and beside keeping everything.

Counts the bytes of all tensors alive, the input too, the weights not, at every operation. Prints a table.

python tests/bench/bench_generated.py [NETWORK ...]
"""

from __future__ import annotations

import sys
import weakref
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch
from rich.console import Console
from rich.table import Table
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

SHAPE = (1, 3, 224, 224)


class Meter(TorchDispatchMode):
    """Follows which memory is alive: `peak` bytes at most, `made` bytes altogether."""

    def __init__(self, *inputs: torch.Tensor) -> None:
        super().__init__()
        self.now = self.peak = self.made = 0
        self._holders: Counter[int] = Counter()
        for tensor in inputs:
            self._see(tensor)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        known = {id(leaf) for leaf in tree_leaves((args, kwargs))}
        for leaf in tree_leaves(result):
            if isinstance(leaf, torch.Tensor) and id(leaf) not in known:
                self._see(leaf)
        return result

    def _see(self, tensor: torch.Tensor) -> None:
        storage = tensor.untyped_storage()
        place, size = storage.data_ptr(), storage.nbytes()
        if not self._holders[place]:
            self.now += size
            self.made += size
            self.peak = max(self.peak, self.now)
        self._holders[place] += 1
        weakref.finalize(tensor, self._forget, place, size)

    def _forget(self, place: int, size: int) -> None:
        self._holders[place] -= 1
        if not self._holders[place]:
            self.now -= size


def measure(model: torch.nn.Module) -> Meter:
    """One forward pass."""
    x = torch.randn(SHAPE)
    with torch.no_grad(), Meter(x) as meter:
        model(x)
    return meter


def models(name: str) -> tuple[torch.nn.Module, torch.nn.Module]:
    """Torchvision's module, and the one generated from its Caffe files."""
    from pytorch2caffe import to_torch
    from pytorch2caffe.frontends.torch.loading.torchvision_models import torchvision_models
    from tests.backends.torch.generated import graph_of

    return torchvision_models().get_model(name, weights=None).eval(), to_torch(graph_of(name))


def main() -> None:
    table = Table("network", "torchvision's own", "generated", "everything kept", title="peak of a forward pass, MB")
    for name in sys.argv[1:] or ["resnet50", "squeezenet1_1", "mobilenet_v2", "googlenet", "densenet121"]:
        own, generated = map(measure, models(name))
        mb = (f"{size / 1e6:.2f}" for size in (own.peak, generated.peak, generated.made))
        table.add_row(name, *mb)
    Console().print(table)


if __name__ == "__main__":
    main()
