"""The registry: what a layer is, and the functions that add layers for the operators of each source."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from functools import lru_cache
from math import inf, prod
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np
from typing_extensions import dataclass_transform

from ..errors import Refused

if TYPE_CHECKING:
    from ..formats.mmdnn.net import Edge, IrNet
    from ..formats.ncnn import Ncnn
    from .builder import Builder
    from .graph import Shape, Value
    from .lowering import Lowering

LAYERS: dict[str, type[Layer]] = {}
TORCH: dict[str, Callable[..., Any]] = {}
IR: dict[str, Callable[..., Any]] = {}

Bounds = tuple[float, float]
ANY: Bounds = (-inf, inf)


def hull(inputs: Sequence[Bounds]) -> Bounds:
    """The bounds of numbers that are each in one of some bounds."""
    return min(low for low, _ in inputs), max(high for _, high in inputs)


Dims = int | Sequence[int] | None  # PyTorch's `dim`: an axis, several, or None or () for all
Size = int | Sequence[int]  # PyTorch's kernel_size, stride, padding: one integer for all spatial axes, or one per axis

C = TypeVar("C", bound="type[Layer]")
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Source:
    """The PyTorch form of a layer: a module, or an expression of its inputs.

    module: a constructor, `nn.ReLU()`; called with the inputs, or as `expr` says, which then has {module} in it.
    expr:   an expression in which {0}, {1} are the inputs and, without a module, {weight} a parameter in `state`.
    state:  the weights: names of the module's own state_dict, or the parameters that `expr` names.
    define: the source of a function that `expr` calls, for what torch has no function for.
    fixed:  what `state` holds is not trained: a buffer, not a parameter.
    """

    module: str = ""
    expr: str = ""
    state: dict[str, np.ndarray] = field(default_factory=dict)
    define: str = ""
    fixed: bool = False


class Layer:
    """The settings of a layer, frozen. Where Caffe has the layer, its fields and meaning are Caffe's.

    type:  Caffe's name for it, or ours where Caffe has none.
    param: the field of LayerParameter that holds its settings, or None.
    """

    type: ClassVar[str] = ""
    param: ClassVar[str | None] = None

    # Facts about the layer, for passes, frontends and reports.
    moves_data: ClassVar[bool] = False  # its outputs are numbers of its inputs, rearranged: exact for any type
    elementwise: ClassVar[bool] = False  # it applies one function to each number of its one input
    keeps_integers: ClassVar[bool] = False  # it gives integers for integers
    keeps_inf: ClassVar[bool] = False  # inf or NaN stays at its position; other layers spread or remove it
    needs_weights: ClassVar[bool] = False  # a file without its blobs is incomplete
    in_place: ClassVar[bool] = False  # Caffe computes it right where its top is its bottom; `works_in_place` asks
    legacy_name: ClassVar[str] = ""  # what older converters name it, if not its type in lower case

    def __post_init__(self) -> None:
        for name in (f.name for f in fields(self)):  # type: ignore[arg-type]
            value = getattr(self, name)
            if isinstance(value, float):  # what a file can hold, so that a round trip is equal
                object.__setattr__(self, name, float(np.float32(value)))

    def settings(self) -> dict[str, Any]:
        """The fields that differ from their defaults."""
        return {
            f.name: getattr(self, f.name)
            for f in fields(self)  # type: ignore[arg-type]
            if getattr(self, f.name) != f.default
        }

    def to_caffe(self) -> dict[str, Any]:
        """The layer's `param` message: {field: value}, without defaults."""
        return self.settings()

    @classmethod
    def from_caffe(cls, param: dict[str, Any], shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Layer:
        """The layer from its `param` message as a dict. Raises Refused for what it cannot honour."""
        known = {f.name for f in fields(cls)}  # type: ignore[arg-type]
        return cls(**{name: param[name] for name in known if name in param})

    def blob_shapes(self, shapes: Sequence[Shape]) -> list[Shape]:
        """The shapes of its weights, for inputs of these shapes."""
        return []

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        """The layer in PyTorch, for inputs of these shapes: the one semantics that everything runs."""
        raise Refused(f"{self.type} has no PyTorch form")

    def output_shapes(self, shapes: Sequence[Shape]) -> list[Shape] | None:
        """The output shapes, where they are known without running the layer; None: its source is run."""
        return None

    def bounds(self, inputs: Sequence[Bounds], shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Bounds:
        """The least and the greatest number of its outputs, from those of its inputs, as far as is known."""
        return hull(inputs) if self.moves_data and inputs else ANY

    def gives_integers(self, inputs: Sequence[bool], blobs: Sequence[np.ndarray]) -> bool:
        """Whether all its outputs are integers. inputs: for each input, whether it holds integers only."""
        return (self.keeps_integers or self.moves_data) and all(inputs)

    def finite(self, inputs: Sequence[Bounds]) -> bool:
        """Whether it gives finite numbers for finite numbers in these bounds, sums and products beyond 3e38 aside."""
        return True

    def may_be_mask(self, index: int, blobs: Sequence[np.ndarray]) -> bool:
        """Whether -inf in the blob `index` is a mask: the blob is what the layer outputs, or adds without a factor."""
        return False

    def may_be_overwritten(self, inputs: int) -> bool:
        """Whether PyTorch may overwrite its output in place: memory of its own that its gradient does not read."""
        return False

    def works_in_place(self) -> bool:
        """Whether Caffe computes it right where its top is its bottom. Source: BVLC Caffe, *_layer.cpp."""
        return self.elementwise or self.in_place

    def shares_memory(self, inputs: int, outputs: int) -> bool:
        """Whether Caffe copies nothing and gives its outputs the memory of its first input."""
        return False

    def multiply_adds(self, inputs: Sequence[Shape], outputs: Sequence[Shape], blobs: Sequence[np.ndarray]) -> int:
        """Multiplications with weights in one forward pass; 0 for layers without a weight matrix."""
        return 0

    def name_in_legacy(self) -> str:
        """What older converters name the layer: `conv`, numbered as conv1, conv2."""
        return self.legacy_name or self.type.lower()

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Any:
        """Adds operators of MMdnn's IR that compute the same to `net`; returns the edge, or the list of edges.

        Raises Refused if there are none; then the layers that `lower` adds are written.
        """
        raise Refused(f"{self.type} has no operator in MMdnn's IR")

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        """The layer in ncnn, for inputs of these shapes. Raises Refused if ncnn has none that computes the same."""
        raise Refused(f"ncnn has no layer {self.type}")

    def from_ncnn(self, blob: np.ndarray, shape: Shape) -> np.ndarray:
        """What ncnn's layer gives for an output of this shape, as Caffe gives it."""
        return blob.reshape(shape) if blob.size == prod(shape) else blob

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        """Adds simpler layers that compute exactly the same; returns as `net.add`. Raises Refused if there are none."""
        raise Refused(f"{self.type} has no Caffe layer")


@dataclass_transform(frozen_default=True)
def layer(type: str, param: str | None = None) -> Callable[[C], C]:
    """Registers a Layer class under Caffe's type name and makes it a frozen dataclass."""

    def register(cls: C) -> C:
        if type in LAYERS:
            raise ValueError(f"layer {type!r} is already {LAYERS[type].__module__}.{LAYERS[type].__name__}")
        cls = dataclass(frozen=True)(cls)  # type: ignore[assignment]
        cls.type, cls.param = type, param
        LAYERS[type] = cls
        return cls

    return register


def register_in(table: dict[str, Callable[..., Any]], names: Sequence[str]) -> Callable[[F], F]:
    """Registers a function under `names` in `table`, each once."""

    def register(function: F) -> F:
        for name in names:
            if name in table:
                raise ValueError(f"{name!r} is already handled by {table[name].__module__}.{table[name].__name__}")
            table[name] = function
        return function

    return register


def from_torch(*names: str) -> Callable[[F], F]:
    """Registers `function(net, *arguments of the torch function)` for torch functions by their public names.

    A traced tensor arrives as a Value, any other as a numpy array; Python binds the arguments.
    """
    return register_in(TORCH, names)


def keeps_masks(function: F) -> F:
    """Marks a function of `from_torch` that gives 0 and 1 for 0 and 1, where PyTorch gives bool for bool."""
    function.keeps_masks = True  # type: ignore[attr-defined]
    return function


def from_ir(*ops: str) -> Callable[[F], F]:
    """Registers `function(net, node, *inputs)` for operators of MMdnn's intermediate representation."""
    return register_in(IR, ops)


def from_ir_alike(*ops: str) -> Callable[[F], F]:
    """Registers a function of `from_torch` for operators of one input and no settings that compute the same."""

    def register(function: F) -> F:
        def of_node(net: Builder, node: Any, input: Value) -> Any:
            return function(net, input)

        register_in(IR, ops)(of_node)
        return function

    return register


@lru_cache(maxsize=1)
def load_layers() -> None:
    """Imports every file of layers/, which registers what it holds."""
    package = importlib.import_module("pytorch2caffe.layers")
    for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        importlib.import_module(info.name)


def pair(value: Any, count: int = 2) -> tuple[int, ...]:
    """PyTorch's `int or tuple` as a tuple of `count` ints."""
    if isinstance(value, (list, tuple)):
        return tuple(int(v) for v in value) * (count if len(value) == 1 else 1)
    return (int(value),) * count


def unpacked(arguments: Sequence[Any]) -> Sequence[Any]:
    """The arguments of a function of PyTorch that accepts several or one sequence: `x.view(2, 3)`, `x.view((2, 3))`.

    >>> unpacked((2, 3)), unpacked(([2, 3],))
    ((2, 3), [2, 3])
    """
    return arguments[0] if len(arguments) == 1 and isinstance(arguments[0], (tuple, list)) else arguments


def axes_of(dim: Dims, rank: int) -> tuple[int, ...]:
    """PyTorch's `dim`, one axis or several, None or () for all, as axes counted from 0; a scalar (rank 0) has none.

    >>> axes_of(-1, 4), axes_of((2, -4), 4), axes_of(None, 2), axes_of(-1, 0)
    ((3,), (0, 2), (0, 1), ())
    """
    if rank == 0 or dim is None or isinstance(dim, Sequence) and not dim:
        return tuple(range(rank))
    return tuple(sorted(int(d) % rank for d in (dim if isinstance(dim, Sequence) else [dim])))


def number(value: float) -> str:
    """A float as Python source, the shortest that gives the same float32."""
    value32 = np.float32(value)
    if not np.isfinite(value32):
        return f'float("{value32}")'
    if value32 == int(value32) and abs(value32) < 1e6:
        return repr(int(value32))
    text = str(value32)
    text = text if abs(float(text)) <= float(np.finfo(np.float32).max) else repr(float(value32))
    return re.sub(r"e([+-])0*", lambda match: "e" + match[1].strip("+"), text)
