"""Eltwise: sum, product or maximum of inputs of one shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ...errors import Refused
from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import Ncnn
from ...graph.bounds import affine, are_integers, product
from ...graph.graph import Shape, Value
from ...graph.lowering import Lowering
from ...graph.registry import Bounds, Layer, Source, layer, number
from .power import Power


@layer("Eltwise", param="eltwise_param")
class Eltwise(Layer):
    """operation SUM (each input times its coeff), PROD or MAX, element by element.

    Source: BVLC Caffe, eltwise_layer.cpp.
    """

    keeps_inf = True

    operation: str = "SUM"
    coeff: tuple[float, ...] = ()

    def name_in_legacy(self) -> str:
        return {"SUM": "add", "PROD": "mul", "MAX": "max"}[self.operation]

    def may_be_overwritten(self, inputs: int) -> bool:
        return self.operation == "SUM" and inputs > 1

    def works_in_place(self) -> bool:
        """SUM sets the top to 0, and MAX to the lowest number, before they read."""
        return self.operation == "PROD"

    def bounds(self, inputs: Sequence[Bounds], shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Bounds:
        if self.operation == "MAX":
            return max(low for low, _ in inputs), max(high for _, high in inputs)
        if self.operation == "PROD":
            return product(inputs)
        coeff = self.coeff or (1.0,) * len(inputs)
        parts = [affine(bounds, c, 0.0) for bounds, c in zip(inputs, coeff, strict=True)]
        return sum(low for low, _ in parts), sum(high for _, high in parts)

    def gives_integers(self, inputs: Sequence[bool], blobs: Sequence[np.ndarray]) -> bool:
        return all(inputs) and are_integers(*self.coeff)

    def to_caffe(self) -> dict[str, Any]:
        settings = {"operation": self.operation}
        return settings | ({"coeff": list(self.coeff)} if self.coeff else {})

    @classmethod
    def from_caffe(cls, param: dict[str, Any], shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Layer:
        coeff = tuple(param.get("coeff", ()))
        if coeff and len(coeff) != len(shapes):
            raise Refused(f"{len(coeff)} coefficients for {len(shapes)} inputs", "set one coeff per bottom")
        if len(shapes) == 1:  # FlowNet's fork accepts one bottom
            return Power(scale=coeff[0] if coeff and param.get("operation", "SUM") == "SUM" else 1.0)
        return cls(param.get("operation", "SUM"), () if set(coeff) <= {1.0} else coeff)

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        if len(set(map(tuple, shapes))) != 1:
            raise Refused(
                f"Eltwise of different shapes {list(map(list, shapes))}", "Caffe's Eltwise does not broadcast"
            )
        names = [f"{{{i}}}" for i in range(len(shapes))]
        if self.operation == "SUM":
            coeff = self.coeff or (1.0,) * len(names)
            terms = [_term(c, name) for c, name in zip(coeff, names, strict=True)]
            return Source(expr=" + ".join(terms).replace("+ -", "- "))
        if self.operation == "PROD":
            return Source(expr=" * ".join(names))
        text = names[0]
        for name in names[1:]:
            text = f"torch.maximum({text}, {name})"
        return Source(expr=text)

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Value:
        """For targets of two inputs, two at a time; for those without coefficients a Power for each that is not 1."""
        pairs = replace(self, coeff=self.coeff[:2])
        if len(inputs) > 2 and not self.coeff and net.takes(pairs, *inputs[:2]):
            total, *others = inputs
            for value in others:
                total = net.add(pairs, total, value, name="pair" if value is not others[-1] else "")
            return total
        if self.operation != "SUM" or not self.coeff:
            return net.add(self, *inputs)  # raises what the target lacks
        factors = zip(self.coeff, inputs, strict=True)
        parts = [value if c == 1 else net.add(Power(scale=c), value, name="times") for c, value in factors]
        return net.add(Eltwise(), *parts)

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Edge:
        """Operators of two inputs each, because consumers of the IR accept no more."""
        if self.operation == "SUM" and self.coeff:
            return _weighted_sum(net, inputs, self.coeff)
        name = {"SUM": "Add", "PROD": "Mul", "MAX": "Maximum"}[self.operation]
        y, *rest = inputs
        for x in rest:
            y = net.op(name, y, x)
        return y

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        params = {0: {"PROD": 0, "SUM": 1, "MAX": 2}[self.operation]}
        return Ncnn("Eltwise", params | ({1: self.coeff} if self.coeff else {}))


def _weighted_sum(net: IrNet, inputs: Sequence[Edge], coefficients: Sequence[float]) -> Edge:
    """The sum of coeff * x as operators of the IR; only the first coefficient of -1 costs a multiplication."""

    def times_size(x: Edge, coeff: float) -> Edge:
        return x if abs(coeff) == 1 else net.op("Mul", x, net.constant(abs(coeff)))

    total = times_size(inputs[0], coefficients[0])
    total = total if coefficients[0] > 0 else net.op("Mul", total, net.constant(-1.0))
    for x, coeff in zip(inputs[1:], coefficients[1:], strict=True):
        total = net.op("Add" if coeff > 0 else "Sub", total, times_size(x, coeff))
    return total


def _term(coeff: float, name: str) -> str:
    return {1.0: name, -1.0: f"-{name}"}.get(coeff, f"{number(coeff)} * {name}")
