"""Registers layers and functions of your own, from your own file: nothing in this package has to be changed.

A file that defines a model may register what the model calls; `pytorch2caffe export file.py:Net` imports it. To
convert a function of torch, register it by its public name; to convert a function of your own as one layer, mark it
first, so that a trace sees it as one call:

>>> import torch
>>> @marker
... def scaled_relu(x, factor):
...     return torch.relu(x) * factor
>>> @from_torch(scaled_relu)
... def convert_scaled_relu(net: Builder, x: Value, factor: float) -> Value:
...     rectified = registered("torch.relu")(net, x)
...     return registered("torch.mul")(net, rectified, factor)
>>> from pytorch2caffe import trace
>>> graph = trace(lambda x: scaled_relu(x, 3.0), torch.zeros(1, 4))
>>> [node.layer.type for node in graph.nodes]
['ReLU', 'Power']

`@layer("Type")` registers a class derived from `Layer`, which `net.add` then adds. docs/adding-a-layer.md has a
complete example. A registered function that no model calls gives a UserWarning: its name may be misspelt.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import Any, TypeVar

from typing_extensions import dataclass_transform

from ..errors import ConversionError, Refused
from ..frontends.torch.functions import public_name
from ..frontends.torch.marker import marker
from ..frontends.torch.uncalled import expect_call
from ..graph import registry
from ..graph.builder import Builder
from ..graph.graph import Value
from ..graph.registry import LAYERS, TORCH, Layer, Source, load_layers

__all__ = ["Builder", "Layer", "Refused", "Source", "Value", "from_torch", "layer", "marker", "registered"]

C = TypeVar("C", bound="type[Layer]")
F = TypeVar("F", bound=Callable[..., Any])


def from_torch(*functions: str | Callable[..., Any]) -> Callable[[F], F]:
    """Registers `function(net, *arguments)`, which adds layers to `net` for a call of one of `functions`.

    functions: torch functions or functions under `marker`, or their names: "torch.cumprod", "torch.Tensor.cumprod".

    The registered function has the parameters of those functions. A tensor that depends on the network's input is
    passed as a Value, every other tensor as a numpy array. It returns the Value of the result, or a list of them; it
    raises Refused for arguments that it cannot convert.

    Raises ValueError naming the first owner if a function is registered already. A definition that is executed again
    (a file imported twice, a cell of a notebook) replaces itself.
    """

    def register(function: F) -> F:
        load_layers()
        names = [each if isinstance(each, str) else public_name(each) for each in functions]
        for name in names:
            _forget_earlier(TORCH, name, function)
        registry.from_torch(*names)(function)
        expect_call(names, function)
        return function

    return register


@dataclass_transform(frozen_default=True)
def layer(type: str, param: str | None = None) -> Callable[[C], C]:
    """Registers a class derived from Layer and makes it a frozen dataclass.

    type:  Caffe's name of the layer, or a new name if Caffe has none.
    param: the field of Caffe's LayerParameter that holds its settings, `relu_param`; None if Caffe has none.

    Raises ValueError naming the first owner if the type is registered already; as in `from_torch` a definition may
    replace itself.
    """

    def register(cls: C) -> C:
        load_layers()
        _forget_earlier(LAYERS, type, cls)
        return registry.layer(type, param)(cls)

    return register


def registered(name: str) -> Callable[..., Any]:
    """The function that is registered for a torch function, to compose others of: `registered("torch.mul")(net, a, b)`.

    Raises ConversionError naming the nearest if there is none.
    """
    load_layers()
    if name not in TORCH:
        near = difflib.get_close_matches(name, TORCH, 3)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise ConversionError(f"{name!r} is not a registered function{hint}")
    return TORCH[name]


def _forget_earlier(table: dict[str, Any], name: str, definition: Any) -> None:
    """Removes what was registered by the same definition when it was executed before."""
    earlier = table.get(name)
    if earlier is None:
        return
    if (earlier.__module__, earlier.__qualname__) == (definition.__module__, definition.__qualname__):
        del table[name]
