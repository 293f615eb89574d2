"""What a training network has besides the network itself: phases, data layers before it, losses after it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from ...errors import Refused
from ...graph.graph import Names
from ...graph.registry import Layer, number
from ...layers.activation.sigmoid import Sigmoid
from ...layers.activation.softmax import Softmax
from ...layers.basic.dropout import Dropout
from ...layers.normalization.batch_norm import BatchNorm

DATA = {"Data", "ImageData", "HDF5Data", "MemoryData", "DummyData", "WindowData"}
IMAGES = {"Data": "data_param", "ImageData": "image_data_param", "WindowData": "window_data_param"}
# Of forks: SSD; SegNet; Caffe for faces; FlowNet.
FORKS_DATA = {"AnnotatedData", "DenseImageData", "ImageLabelData", "ImageSegData"}
IMAGES["AnnotatedData"] = "data_param"

# Losses that contain the last layer of the deployed network: that layer, and the field of its settings.
OUTPUT_OF: dict[str, tuple[type[Layer], str]] = {
    "SoftmaxWithLoss": (Softmax, "softmax_param"),
    "InfogainLoss": (Softmax, "infogain_loss_param"),
    "SigmoidCrossEntropyLoss": (Sigmoid, "sigmoid_param"),
}
LEFT_OUT = {
    "Accuracy": "a metric of the training",
    "ContrastiveLoss": "a loss; the features that it compares are outputs",
    "EuclideanLoss": "a loss; what it compares is an output",
    "HDF5Output": "it writes a file; what it writes is an output",
    "HingeLoss": "a loss; the scores that it reads are an output",
    "MultinomialLogisticLoss": "a loss; the probabilities that it reads are an output",
}
FORKS_LEFT_OUT = {
    "BoxAnnotatorOHEM": "it chooses boxes to train with",
    **dict.fromkeys(
        ("CTCDecoder", "CTCGreedyDecoder", "CtcDecoder", "LabelsequenceAccuracy"),
        "it makes text of scores; the scores are an output",
    ),
    "DetectionEvaluate": "a metric of the training; the detections that it reads are an output",
    **dict.fromkeys(
        ("LabelSpecificAdd", "MarginInnerProduct"),
        "it needs the label, to train features; the features that it reads are an output",
    ),
}
REFUSED = {
    "Python": (
        "it runs Python code, which is not in the file",
        "write the layer in PyTorch, or end the network before it",
    ),
}
FORKS_REFUSED = {
    "Accum": (
        "not read; it resizes its bottoms to the largest, corners on corners, and joins them",
        "write an Interp for each bottom and a Concat in its place, or end the network before it (--end)",
    ),
    "Downsample": (
        "its fork computes it on a GPU only, so no runtime was there to compare with",
        "write a Resample in its place if that is near enough, or end the network before it (--end)",
    ),
    "GlobalPooling": (
        "what it pools depends on a threshold (TSUM, TAVEMAX), for which no consumer has a layer",
        "write it in PyTorch, behind outputs that end the network before it (--end)",
    ),
    "Noise": (
        "some forks add noise in training only and others at inference too, and the file does not say which",
        "remove it from the file if it is for training only",
    ),
    "RegionOutput": (
        "not read; it decodes and suppresses boxes by rules of its fork",
        "end the network before it (--end), and decode the boxes after the network",
    ),
    "ROIAlign": (
        "forks take the average or the greatest of the points in a cell, and the file does not say which",
        "end the network before it (--end), and call torchvision.ops.roi_align on its outputs",
    ),
}


def check_type(kind: str) -> None:
    """Raises Refused for a layer type that cannot be read, whatever its settings."""
    if why := REFUSED.get(kind) or FORKS_REFUSED.get(kind):
        raise Refused(f"{kind}: {why[0]}", why[1])


def is_data(entry: Mapping[str, Any]) -> bool:
    """Whether a layer gives the network its data, a Python layer that reads no blob among them."""
    kind = entry.get("type", "")
    return kind in DATA or kind in FORKS_DATA or kind == "Python" and not entry.get("bottom")


def is_left_out(kind: str) -> bool:
    """Whether layers of this type compute nothing that inference needs: metrics, and losses of BVLC and of forks."""
    known = kind in OUTPUT_OF or kind in REFUSED
    return kind in LEFT_OUT or kind in FORKS_LEFT_OUT or not known and kind.endswith(("Loss", "LossOHEM"))


def is_for_training(entry: Mapping[str, Any]) -> bool:
    """Whether a layer is one of training only: data, losses and metrics."""
    return is_data(entry) or is_left_out(entry.get("type", "")) or entry.get("type") in OUTPUT_OF


def missing_bottom(bottom: str, excluded: Sequence[Mapping[str, Any]], phase: str) -> Refused:
    """What to say of a bottom that no layer before it writes; excluded: the layers that the network does not have."""
    owner = next((entry for entry in excluded if bottom in entry.get("top", [])), None)
    if owner is None:
        return Refused(f"bottom {bottom!r} is the top of no layer before it", "name an earlier top")
    rules = [rule for key in ("include", "exclude") for rule in owner.get(key, [])]
    stages = [stage for rule in rules for stage in rule.get("stage", [])]
    other = "TRAIN" if phase == "TEST" else "TEST"
    fix = f"give --stage {stages[0]}" if stages else f"give --phase {other}, or use a deploy.prototxt"
    what = f"bottom {bottom!r} is the top of {owner.get('type')} {owner.get('name')!r}, which the file excludes here"
    return Refused(f"{what} (phase {phase})", fix)


def check_phase(entry: Mapping[str, Any]) -> None:
    """Raises Refused for a layer whose own `phase` makes Caffe train it in a network for testing.

    Source: BVLC Caffe, net.cpp: the network's phase applies only to layers that have none.
    """
    follows_phase = entry["type"] == Dropout.type or (
        entry["type"] == BatchNorm.type and "use_global_stats" not in entry.get("batch_norm_param", {})
    )
    if entry.get("phase") == "TRAIN" and follows_phase:
        raise Refused(
            f"{entry['type']} with `phase: TRAIN`: Caffe trains it even in a network for testing",
            "remove its `phase`; to exclude a layer from testing, write `include { phase: TRAIN }`",
        )


def output_layer(entry: Mapping[str, Any], tops: Collection[str]) -> dict[str, Any]:
    """The Softmax or Sigmoid that a loss layer contains, as a layer of its own. tops: the names already in use."""
    cls, param = OUTPUT_OF[entry["type"]]
    own_tops = entry.get("top", [])
    top = own_tops[1] if len(own_tops) > 1 else Names(tops).unique("prob")
    output = {"name": top, "type": cls.type, "bottom": entry.get("bottom", [])[:1], "top": [top]}
    settings = {key: value for key, value in entry.get(param, {}).items() if key == "axis"}
    return output | ({str(cls.param): settings} if settings else {})


def data_shape(entry: Mapping[str, Any], index: int, channels: int | None) -> tuple[int, ...]:
    """The shape of a data layer's top, from its settings.

    index:    which top: a database's second is the label.
    channels: the input channels of the convolution that reads it, where its weights are known.
    Raises Refused where only the data determine it.
    """
    kind, top = entry["type"], entry["top"][index]
    if kind == "DummyData":
        return _dummy_shape(entry.get("dummy_data_param", {}), index)
    if kind == "MemoryData":
        param = entry.get("memory_data_param", {})
        sizes = [param.get(name) for name in ("batch_size", "channels", "height", "width")]
    elif kind in IMAGES:
        param = entry.get(IMAGES[kind], {})
        sizes = [param.get("batch_size", 1), _channels(entry) or channels, *_image(entry, param)]
    else:
        sizes = [None]
    shape = [size for size in (sizes[:1] if index else sizes) if size]
    if len(shape) != len(sizes[:1] if index else sizes):
        given = ", ".join(str(size or "?") for size in sizes) if len(sizes) > 1 else "of any form"
        raise Refused(
            f"the shape of {top!r} ({given}) is not in the file: it depends on the data that {kind} reads",
            f"give it: --input-shape {top}=1,3,224,224 (input_shape={{{top!r}: ...}}), or use a deploy.prototxt",
        )
    return tuple(shape)


def _dummy_shape(param: Mapping[str, Any], index: int) -> tuple[int, ...]:
    shapes = [tuple(shape.get("dim", ())) for shape in param.get("shape", [])]
    if not shapes:
        shapes = list(zip(*(param.get(name, []) for name in ("num", "channels", "height", "width")), strict=False))
    if not shapes:
        raise Refused("DummyData without a shape", "give its shape")
    return shapes[index if index < len(shapes) else 0]


def dummy_value(entry: Mapping[str, Any], index: int) -> float | None:
    """The constant that DummyData fills a top with; None where it is random."""
    fillers = entry.get("dummy_data_param", {}).get("data_filler") or [{}]
    filler = fillers[index if index < len(fillers) else 0]
    return filler.get("value", 0.0) if filler.get("type", "constant") == "constant" else None


def _image(entry: Mapping[str, Any], param: Mapping[str, Any]) -> list[int | None]:
    transform = entry.get("transform_param", {})
    crop, resized = transform.get("crop_size"), transform.get("resize_param", [{}])[0]
    sizes = ((param.get(f"new_{name}") or resized.get(name)) for name in ("height", "width"))
    return [crop or size for size in sizes]


def _channels(entry: Mapping[str, Any]) -> int | None:
    transform = entry.get("transform_param", {})
    if entry["type"] == "ImageData":
        return 3 if entry.get("image_data_param", {}).get("is_color", True) else 1
    if transform.get("force_color") or transform.get("force_gray"):
        return 3 if transform.get("force_color") else 1
    means = len(transform.get("mean_value", []))
    return means if means > 1 else None


def about(entry: Mapping[str, Any], shape: tuple[int, ...]) -> str:
    """The preprocessing of a data layer's images, in its order; "" for none."""
    transform = entry.get("transform_param", {})
    if entry["type"] not in IMAGES and not transform or len(shape) != 4:
        return ""
    parts = [{1: "grey, 0 to 255", 3: "BGR, 0 to 255"}.get(shape[1], "0 to 255")]
    means = [number(mean) for mean in transform.get("mean_value", [])]
    if means:
        parts.append(f"minus {means[0]}" if len(means) == 1 else f"minus ({', '.join(means)})")
    if "mean_file" in transform:
        file = re.sub(r"[^\w.-]", "_", PurePosixPath(transform["mean_file"]).name, flags=re.ASCII)
        parts.append(f"minus the mean image in {file[:60]}")
    if transform.get("scale", 1) != 1:
        parts.append(f"times {number(transform['scale'])}")
    return ", ".join(parts)
