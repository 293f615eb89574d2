"""Operators that the specification defines as functions of others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...errors import Refused
from .bodies import Body
from .package import onnx
from .tensors import Tensor
from .types import schema_of


def is_function(op: str, opset: int, domain: str) -> bool:
    """Whether the specification defines an operator as a function of others."""
    schema = schema_of(op, opset, domain)
    return schema is not None and bool(schema.has_function or schema.has_context_dependent_function)


def specified(node: Any, opset: int, domain: str, body: Body, tensors: Sequence[Tensor | None]) -> Any:
    """The FunctionProto that the specification gives for a node of `body` with these inputs.

    Its attributes have the defaults of the specification. Some bodies depend on attributes, types and omitted inputs.
    Raises Refused for a node that the specification does not allow.
    """
    schema = schema_of(node.op_type, opset, domain)
    function = onnx().FunctionProto()
    if schema.has_function:
        function.CopyFrom(schema.function_body)
    else:
        try:
            function.ParseFromString(
                schema.get_context_dependent_function(_bound(node, body), [_type_of(t) for t in tensors])
            )
        except Exception as error:  # what the package's C++ raises
            raise Refused(f"{node.op_type} in a form that the specification does not define: {error}") from error
    defaults = (attribute.default_value for attribute in schema.attributes.values())
    function.attribute_proto.extend(default for default in defaults if default.name)
    return function


def _bound(node: Any, body: Body) -> bytes:
    """The node with the attributes of the function's caller in place of references to them."""
    copy = type(node)()
    copy.CopyFrom(node)
    del copy.attribute[:]
    copy.attribute.extend(bound for a in node.attribute if (bound := body.bound_attribute(a)) is not None)
    return bytes(copy.SerializeToString())


def _type_of(tensor: Tensor | None) -> bytes:
    if tensor is None:
        return b""
    helper = onnx("helper")
    element = helper.np_dtype_to_tensor_dtype(tensor.dtype)
    return bytes(helper.make_tensor_type_proto(element, tensor.shape).SerializeToString())
