"""Reads a graph node by node: constants are computed, data become IR nodes; the rest is an error where it is used."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ...errors import ConversionError, Problem, Refused
from ...formats.mmdnn.node import IrNode
from ...graph.graph import Names
from ...graph.registry import register_in
from . import repeated
from .control_flow import CONTROL, INSIDE, control
from .dropout import RANDOM, of_random
from .files import Model
from .fold import FOLD, fold
from .loops import enters_of
from .node import DEPENDS_ON_BATCH, PASS_ON, Body, Dead, Item, Tensor, TfNode, Unknown, Weights, constant, ir_dims
from .node_defs import array_of

MALFORMED = (ArithmeticError, LookupError, TypeError, ValueError, AttributeError, MemoryError)
FIX = "choose an output before it, or build the network with supported operators: docs/tensorflow.md"
DEEPEST = 50  # functions calling functions
MOST_NODES = 1_000_000
MOST_COMPUTED = 4 << 30  # bytes
Rule = Callable[..., Any]
RULES: dict[str, Rule] = {}


def rule(*ops: str) -> Callable[[Rule], Rule]:
    """Registers `function(net, node, *inputs)` for TensorFlow's operators; it returns a Tensor or a list of them."""
    return register_in(RULES, ops)


class Net:
    """The IR nodes of a model under construction.

    shapes: the shapes of inputs by node name, as the caller gave them; such a node is an input, whatever its operator.
    """

    def __init__(self, model: Model, shapes: Mapping[str, Sequence[int | None]]) -> None:
        self.model = model
        self.shapes = shapes
        self.nodes: dict[str, IrNode] = {}
        self.body = Body({})
        self.names = Names()
        self.count = 0
        self.computed = 0  # bytes
        self.constants: dict[int, tuple[Tensor, str]] = {}
        self.data: dict[str, Tensor] = {}  # by edge

    # ---- what rules use --------------------------------------------------------------------------------------------

    def emit(
        self,
        op: str,
        node: TfNode,
        inputs: Sequence[Tensor],
        shape: Sequence[int],
        /,
        *more: Sequence[int],
        kind: str = "f",
        weights: Mapping[str, Tensor | np.ndarray] | None = None,
        name: str = "",
        **attrs: Any,
    ) -> Any:
        """Adds an IR node of `shape`, or of several outputs with the shapes in `more`. Returns its Tensor or them.

        name: appended to the node's own, for the second and further IR nodes made of one.
        """
        full = self.names.unique(self.body.prefix + node.name + name)
        shapes = [tuple(int(dim) for dim in dims) for dims in (shape, *more)]
        attrs["_output_shapes"] = [ir_dims(dims) for dims in shapes]
        attrs["data_format"] = "NHWC"
        edges = [self.edge(x) for x in inputs]
        self.nodes[full] = IrNode(full, op, edges, attrs, Weights(weights or {}))
        several = op in ("Split", "Unstack", "TopK")
        found = [Tensor(dims, kind, full, f"{full}:{index}" if several else full) for index, dims in enumerate(shapes)]
        self.data.update((tensor.edge, tensor) for tensor in found)
        return found if several else found[0]

    def edge(self, x: Tensor) -> str:
        """The name by which IR nodes read a tensor; a constant becomes a node."""
        if x.edge:
            return x.edge
        if id(x) not in self.constants:
            array = x.array()
            if array.dtype.kind not in "fib":
                raise Refused("a string operand")
            full = self.names.unique(x.name or "constant")
            attrs: dict[str, Any] = {"_output_shapes": [tuple(array.shape)], "data_format": "NHWC"}
            weights = {}
            if array.ndim == 0:
                attrs["value"] = float(array)
            else:
                weights["value"] = np.asarray(array, np.float32)
            self.nodes[full] = IrNode(full, "Constant", [], attrs, weights)
            self.constants[id(x)] = (x, full)
        return self.constants[id(x)][1]

    def before(self, x: Tensor, op: str) -> Tensor:
        """The input of the IR node that produces a tensor, if that is an `op` of one input; else the tensor itself."""
        made = self.nodes.get(x.edge)
        return self.data.get(made.inputs[0], x) if made is not None and made.op == op else x

    # ---- a body ----------------------------------------------------------------------------------------------------

    def run(self, body: Body, wanted: Iterable[tuple[str, int]], depth: int = 0) -> list[Item]:
        """Reads the nodes that `wanted`, pairs of node and output, depend on; returns the wanted items."""
        wanted = list(wanted)
        order = _order(body, [name for name, _ in wanted], self.shapes if depth == 0 else {})
        self.count += len(order)
        if depth > DEEPEST or self.count > MOST_NODES:
            raise ConversionError("functions are nested too deeply, or call each other")
        for node in order:
            for name in {name for name, _ in node.inputs}:
                body.consumers.setdefault(name, []).append(node)
        outer = self.body
        for node in order:
            self.body = body
            body.items[node.name] = self._items(node, depth)
        self.body = outer
        return [body.output(name, index) for name, index in wanted]

    def _items(self, node: TfNode, depth: int) -> list[Item]:
        if depth == 0 and node.name in self.shapes and node.op not in ("Placeholder", "PlaceholderWithDefault"):
            return self._guarded(node, lambda: RULES["Placeholder"](self, node))
        inputs = [self.body.output(name, index) for name, index in node.inputs]
        if node.op in CONTROL:
            return self._guarded(node, lambda: control(self, node, inputs, depth))
        if any(isinstance(x, Dead) for x in inputs):
            return [Dead()]
        return self._guarded(node, lambda: self._outputs(node, inputs), inputs)

    def _guarded(self, node: TfNode, make: Callable[[], Any], inputs: Sequence[Item] = ()) -> list[Item]:
        causes = tuple(x for x in inputs if isinstance(x, Unknown))
        try:
            found = make()
        except Refused as error:
            return [Unknown(self._problem(node, error.what, error.fix), causes)]
        except MALFORMED as error:
            return [Unknown(self._problem(node, f"it is malformed: {str(error)[:200]}"), causes)]
        return list(found) if isinstance(found, (list, tuple)) else [found]

    def _problem(self, node: TfNode, what: str, fix: str = "") -> Problem:
        shown = re.sub(r"\d{9,}", lambda size: "?" if int(size[0]) >= DEPENDS_ON_BATCH else size[0], what)
        return Problem(f"node {self.body.prefix + node.name!r} ({node.op})", shown, fix)

    def _outputs(self, node: TfNode, inputs: list[Item]) -> Any:
        if node.op in RANDOM:
            return Tensor((), "f", node.name, random=True)
        if any(isinstance(x, Tensor) and x.random for x in inputs):
            return of_random(self, node, inputs)
        causes = tuple(x for x in inputs if isinstance(x, Unknown))
        known = node.op in RULES or node.op in FOLD or node.op in PASS_ON
        if causes:
            return Unknown(None if known else self._problem(node, *_unknown(node)), causes)
        tensors = [x for x in inputs if isinstance(x, Tensor)]
        if node.op in PASS_ON and node.op != "ReadVariableOp":
            return tensors[0]
        if any(x.spread for x in tensors) and node.op not in ("BatchToSpaceND", "Shape"):
            return RULES["_Spread"](self, node, *tensors)
        if (found := repeated.outputs(self, node, tensors, RULES)) is not None:
            return found
        if node.op in FOLD and all(x.constant for x in tensors):
            arrays = fold(node, [x.array() for x in tensors])
            self.computed += sum(array.nbytes for array in arrays)
            if self.computed > MOST_COMPUTED:
                raise ConversionError(f"more than {MOST_COMPUTED >> 30} GiB of computed constants: not a network")
            return [replace(constant(array), name=self.body.prefix + node.name) for array in arrays]
        if node.op not in RULES:
            raise Refused(*_unknown(node))
        return RULES[node.op](self, node, *tensors)


