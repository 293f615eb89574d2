"""Reads the nodes of an ONNX graph: constants are computed, every other node goes to the function registered for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

from ...errors import ConversionError, Problem, Refused
from ...graph.graph import Graph, Value
from ...graph.onnx_rules import OnnxNode, rule_of
from ..casting import converted, declare
from . import fold_arrays  # noqa: F401 - it registers its functions
from .bodies import Body, body_of_function, body_of_graph
from .calls import Net, bounded_infer, call, computed
from .files import Model, attribute_of, dtype_of, plain_domain, tensor_of
from .fold import FOLD
from .functions import is_function, specified
from .names import scopes_of, where_of
from .order import in_order
from .quantized import dequantized, quantized, refuse_integers
from .tensors import Item, ProblemList, Scope, Tensor, Unknown, constant
from .types import BOOL, output_types, refuse_overflow
from .unsupported import RANDOM, why_unsupported

MALFORMED = (ArithmeticError, LookupError, TypeError, ValueError, RuntimeError, AttributeError, MemoryError)
DEEPEST = 20  # functions and branches within each other
MOST_NODES = 1_000_000
MOST_COMPUTED = 4 << 30  # bytes
SHAPE_ONLY = {"Shape", "Size"}  # operators that read no numbers of their input
Attributes = dict[str, Any]


class Reader:
    """Builds the Graph of a model; `problems` lists what cannot be read."""

    def __init__(self, model: Model, name: str) -> None:
        self.model = model
        self.net = Net(Graph(name), bounded_infer)
        self.problems = ProblemList()
        self.types: dict[Value, np.dtype] = {}
        self.count = 0
        self.where = ""
        self.computed = 0

    # ---- a body ----------------------------------------------------------------------------------------------------

    def read(self, body: Body, wanted: Sequence[str], scope: Scope, depth: int = 0) -> list[Item | None]:
        """Reads the nodes that the tensors `wanted` depend on; returns these, None for one that does not exist."""
        for tensor in body.constants:
            if tensor.name in scope.items:
                continue
            try:
                scope.items[tensor.name] = tensor_of(tensor, self.model.folder)
            except Refused as error:
                scope.items[tensor.name] = self.problems.note(f"constant {tensor.name!r}", error)
        nodes, loops = in_order(body, wanted)
        self.count += len(nodes)
        if depth > DEEPEST or self.count > MOST_NODES:
            raise ConversionError("functions or branches are nested too deeply, or call each other")
        named = scopes_of(nodes, {tensor.name for tensor in body.constants})
        for node, (name, origin) in zip(nodes, named, strict=True):
            self.net.scope = ".".join(part for part in (scope.prefix, name) if part)
            self.net.module, self.net.line = origin.module, origin.line
            where = self.where = where_of(node, body.opsets, origin.line)
            found = self._guarded(node, body, scope, depth, where)
            for index, output in enumerate(node.output):
                if output:
                    scope.items[output] = found[index] if index < len(found) else self._missing(index, where)
        for node in loops:
            cycle = Refused("it reads what depends on its own output", "the file is damaged: a graph has no cycles")
            for output in node.output:
                scope.items[output] = Unknown()
            self.problems.note(where_of(node, body.opsets), cycle)
        return [scope.find(name) for name in wanted]

    def _missing(self, index: int, where: str) -> Item:
        return self.problems.note(
            where, Refused(f"its output {index} has no layer", "export the network for inference")
        )

    def _guarded(self, node: Any, body: Body, scope: Scope, depth: int, where: str) -> list[Item]:
        try:
            return self._outputs(node, body, scope, depth)
        except Refused as error:
            problem = error
        except MALFORMED as error:
            problem = Refused(f"{node.op_type} does not fit its inputs or attributes: {str(error)[:200]}")
        except RecursionError:
            problem = Refused("it is nested too deeply")
        unknown = self.problems.note(where, problem)
        return [unknown] * len(node.output)

    def _inputs(self, node: Any, scope: Scope) -> list[Item | None]:
        found: list[Item | None] = []
        for name in node.input:
            item = scope.find(name) if name else None
            if name and item is None and not scope.omits(name):
                what = f"{node.op_type} reads {name!r}, which is not in the graph"
                raise Refused(what, "the file is damaged, or was cut")
            self.problems.note_late(item)
            found.append(item)
        while found and found[-1] is None:
            found.pop()
        return found

    def _outputs(self, node: Any, body: Body, scope: Scope, depth: int) -> list[Item]:
        domain = plain_domain(node.domain)
        op = f"{domain}.{node.op_type}" if domain else node.op_type
        opset = body.opsets.get(domain, 1)
        inputs = self._inputs(node, scope)
        attributes = {
            a.name: attribute_of(a, self.model.folder)
            for a in (body.bound_attribute(a) for a in node.attribute)
            if a is not None
        }
        if op == "If":
            return self._branch(node, body, scope, depth, inputs, attributes)
        function = self.model.functions.get((domain, node.op_type))
        rule = rule_of(op, opset)
        by_others = function is None and rule is None and op not in FOLD and op != "Constant"
        if by_others and not is_function(node.op_type, opset, domain):
            raise Refused(*why_unsupported(node.op_type, op))
        if any(isinstance(item, Unknown) for item in inputs):
            return [Unknown()] * len(node.output)
        tensors = [item for item in inputs if not isinstance(item, Unknown)]
        if by_others:
            function = specified(node, opset, domain, body, tensors)
        if function is not None:
            return self._call(function, node, tensors, attributes, body, scope, depth)
        types = tuple(None if t is None else t.dtype for t in tensors)
        context = OnnxNode(node.op_type, opset, len([o for o in node.output if o]), types)
        if op == "Constant":
            return [_constant(attributes)]
        first = tensors[0] if tensors else None
        if op == "CastLike" and len(tensors) > 1 and tensors[1] is not None and tensors[1].packed:
            raise Refused("a CastLike to integers of 4 bits or fewer", "keep them in 8 bits")
        if op == "CastLike" and first is not None and first.constant and tensors[-1] is not None:
            return [constant(first.array().astype(tensors[-1].dtype))]
        if op in ("Cast", "CastLike") and first is not None and not first.constant:
            return [self._cast(first, tensors, attributes)]
        if op == "QuantizeLinear" and first is not None and not first.constant:
            return [quantized(self.net, tensors, attributes)]
        if op == "DequantizeLinear" and first is not None and first.quantization is not None:
            return [dequantized(tensors, attributes)]
        refuse_integers(op, tensors)
        if op in SHAPE_ONLY and first is not None:
            stand_in = np.broadcast_to(np.float32(0), first.shape)
            return [constant(FOLD[op](stand_in, **attributes))]
        if all(t is None or t.constant for t in tensors) and op not in RANDOM:
            return self._constants(op, rule, context, tensors, attributes)
        if rule is None:
            raise Refused(*why_unsupported(node.op_type, op))
        found = self._layers(rule, op, domain, context, tensors, attributes)
        if found is None:
            function = specified(node, opset, domain, body, tensors)
            return self._call(function, node, tensors, attributes, body, scope, depth)
        return found

    # ---- a node ----------------------------------------------------------------------------------------------------

    def _layers(
        self,
        rule: Callable[..., Any],
        op: str,
        domain: str,
        context: OnnxNode,
        tensors: Sequence[Tensor | None],
        attributes: Attributes,
    ) -> list[Item] | None:
        """The outputs of the function registered for an operator, of which an input at least is traced.

        None if it leaves the operator to the specification's definition.
        """
        net = self.net
        values = [t.value for t in tensors if t is not None and t.value is not None]
        net.masks = {value for value in values if self.types.get(value) == BOOL}
        operands = [None if t is None else t.operand for t in tensors]
        for value in values:
            if not prod(value.shape):
                raise Refused(f"{op} of a tensor of shape {list(value.shape)}, which has no elements")
        result = call(rule, net, context, operands, attributes)
        if result is NotImplemented:
            return None
        results = list(result) if isinstance(result, (list, tuple)) else [result]
        types = output_types(context.op, context.opset, domain, context.types, attributes, len(results))
        found: list[Item] = []
        for value, dtype in zip(results, types, strict=True):
            if value is None:
                what = f"{op} gives an output that no Caffe layer computes"
                fix = "omit that output, or compute it from the others"
                found.append(Unknown(Problem(self.where, what, fix)))
            elif isinstance(value, Value):
                self.typed(value, dtype, op)
                found.append(Tensor(self.types[value], value))
            else:
                found.append(constant(np.asarray(value).astype(dtype)))
        return found

    def typed(self, value: Value, dtype: np.dtype, op: str) -> None:
        """Records the type of a value that an operator computed; a value that is passed on keeps its own."""
        if value in self.types:
            return
        refuse_overflow(self.net, value, dtype, op)
        self.types[value] = dtype
        declare(self.net.bounds, value, dtype)

    def _cast(self, tensor: Tensor, tensors: Sequence[Tensor | None], attributes: Attributes) -> Tensor:
        """A Cast to the type `to`, or a CastLike, to that of the second input."""
        value, like = tensor.value, tensors[-1]
        assert value is not None and like is not None
        target = dtype_of(attributes["to"]) if "to" in attributes else like.dtype
        if "O" in (tensor.dtype.kind, target.kind):
            raise Refused("a Cast of text", "remove it from the network")
        what = f"a Cast of {tensor.dtype} to {target}"
        result = converted(self.net, value, tensor.dtype, target, what)
        if result is not value:
            self.types[result] = target
        return Tensor(target, result)

    def _constants(
        self,
        op: str,
        rule: Callable[..., Any] | None,
        context: OnnxNode,
        tensors: Sequence[Tensor | None],
        attributes: Attributes,
    ) -> list[Item]:
        arrays = [None if t is None else t.array() for t in tensors]
        if op in FOLD:
            with np.errstate(all="ignore"):
                given = {k: v.array() if isinstance(v, Tensor) else v for k, v in attributes.items()}
                result = call(FOLD[op], None, context, arrays, given)
        elif rule is not None:
            result = computed(rule, context, arrays, attributes)
        else:
            raise Refused(*why_unsupported(context.op, op))
        results = [np.asarray(array) for array in (result if isinstance(result, list) else [result])]
        self.computed += sum(array.nbytes for array in results)
        if self.computed > MOST_COMPUTED:
            raise ConversionError(f"more than {MOST_COMPUTED >> 30} GiB of computed constants: not a network")
        return [constant(array) for array in results]

    # ---- bodies within a node --------------------------------------------------------------------------------------

    def _branch(
        self, node: Any, body: Body, scope: Scope, depth: int, inputs: Sequence[Item | None], attributes: Attributes
    ) -> list[Item]:
        condition = inputs[0] if inputs else None
        if isinstance(condition, Unknown):
            return [condition] * len(node.output)
        if condition is None or not condition.constant:
            raise Refused(
                "an If whose condition depends on the network's input",
                "a Caffe network computes the same for every input: export the branch that is taken",
            )
        graph = attributes["then_branch" if condition.array().reshape(-1).all() else "else_branch"]
        inner = Scope(outer=scope, prefix=scope.prefix)
        wanted = [output.name for output in graph.output]
        return self._found(self.read(body_of_graph(graph, body), wanted, inner, depth + 1), wanted)

    def _call(
        self,
        function: Any,
        node: Any,
        tensors: Sequence[Tensor | None],
        attributes: Attributes,
        body: Body,
        scope: Scope,
        depth: int,
    ) -> list[Item]:
        """The outputs of a function of the model, or of the specification, for these inputs."""
        inner = Scope(prefix=self.net.scope)
        for name, tensor in zip(function.input, tensors, strict=False):
            if tensor is not None:
                inner.items[name] = tensor
        inner.omitted = set(function.input) - set(inner.items)
        called = body_of_function(function, node, body)
        wanted = list(function.output)[: len(node.output)]
        return self._found(self.read(called, wanted, inner, depth + 1), wanted)

    def _found(self, items: Sequence[Item | None], names: Sequence[str]) -> list[Item]:
        for item, name in zip(items, names, strict=True):
            if item is None:
                raise Refused(f"its output {name!r} is not in its body", "the file is damaged")
        return [item for item in items if item is not None]


def _constant(attributes: Attributes) -> Tensor:
    (key, value), *_ = attributes.items()
    if isinstance(value, Tensor):
        return value
    if key not in ("value_float", "value_floats", "value_int", "value_ints"):
        raise Refused(f"a Constant with {key}", "remove text and sparse tensors from the network")
    return constant(np.array(value, np.float32 if "float" in key else np.int64))
