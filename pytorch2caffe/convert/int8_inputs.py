"""Inputs on which int8 files are judged: of the range for which they were calibrated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..backends.ncnn.table.table import Table
from ..graph.graph import Graph, Value
from ..quantize.image_files import BrokenImage
from ..quantize.images import Dataset
from ..quantize.preprocess import ORDERS, Preprocess
from ..runtime.random_inputs import USUAL_MAX_ABS, random_inputs
from ..runtime.run import run

Arrays = dict[str, np.ndarray]
MOST_IMAGES = 10
ROUNDS = 3


def image_inputs(images: Dataset, limit: int = MOST_IMAGES) -> tuple[list[Arrays], str]:
    """The first images as inputs of one sample, and what they are. Raises BrokenImage if none can be read."""
    samples: list[Arrays] = []
    reason = ""
    for index in range(len(images)):
        if len(samples) == limit:
            break
        try:
            loaded = images.load(index)
        except BrokenImage as error:
            reason = str(error)
            continue
        samples.append({name: array[None] for name, array in loaded.items()})
    if not samples:
        raise BrokenImage(f"{images.samples[0][0]}: {reason}")
    return samples, "1 image" if len(samples) == 1 else f"{len(samples)} images"


def inputs_in_range(graph: Graph, table: Table | None, preprocess: Mapping[str, Preprocess]) -> tuple[Arrays, str]:
    """Random inputs in the range of the real ones, and on what that range rests.

    preprocess: of inputs that are images, by their names: these are random pixels, 0 to 255, with mean and norm.

    For other inputs the range is that of the table's scales; if no layer of the table reads an input, it is scaled
    until the activations are as large as the table says. Without a table, inputs are normal.
    """
    max_abs = {} if table is None else _max_abs_of_inputs(graph, table)
    arrays = random_inputs(graph, max_abs=max_abs)
    random = np.random.default_rng(0)
    for value in graph.inputs:
        if (one := preprocess.get(value.name)) is not None:
            mean, norm = (np.reshape(each, (-1, 1, 1)) for each in (one.channel_means, one.channel_norms))
            arrays[value.name] = ((random_image(value.shape, random) - mean) * norm).astype(np.float32)
        elif table is not None and len(value.shape) == 4 and value.shape[1] in ORDERS.values():
            size = max_abs.get(value, USUAL_MAX_ABS)
            arrays[value.name] = ((random_image(value.shape, random) - 128) * (size / 128)).astype(np.float32)
    others = [value for value in graph.inputs if value.name not in preprocess and value not in max_abs]
    if table is None:
        return arrays, "random pixels" if preprocess else "random inputs"
    if others:
        arrays = _scaled(graph, table, arrays, others)
        return arrays, "random inputs scaled until the activations are in the calibrated range"
    pixels = "random pixels, preprocessed as the calibration images were"
    return arrays, pixels if preprocess else "random inputs within the calibrated range"


def random_image(shape: Sequence[int], random: np.random.Generator) -> np.ndarray:
    """Random pixels, 0 to 255, float32, with the spectrum of photographs: an amplitude inverse to the frequency.

    White noise would do, if a network gave as large activations for it as for photographs; filters of images do not.
    Source of the spectrum: Field, Relations between the statistics of natural images and the response properties of
    cortical cells, J. Opt. Soc. Am. A 4 (1987).

    >>> float(random_image((1, 3, 8, 8), np.random.default_rng(0)).max()) <= 255
    True
    """
    *lead, channels, height, width = shape
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
    amplitude = 1 / np.maximum(frequency, 1 / max(height, width))
    common, own = (random.standard_normal((*lead, count, height, width)) for count in (1, channels))
    noise = np.fft.irfft2(np.fft.rfft2(2 * common + own) * amplitude, s=(height, width))
    return np.clip(np.round(128 + 60 * noise / (noise.std() or 1.0)), 0, 255).astype(np.float32)


def _max_abs_of_inputs(graph: Graph, table: Table) -> dict[Value, float]:
    """The largest magnitude that the table's scales represent in int8, for each input that its layers read."""
    scales, inputs = table.activations, set(graph.inputs)
    return {
        node.inputs[0]: 127 / scales[node.name]
        for node in graph.nodes
        if node.name in scales and node.inputs[0] in inputs
    }


def _scaled(graph: Graph, table: Table, arrays: Arrays, others: list[Value]) -> Arrays:
    """The arrays with those of `others` multiplied until the median activation is as large as calibrated."""
    wanted = {
        node.inputs[0].name: 127 / table.activations[node.name]
        for node in graph.nodes
        if node.name in table.activations and table.activations[node.name] > 0
    }
    for _ in range(ROUNDS):
        found = {name: array for (_, name), array in run(graph, arrays, set(wanted)).items()}
        ratios = [wanted[name] / size for name, array in found.items() if (size := float(np.abs(array).max()))]
        factor = np.float32(np.median(ratios)) if ratios else np.float32(1)
        arrays = {**arrays, **{value.name: arrays[value.name] * factor for value in others}}
    return arrays
