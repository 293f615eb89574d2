"""Large diagrams are folded by module, in the order of execution; every box is in one view, and nothing is lost."""

from __future__ import annotations

import pytest

from pytorch2caffe.pages.diagram import FOLD_ABOVE, Box, Diagram


def chain(names: list[str]) -> tuple[Box, ...]:
    before = [(), *((name,) for name in names)]
    return tuple(
        Box(name, "ReLU", tuple(name.split(".")[:-1]), sources) for name, sources in zip(names, before, strict=False)
    )


def blocks(stages: int, per_stage: int) -> list[str]:
    return [f"layer{s}.{b}.{part}" for s in range(stages) for b in range(per_stage) for part in "abcde"]


def leaves(view):
    return [box.shown.box.name for box in view.boxes if box.shown.box and not box.outside]


def test_a_small_diagram_is_one_view():
    (view,) = Diagram(chain([f"conv{i}" for i in range(FOLD_ABOVE)])).views()
    assert len(view.boxes) == FOLD_ABOVE


def test_a_large_one_is_folded_by_module():
    names = ["stem", *blocks(4, 6), "head"]
    whole, *parts = Diagram(chain(names)).views()
    assert [box.label for box in whole.boxes] == ["stem", "layer0", "layer1", "layer2", "layer3", "head"]
    assert [box.caption for box in whole.boxes][1] == "30 layers"
    assert len(parts) == 4 + 4 * 6
    assert [box.label for box in parts[0].boxes] == ["stem", *"012345"]  # what it reads is shown, outside
    assert parts[0].boxes[0].outside
    assert parts[1].trail == (("", "network"), (parts[0].id, "layer0"))
    assert sorted(name for view in [whole, *parts] for name in leaves(view)) == sorted(names)


def test_a_module_that_is_used_twice_is_two_parts():
    names = ["start", *(f"act.{i}" for i in range(40)), "between", *(f"act.{i}" for i in range(40, 80))]
    whole, *_ = Diagram(chain(names)).views()
    assert [box.label for box in whole.boxes] == ["start", "act", "between", "act"]


@pytest.mark.parametrize("count", [FOLD_ABOVE + 1, 500, pytest.param(5000, marks=pytest.mark.slow)])
def test_names_without_modules_are_divided_into_stretches(count):
    names = [f"conv{i}" for i in range(count)]
    views = Diagram(chain(names)).views()
    assert len(views[0].boxes) <= FOLD_ABOVE
    assert sorted(name for view in views for name in leaves(view)) == sorted(names)


def test_a_folded_part_shows_the_worst_of_it():
    names = ["stem", *blocks(4, 6)]
    boxes = [
        Box(b.name, b.caption, b.path, b.sources, heat=0.9 if b.name == "layer2.3.c" else 0.1, wrong=b.name[-1] == "e")
        for b in chain(names)
    ]
    shown = {box.label: box.shown for box in Diagram(tuple(boxes)).views()[0].boxes}
    assert {name: one.heat for name, one in shown.items()} == {
        "stem": 0.1, "layer0": 0.1, "layer1": 0.1, "layer2": 0.9, "layer3": 0.1,
    }  # fmt: skip
    assert [one.wrong for one in shown.values()] == [False, True, True, True, True]


def test_a_long_name_keeps_both_ends():
    (view,) = Diagram(chain(["a" * 40 + "z" * 40])).views()
    assert view.boxes[0].label == "a" * 16 + "…" + "z" * 16
