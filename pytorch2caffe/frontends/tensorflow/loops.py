"""Loops whose number of steps does not depend on data: the steps are read one after the other, as if written out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ...errors import Refused
from .node import DEPENDS_ON_BATCH, Body, Dead, Item, Tensor, TfNode, Unknown, constant

if TYPE_CHECKING:
    from .convert import Net

LOOP = "a loop (tf.while_loop, dynamic_rnn, map_fn)"
FIX = (
    "give it a constant number of steps (dynamic_rnn: no sequence_length), or read what is before it or after it "
    "(--end, --start)"
)
MOST_STEPS = 1000
Step = Callable[[int, list[Item]], list[Item]]


def repeat(
    condition: Callable[[int, list[Item]], Item], step: Step, items: Sequence[Item], constants: Iterable[Item] = ()
) -> list[Item]:
    """The variables of a loop after its last step. Raises Refused where the number of steps is not known.

    constants: what the steps read besides the variables. A variable that could not be converted in one step stays so,
    with that step's reason.
    """
    found = list(items)
    for count in range(MOST_STEPS + 1):
        goes_on = condition(count, found)
        if isinstance(goes_on, Unknown):
            if any(_is_batch(item) for item in (*found, *constants)):
                raise Refused(
                    f"{LOOP} over the samples of an open batch", "fix the batch size: give --inputShape with it"
                )
            return [Unknown(None, (goes_on,))] * len(found)
        if not isinstance(goes_on, Tensor) or not goes_on.constant:
            raise Refused(f"{LOOP} whose number of steps depends on data", FIX)
        if not goes_on.array().reshape(()):
            return found
        after = step(count, found)
        found = [old if isinstance(old, Unknown) else new for old, new in zip(found, after, strict=True)]
    raise Refused(f"{LOOP} of more than {MOST_STEPS} steps", FIX)


def _is_batch(item: Item) -> bool:
    if not isinstance(item, Tensor) or not item.constant or (item.shape, item.kind) != ((), "i"):
        return False
    return bool(item.array() >= DEPENDS_ON_BATCH)


# ---- TensorFlow 1: Enter, Merge, Switch, NextIteration, Exit -------------------------------------------------------


def enters_of(nodes: Mapping[str, TfNode], leave: TfNode) -> list[str]:
    """The Enter nodes of the loop that an Exit leaves; none where the nodes are not those of a loop."""
    merge = _merge_of(nodes, leave)
    frame = _frame(nodes[merge.inputs[0][0]]) if merge is not None else None
    return [name for name, node in nodes.items() if frame is not None and _frame(node) == frame]


def left(net: Net, node: TfNode, depth: int) -> Item:
    """What an Exit gives. All variables of its loop are computed at its first Exit."""
    body, merge = net.body, _merge_of(net.body.nodes, node)
    if merge is None:
        raise Refused("it leaves no loop", "the file is damaged")
    if merge.name not in body.left:
        body.left.update(_run(net, body, enters_of(body.nodes, node), depth))
    return body.left[merge.name]


def _run(net: Net, body: Body, enters: Sequence[str], depth: int) -> dict[str, Item]:
    """The variables after the last step, by their Merge."""
    entered = {name: body.items[name] for name in enters}
    merges = [
        node
        for node in body.nodes.values()
        if node.op in ("Merge", "RefMerge") and node.inputs and node.inputs[0][0] in entered
    ]
    conditions = {
        body.nodes[node.inputs[1][0]].inputs[0]: node.inputs[1][0]
        for node in body.nodes.values()
        if node.op in ("Switch", "RefSwitch") and node.inputs[0][0] in {merge.name for merge in merges}
    }
    if len(conditions) != 1:
        raise Refused(f"a loop with {len(conditions)} conditions", "the file is damaged")
    ((edge, loop_condition),) = conditions.items()
    steps: dict[int, Body] = {}

    def condition(count: int, items: list[Item]) -> Item:
        steps.clear()
        values = {merge.name: [item] for merge, item in zip(merges, items, strict=True)}
        goes_on: list[Item] = [constant(np.array(True))]
        known = {**entered, **values, loop_condition: goes_on}
        steps[count] = Body(body.nodes, f"{body.prefix}step{count}/", known)
        return net.run(steps[count], [edge], depth + 1)[0]

    def step(count: int, items: list[Item]) -> list[Item]:
        nexts = [body.nodes[merge.inputs[1][0]].inputs[0] for merge in merges]
        return net.run(steps[count], nexts, depth + 1)

    first = [entered[merge.inputs[0][0]][0] for merge in merges]
    if any(isinstance(item, Dead) for item in first):
        return {merge.name: Dead() for merge in merges}
    found = repeat(condition, step, first, [items[0] for items in entered.values()])
    return {merge.name: item for merge, item in zip(merges, found, strict=True)}


def _merge_of(nodes: Mapping[str, TfNode], leave: TfNode) -> TfNode | None:
    """The Merge at which the variable of an Exit starts each step."""
    switch = nodes.get(leave.inputs[0][0])
    merge = nodes.get(switch.inputs[0][0]) if switch is not None and switch.inputs else None
    if merge is None or not merge.op.endswith("Merge") or _frame(nodes.get(merge.inputs[0][0])) is None:
        return None
    return merge


def _frame(node: TfNode | None) -> str | None:
    return node.text("frame_name") if node is not None and node.op in ("Enter", "RefEnter") else None