def _unknown(node: TfNode) -> tuple[str, str]:
    if node.op in INSIDE:
        return "it is inside a loop", "choose an output after the loop"
    return f"operator {node.op!r} is not supported", FIX


def _order(body: Body, wanted: Sequence[str], cut: Iterable[str]) -> list[TfNode]:
    """The nodes that `wanted` depend on, each after its inputs; of loops, what enters them."""
    cut = set(cut)
    done: dict[str, TfNode] = {}
    open_: set[str] = set()
    stack = [(name, False) for name in reversed(wanted)]
    while stack:
        name, leave = stack.pop()
        if leave:
            open_.discard(name)
            done[name] = body.nodes[name]
            continue
        if name in done or name in open_ or name in body.items or name not in body.nodes:
            continue
        open_.add(name)
        stack.append((name, True))
        node = body.nodes[name]
        if node.op in ("Exit", "RefExit") and name not in cut:
            stack += [(enter, False) for enter in enters_of(body.nodes, node)]
        elif name not in cut and node.op not in INSIDE:
            stack += [(edge, False) for edge, _ in reversed(node.inputs)]
    return list(done.values())


def read_constant(node: TfNode) -> np.ndarray:
    """The array of a Const node."""
    return node.array if node.array is not None else array_of(node.attr["value"].tensor)
