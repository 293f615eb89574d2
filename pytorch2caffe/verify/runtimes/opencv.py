"""OpenCV 4's importer of Caffe files, which many programs and boards use."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from .base import ModuleRuntime, Results, RuntimeFailed

TOKEN = re.compile(r"""#[^\n]*|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[{}:;,]|[^\s{}:;,#"']+""")


class OpenCVRuntime(ModuleRuntime):
    """cv2.dnn on the CPU, without layer fusion and Winograd, so that every layer runs as it is in the file.

    OpenCV has no one-dimensional arrays: such an output has shape [N, 1].
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

        if len(caffemodels) != 1:
            raise RuntimeFailed(f"OpenCV reads one caffemodel, not {len(caffemodels)}")
        text = prototxt.read_text(encoding="utf-8")
        tops, read = tops_of(text), {bottom for layer in _layers(text) for bottom in layer.get("bottom", [])}
        with _silent(cv2):
            try:
                results = _forward(_read(cv2, prototxt, caffemodels[0]), tops, inputs)
            except cv2.error as error:
                given = ", ".join(inputs) or "none"
                message = f"OpenCV {cv2.__version__}: {error.err or error} (inputs given: {given})"
                raise RuntimeFailed(message) from error
        # OpenCV may overwrite a layer's outputs, except the first, when it runs layers that read them
        valid = {(layer, top) for layer, top in results if top == tops[layer][0] or top not in read}
        return {key: results[key] for key in results if key in valid and (wanted is None or key[1] in wanted)}


def _read(cv2: Any, prototxt: Path, caffemodel: Path) -> Any:
    weights = (str(caffemodel),) if caffemodel.stat().st_size else ()
    net = cv2.dnn.readNetFromCaffe(str(prototxt), *weights)
    net.setPreferableBackend(cv2.dnn.DNN_BACKEND_OPENCV)
    net.setPreferableTarget(cv2.dnn.DNN_TARGET_CPU)
    net.enableFusion(False)
    if hasattr(net, "enableWinograd"):  # since 4.7
        net.enableWinograd(False)
    return net


def _forward(net: Any, tops: Mapping[str, list[str]], inputs: Mapping[str, np.ndarray]) -> Results:
    for name, array in inputs.items():
        net.setInput(array, name)
    layers = [name for name in net.getLayerNames() if tops.get(name)]  # Silence has outputs in OpenCV but no top
    outputs = dict(zip(layers, net.forwardAndRetrieve(layers), strict=True))
    return {
        (layer, top): np.array(array, np.float32)
        for layer in tops
        if layer in outputs
        for top, array in zip(tops[layer], outputs[layer], strict=False)
    }


def tops_of(prototxt: str) -> dict[str, list[str]]:
    """The names of each layer's outputs, in the order of the file, because OpenCV does not keep them.

    >>> tops_of('layer { name: "cut" type: "Slice" bottom: "x" top: "left" top: "right" }')
    {'cut': ['left', 'right']}
    """
    tops: dict[str, list[str]] = {}
    for layer in _layers(prototxt):
        tops[layer.get("name", [""])[0]] = layer.get("top", [])
    return tops


def _layers(prototxt: str) -> Iterator[dict[str, list[str]]]:
    """The string fields of each layer, unquoted; nested messages are skipped."""
    tokens = [token for token in TOKEN.findall(prototxt) if token[0] not in "#:;,"]
    layer: dict[str, list[str]] = {}
    depth, is_layer = 0, False
    for before, token in zip(["", *tokens], tokens, strict=False):
        if token == "{":
            depth += 1
            if depth == 1:
                layer, is_layer = {}, before in ("layer", "layers")
        elif token == "}":
            depth -= 1
            if depth == 0 and is_layer:
                yield layer
        elif depth == 1 and token[0] in "\"'":
            layer.setdefault(before, []).append(token[1:-1])


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
