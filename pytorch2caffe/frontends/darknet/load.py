"""From a .cfg and its .weights to a Graph, section by section."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from ...errors import ConversionError, Problem, Refused, UnsupportedError
from ...graph.builder import Builder
from ...graph.graph import Graph, Value
from ...graph.registry import load_layers
from ...runtime.infer import infer
from .files import Section, Weights, read_cfg
from .sections import SECTIONS, Network

ENDS = ("yolo", "region", "detection", "gaussian_yolo", "cost")
TRAINING = {"batch_normalize", "stopbackward", "dont_load", "dont_loadscales", "learning_rate_scale", "probability"}


def load_darknet(
    cfg: str | Path, weights: str | Path | None = None, *, input_shape: Sequence[int] | None = None
) -> Graph:
    """Reads a Darknet network for inference, without Darknet.

    cfg:         the .cfg.
    weights:     the .weights; without it all weights are 0.
    input_shape: (N, C, H, W) instead of 1, channels, height and width of the .cfg.

    The outputs are the maps that [yolo], [region] and [detection] read, undecoded, and the last layer if it is another.
    Raises UnsupportedError naming every section that is not supported, with its line; ConversionError for files that
    are damaged or do not fit.
    """
    load_layers()
    head, *sections = read_cfg(cfg)
    shape = input_shape or (
        1,
        *(head.integer(key, size) for key, size in (("channels", 3), ("height", 0), ("width", 0))),
    )
    if min(shape) < 1 or len(shape) != 4:
        raise ConversionError(f"{cfg}: an input of shape {list(shape)}: give height and width, or --input-shape")
    graph = Graph(Path(cfg).stem)
    net = Builder(graph, infer)
    network = Network(net, Weights(weights), [net.input("data", tuple(shape))])
    problems = []
    for index, section in enumerate(sections):
        net.scope = f"{section.kind}_{index}"
        try:
            network.values.append(_value(network, section))
        except Refused as error:
            problems.append(Problem(f"[{section.kind}] (line {section.line})", error.what, error.fix))
            break  # the weights of what follows cannot be found any more
    if problems:
        raise UnsupportedError(problems, f"read from {cfg}")
    network.weights.check_end()
    ends = [network.values[i] for i, section in enumerate(sections) if section.kind in ENDS]
    if sections and sections[-1].kind not in ENDS:
        ends.append(network.values[-1])
    graph.outputs = {value.name: value for value in ends}
    return graph


def _value(network: Network, section: Section) -> Value:
    if section.kind in ENDS:
        return network.values[-1]
    make: Callable[[Network, Section], Value] | None = SECTIONS.get(section.kind)
    if make is None:
        raise Refused("it is not supported", "end the .cfg before it")
    value = make(network, section)
    if left := sorted(set(section.settings) - section.read - TRAINING):
        raise Refused(f"{', '.join(left)}, which may change what it computes", "remove it, if it changes nothing")
    return value
