"""Conditions, loops and function calls: the branch taken at inference is read, the other one is dead."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import Problem, Refused
from .functions import body_of
from .loops import LOOP, left, repeat
from .node import PART_OF_LOOP, Dead, Item, Tensor, TfNode, Unknown, constant

if TYPE_CHECKING:
    from .convert import Net

CONTROL = {
    "Switch",
    "RefSwitch",
    "Merge",
    "RefMerge",
    "If",
    "StatelessIf",
    "While",
    "StatelessWhile",
    "Enter",
    "RefEnter",
    "Exit",
    "RefExit",
    "PartitionedCall",
    "StatefulPartitionedCall",
}
INSIDE = ("NextIteration", "RefNextIteration", "LoopCond")  # nodes that no step of a loop reads


def control(net: Net, node: TfNode, inputs: list[Item], depth: int) -> Any:
    """The outputs of an operator of CONTROL. Raises Refused where the branch or the number of steps depends on data."""
    if node.op.endswith("Exit"):
        return left(net, node, depth)
    if node.op.endswith("Merge"):
        alive = [(i, x) for i, x in enumerate(inputs) if not isinstance(x, Dead)]
        if not alive:
            return Dead()
        if len(alive) > 1:
            if causes := tuple(x for _, x in alive if isinstance(x, Unknown)):
                return Unknown(None, causes)
            raise Refused("the input selected depends on data", "export the network for inference")
        return [alive[0][1], constant(np.array(alive[0][0]))]
    if any(isinstance(x, Dead) for x in inputs):
        return Dead()
    if node.op.endswith("Enter"):
        return inputs[0]
    if node.op.endswith("Switch"):
        if isinstance(inputs[1], Unknown):
            return Unknown(None, (inputs[1],))
        taken = _truth(inputs[1])
        return [Dead(), inputs[0]] if taken else [inputs[0], Dead()]
    if node.op.endswith("If"):
        if isinstance(inputs[0], Unknown):
            return Unknown(None, (inputs[0],))
        branch = "then_branch" if _truth(inputs[0]) else "else_branch"
        return _call(net, node, node.attr[branch].func.name, inputs[1:], depth)
    if node.op.endswith("While"):
        return repeat(
            lambda count, items: _call(net, node, node.attr["cond"].func.name, items, depth, f"/{count}/cond")[0],
            lambda count, items: _call(net, node, node.attr["body"].func.name, items, depth, f"/{count}"),
            inputs,
        )
    return _call(net, node, node.attr["f"].func.name, inputs, depth)


def without_consequences(problems: Iterable[Problem]) -> list[Problem]:
    """The problems, each loop once, by its first node, without those that only say that something belongs to a loop."""
    problems = list(problems)
    if not any(problem.what.startswith(LOOP) for problem in problems):
        return problems
    loops: set[str] = set()
    found = []
    for problem in problems:
        if (
            problem.what == PART_OF_LOOP
            or "operator 'TensorArray" in problem.what
            or "operator 'TensorList" in problem.what
        ):
            continue
        scope = problem.where.rpartition("/")[0] or problem.where
        is_loop = problem.what.startswith(LOOP)
        if not is_loop or scope not in loops:
            found.append(problem)
        if is_loop:
            loops.add(scope)
    return found


def _call(net: Net, node: TfNode, function: str, inputs: list[Item], depth: int, name: str = "") -> list[Item]:
    if function not in net.model.functions:
        raise Refused(f"the file has no function {function!r}")
    body, arguments, results = body_of(net.model.functions[function], f"{net.body.prefix}{node.name}{name}/")
    if len(arguments) != len(inputs):
        raise Refused(f"{function!r} takes {len(arguments)} arguments, not {len(inputs)}")
    for argument, item in zip(arguments, inputs, strict=True):
        body.items[argument] = [item]
    return net.run(body, results, depth + 1)


def _truth(x: Item) -> bool:
    if not isinstance(x, Tensor) or not x.constant:
        raise Refused("the branch taken depends on data", "export the network for inference (is_training=False)")
    return bool(x.array().reshape(()))
