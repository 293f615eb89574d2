"""What kind of model a file is, by its content, and how to convert it."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

ONNX = "an ONNX model", "pytorch2caffe convert FILE --from onnx"
KERAS = (
    "a model of Keras",
    "pytorch2caffe convert FILE --from keras; or in Keras model.export(FOLDER), --from tensorflow",
)
HDF5 = "an HDF5 file of weights", "in Keras build the model, load them and model.export(FOLDER), then --from tensorflow"
TORCH = (
    "a file of PyTorch",
    "pytorch2caffe export model.py:Net --weights FILE, or FILE itself if it has the whole model",
)
TFLITE = "a TensorFlow Lite model", "convert the SavedModel or the frozen graph that it was made of: --from tensorflow"
TENSORFLOW = "a graph of TensorFlow", "pytorch2caffe convert FILE --from tensorflow"
COREML = "a Core ML model", "export the model that it was made of to ONNX, then --from onnx"
DARKNET = "a network of Darknet", "pytorch2caffe convert FILE NAME.weights --from darknet"
MXNET = "a file of MXNet", "pytorch2caffe convert NAME-symbol.json NAME-0000.params --from mxnet"
NCNN = "a .param file of ncnn", "give the Caffe files that it was made of"
SAFETENSORS = "weights in safetensors", "pytorch2caffe export model.py:Net --weights FILE"
OPENVINO = "a network of OpenVINO", "give the model that it was made of"

STARTS: tuple[tuple[bytes, tuple[str, str]], ...] = (
    (rb".{4}TFL3", TFLITE),
    (rb"\x12\x01\0\0\0\0\0\0", MXNET),
    (rb"7767517\s", NCNN),
    (rb".{8}\{\"", SAFETENSORS),
    (rb"\s*(#[^\n]*\n|;[^\n]*\n|\s)*\[(net|network|convolutional)\]", DARKNET),
    (rb"\s*\{\s*\"nodes\"\s*:", MXNET),
    (rb"\s*<\?xml.*<net ", OPENVINO),
    (rb"\x08[\x01-\x14](\x12.[\w. -]*)?[\x1a\x22:\x32]", ONNX),
    (rb"\x08[\x01-\x0f]\x12[^\n]?.{0,2}\n", COREML),
    (rb"\n.{1,3}\n.{1,60}\x12.(Placeholder|Const|NoOp|VariableV2|Identity)", TENSORFLOW),
    (rb"\x80[\x02-\x05]", TORCH),
)


def kind_of(path: str | Path) -> tuple[str, str] | None:
    """What a file is, if it is of a known kind that is not Caffe's, and the way to convert it; None otherwise."""
    path = Path(path)
    if not path.is_file():
        return None
    with path.open("rb") as stream:
        start = stream.read(4096)
    if start.startswith(b"\x89HDF"):
        return KERAS if b"model_config" in path.read_bytes() else HDF5
    if start.startswith(b"PK\x03\x04"):
        return _of_archive(path)
    return next((kind for pattern, kind in STARTS if re.match(pattern, start, re.DOTALL)), None)


def _of_archive(path: Path) -> tuple[str, str] | None:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile:
        return None
    return KERAS if "config.json" in names else TORCH if any(name.endswith("data.pkl") for name in names) else None
