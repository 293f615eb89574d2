"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import click

MODEL_HELP = """MODEL is `package.module:callable`, `path/file.py:callable`, `torchvision:NAME` or an exported program
`FILE.pt2`."""


class Shape(click.ParamType):
    """1,3,224,224"""

    name = "N,C,H,W"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        """The numbers as a tuple."""
        if isinstance(value, tuple):
            return value
        try:
            shape = tuple(int(part) for part in str(value).replace("x", ",").split(","))
        except ValueError:
            self.fail(f"{value!r} is no shape; write 1,3,224,224", param, ctx)
        if any(size < 1 for size in shape):
            self.fail(f"{value!r} has a size below 1", param, ctx)
        if _product(shape) > 2**31:
            self.fail(f"{value!r} has more than 2^31 numbers", param, ctx)
        return shape


def _product(shape: Sequence[int]) -> int:
    total = 1
    for size in shape:
        total *= size
    return total


def model_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """--weights, --seed, --naming."""
    for option in (
        click.option("--naming", type=click.Choice(["modules", "legacy"]), default="modules", show_default=True,
                     help="Layer names: the modules' own, or conv1, conv_blob1 as in older converters."),
        click.option("--seed", type=int, default=0, show_default=True, help="For random weights and inputs."),
        click.option("--weights", type=click.Path(dir_okay=False), help="A state_dict (.pth) or .safetensors file."),
    ):  # fmt: skip
        function = option(function)
    return function


def random_inputs(shapes: Sequence[tuple[int, ...]]) -> Any:
    """A random tensor per shape; a tuple of them if there are several."""
    import torch

    tensors = tuple(torch.randn(shape) for shape in shapes)
    return tensors[0] if len(tensors) == 1 else tensors
