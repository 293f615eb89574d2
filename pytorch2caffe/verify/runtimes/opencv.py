"""OpenCV 4's importer of Caffe files, which many programs and boards use."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import ConversionError
from .base import ModuleRuntime, Results, RuntimeFailed, only_caffemodel
from .tops import tops_of, unread_tops


class OpenCVRuntime(ModuleRuntime):
    """cv2.dnn on the CPU.

    Outputs are computed as a program that uses OpenCV gets them, with layers joined (fusion) as OpenCV does by default;
    other blobs in a second run without that. Winograd's convolution, which rounds at 1e-5, is off in both.
    OpenCV has no arrays of fewer than two axes; such an output is returned in the shape that it has in Caffe.
    """

    name, module = "opencv", "cv2"
    install_hint = 'install OpenCV 4: pip install "opencv-python-headless<5"'

    def _unusable_reason(self, module: Any) -> str | None:
        readable = hasattr(module.dnn, "readNetFromCaffe")
        return None if readable else f"OpenCV {module.__version__} no longer reads Caffe files"

    def _run(
        self, prototxt: Path, caffemodels: list[Path], inputs: Mapping[str, np.ndarray], wanted: Collection[str] | None
    ) -> Results:
        import cv2

        caffemodel = only_caffemodel(caffemodels, "OpenCV")
        with _silent(cv2):
            try:
                net = _read(cv2, prototxt, caffemodel, fusion=True)
                text = prototxt.read_text(encoding="utf-8")
                tops, outputs = tops_of(text), unread_tops(text)
                keys = [(layer, top) for layer in tops for top in tops[layer] if wanted is None or top in wanted]
                outer = {layer: tops[layer] for layer, top in keys if (layer, top) in outputs}
                inner = {layer: tops[layer] for layer, top in keys if (layer, top) not in outputs}
                results = _forward(net, outer, inputs)
                if inner:
                    results = _forward(_read(cv2, prototxt, caffemodel, fusion=False), inner, inputs) | results
            except cv2.error as error:
                given = ", ".join(inputs) or "none"
                message = f"OpenCV {cv2.__version__}: {error.err or error} (inputs given: {given})"
                raise RuntimeFailed(message) from error
        results = with_few_axes(results, prototxt)
        # OpenCV may overwrite a layer's outputs, except the first, when it runs layers that read them
        return {key: results[key] for key in keys if key in results and (key in outputs or key[1] == tops[key[0]][0])}


def _read(cv2: Any, prototxt: Path, caffemodel: Path, fusion: bool) -> Any:
    weights = (str(caffemodel),) if caffemodel.stat().st_size else ()
    net = cv2.dnn.readNetFromCaffe(str(prototxt), *weights)
    net.setPreferableBackend(cv2.dnn.DNN_BACKEND_OPENCV)
    net.setPreferableTarget(cv2.dnn.DNN_TARGET_CPU)
    net.enableFusion(fusion)
    if hasattr(net, "enableWinograd"):  # since 4.7
        net.enableWinograd(False)
    return net


def _forward(net: Any, tops: Mapping[str, list[str]], inputs: Mapping[str, np.ndarray]) -> Results:
    """The tops of some layers. OpenCV may name an output of the network by its top instead of its layer."""
    for name, array in inputs.items():
        net.setInput(array, name)
    known = set(net.getLayerNames())
    named = {layer: next((name for name in (layer, *own[:1]) if name in known), "") for layer, own in tops.items()}
    names = {layer: name for layer, name in named.items() if name and tops[layer]}  # Silence has outputs but no top
    if not names:
        return {}
    outputs = dict(zip(names, net.forwardAndRetrieve(list(names.values())), strict=True))
    return {
        (layer, top): np.array(array, np.float32)
        for layer in tops
        if layer in outputs
        for top, array in zip(tops[layer], outputs[layer], strict=False)
    }


def with_few_axes(results: Results, prototxt: Path) -> Results:
    """The arrays that have fewer than two axes in Caffe in their shape there, instead of [N, 1] and [1, 1]."""
    from ...frontends.caffe.reader import load_caffe

    if not any(array.ndim == 2 and array.shape[1] == 1 for array in results.values()):
        return results
    try:
        values = [value for node in load_caffe(prototxt).nodes for value in node.outputs]
    except ConversionError:  # a layer that this package does not know
        return results
    shapes = {value.top or value.name: value.shape for value in values if len(value.shape) < 2}
    return {
        (layer, top): array.reshape(shapes[top]) if top in shapes and array.size == prod(shapes[top]) else array
        for (layer, top), array in results.items()
    }


@contextmanager
def _silent(cv2: Any) -> Iterator[None]:
    """Stops OpenCV from writing to stderr what it also raises."""
    logging = getattr(cv2.utils, "logging", None)
    if logging is None:
        yield
        return
    before = logging.setLogLevel(logging.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        logging.setLogLevel(before)
