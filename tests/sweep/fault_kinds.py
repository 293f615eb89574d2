"""Deliberate faults in written Caffe files: each kind changes one layer of a network as a converter could get it wrong.

A kind is a function of the layer it is given, as a dict of caffe.proto, and of a random generator; it changes the
layer and its blobs, and returns what it did, or None where it does not apply.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Layer = dict[str, Any]


@dataclass
class Files:
    """The two files of a network, as data. blobs: by layer, in the file's order."""

    net: dict[str, Any]
    blobs: list[list[np.ndarray]]


@dataclass
class Spot:
    """One layer of a network, with what a kind of fault needs to change it."""

    layer: Layer
    blobs: list[np.ndarray]
    random: np.random.Generator
    net: dict[str, Any]

    def setting(self, param: str) -> dict[str, Any]:
        return self.layer.setdefault(param, {})


Kind = Callable[[Spot], str | None]
KINDS: dict[str, tuple[tuple[str, ...], Kind]] = {}  # name -> the types of layers it applies to, the kind
WEIGHTED = ("Convolution", "Deconvolution", "InnerProduct")


def kind(name: str, *types: str) -> Callable[[Kind], Kind]:
    """Registers a kind of fault for layers of these types."""

    def register(function: Kind) -> Kind:
        KINDS[name] = types, function
        return function

    return register


# -- weights


@kind("one weight times 1.001", *WEIGHTED)
def one_weight(spot: Spot) -> str:
    index = int(np.abs(spot.blobs[0]).argmax())
    spot.blobs[0].reshape(-1)[index] *= np.float32(1.001)
    return f"weight {index}"


@kind("one weight plus 1e-3", *WEIGHTED)
def shifted_weight(spot: Spot) -> str:
    index = int(spot.random.integers(spot.blobs[0].size))
    spot.blobs[0].reshape(-1)[index] += np.float32(1e-3)
    return f"weight {index}"


@kind("the weights of one filter times 1.001", *WEIGHTED)
def one_filter(spot: Spot) -> str:
    index = int(spot.random.integers(len(spot.blobs[0])))
    spot.blobs[0][index] *= np.float32(1.001)
    return f"filter {index}"


@kind("all weights times 1.001", *WEIGHTED)
def all_weights(spot: Spot) -> str:
    spot.blobs[0] *= np.float32(1.001)
    return "all"


@kind("weights rounded to float16", *WEIGHTED)
def half_weights(spot: Spot) -> str:
    spot.blobs[0][:] = spot.blobs[0].astype(np.float16)
    return "all"


@kind("the sign of one weight", *WEIGHTED)
def negated_weight(spot: Spot) -> str:
    index = int(np.abs(spot.blobs[0]).argmax())
    spot.blobs[0].reshape(-1)[index] *= -1
    return f"weight {index}"


@kind("two filters swapped", *WEIGHTED)
def swapped_filters(spot: Spot) -> str | None:
    return _swap(spot.blobs[0], 0)


@kind("two input channels swapped", *WEIGHTED)
def swapped_channels(spot: Spot) -> str | None:
    return _swap(spot.blobs[0], 1)


@kind("a transposed kernel", "Convolution", "Deconvolution")
def transposed_kernel(spot: Spot) -> str | None:
    weight = spot.blobs[0]
    if weight.ndim != 4 or weight.shape[2] != weight.shape[3] or weight.shape[2] == 1:
        return None
    weight[:] = weight.transpose(0, 1, 3, 2).copy()
    return "height and width"


@kind("a flipped kernel", "Convolution", "Deconvolution")
def flipped_kernel(spot: Spot) -> str | None:
    weight = spot.blobs[0]
    if weight.ndim != 4 or weight.shape[2] == 1:
        return None
    weight[:] = weight[:, :, ::-1, ::-1].copy()
    return "as a correlation"


@kind("a transposed weight matrix", "InnerProduct", "Convolution")
def transposed_matrix(spot: Spot) -> str | None:
    weight = spot.blobs[0]
    if weight.ndim < 2 or weight.shape[0] != weight.shape[1] or weight.shape[0] == 1:
        return None
    weight[:] = weight.swapaxes(0, 1).copy()
    return "square"


@kind("a missing bias", *WEIGHTED)
def missing_bias(spot: Spot) -> str | None:
    if len(spot.blobs) < 2:
        return None
    del spot.blobs[1]
    spot.setting(_param(spot.layer))["bias_term"] = False
    return "bias_term: false"


@kind("one bias plus 1e-3", *WEIGHTED)
def shifted_bias(spot: Spot) -> str | None:
    if len(spot.blobs) < 2:
        return None
    index = int(spot.random.integers(spot.blobs[1].size))
    spot.blobs[1][index] += np.float32(1e-3)
    return f"bias {index}"


@kind("eps of another value", "BatchNorm")
def other_eps(spot: Spot) -> str:
    settings = spot.setting("batch_norm_param")
    before = settings.get("eps", 1e-5)
    settings["eps"] = 1e-3 if before < 5e-4 else 1e-5
    return f"{before:g} -> {settings['eps']:g}"


@kind("eps twice as large", "BatchNorm", "MVN")
def double_eps(spot: Spot) -> str:
    settings = spot.setting(_param(spot.layer))
    before = settings.get("eps", 1e-5 if spot.layer["type"] == "BatchNorm" else 1e-9)
    settings["eps"] = 2 * before
    return f"{before:g} -> {2 * before:g}"


@kind("the mean of one channel is 0", "BatchNorm")
def no_mean(spot: Spot) -> str:
    index = int(spot.random.integers(spot.blobs[0].size))
    spot.blobs[0].reshape(-1)[index] = 0
    return f"channel {index}"


@kind("the variance of one channel times 1.01", "BatchNorm")
def other_variance(spot: Spot) -> str:
    index = int(spot.random.integers(spot.blobs[1].size))
    spot.blobs[1].reshape(-1)[index] *= np.float32(1.01)
    return f"channel {index}"


@kind("the factor of BatchNorm is 0.999", "BatchNorm")
def other_factor(spot: Spot) -> str:
    spot.blobs[2][:] = 0.999
    return "blob 2"


@kind("two channels of Scale swapped", "Scale")
def swapped_scales(spot: Spot) -> str | None:
    return _swap(spot.blobs[0].reshape(-1), 0) if spot.blobs else None


@kind("the bias of Scale is missing", "Scale")
def missing_scale_bias(spot: Spot) -> str | None:
    if len(spot.blobs) < 2:
        return None
    del spot.blobs[1]
    spot.setting("scale_param")["bias_term"] = False
    return "bias_term: false"


@kind("one slope of PReLU times 1.01", "PReLU")
def other_slopes(spot: Spot) -> str:
    spot.blobs[0].reshape(-1)[0] *= np.float32(1.01)
    return "channel 0"


# -- settings


@kind("a padding moved by one", "Convolution", "Pooling")
def moved_padding(spot: Spot) -> str | None:
    settings = spot.setting(_param(spot.layer))
    pad = settings.get("pad", 0)
    pad = (pad[0] if pad else 0) if isinstance(pad, list) else pad
    if not pad or "pad_h" in settings:
        return None
    del settings["pad"]
    settings.update(pad_h=pad - 1, pad_w=pad)
    return f"pad_h: {pad - 1}"


@kind("dilation 2 with the same size", "Convolution")
def dilated(spot: Spot) -> str | None:
    settings = spot.setting("convolution_param")
    if spot.blobs[0].ndim != 4 or spot.blobs[0].shape[2:] != (3, 3) or settings.get("pad") != [1]:
        return None
    if settings.get("dilation", [1]) != [1]:
        return None
    settings.update(pad=[2], dilation=[2])
    return "dilation: 2, pad: 2"


@kind("another pooling mode", "Pooling")
def pooling_mode(spot: Spot) -> str:
    settings = spot.setting("pooling_param")
    settings["pool"] = "AVE" if settings.get("pool", "MAX") == "MAX" else "MAX"
    return settings["pool"]


@kind("a pooling window smaller by one", "Pooling")
def smaller_window(spot: Spot) -> str | None:
    settings = spot.setting("pooling_param")
    size = settings.get("kernel_size", 0)
    if size < 2 or settings.get("pad", 0):
        return None
    settings["kernel_size"] = size - 1
    return f"kernel_size: {size - 1}"


@kind("another negative slope", "ReLU")
def negative_slope(spot: Spot) -> str:
    settings = spot.setting("relu_param")
    before = settings.get("negative_slope", 0.0)
    settings["negative_slope"] = before + 0.01
    return f"{before:g} -> {before + 0.01:g}"


@kind("another activation", "Sigmoid", "TanH", "ELU", "ReLU")
def other_activation(spot: Spot) -> str:
    before = spot.layer["type"]
    spot.layer.pop("relu_param", None)
    spot.layer["type"] = {"Sigmoid": "TanH", "TanH": "Sigmoid", "ELU": "ReLU", "ReLU": "AbsVal"}[before]
    return f"{before} -> {spot.layer['type']}"


@kind("Power's scale times 1.001", "Power")
def power_scale(spot: Spot) -> str | None:
    settings = spot.setting("power_param")
    if settings.get("scale", 1.0) == 0:
        return None
    settings["scale"] = settings.get("scale", 1.0) * 1.001
    return f"scale: {settings['scale']:g}"


@kind("Power's shift plus 1e-3", "Power")
def power_shift(spot: Spot) -> str:
    settings = spot.setting("power_param")
    settings["shift"] = settings.get("shift", 0.0) + 1e-3
    return f"shift: {settings['shift']:g}"


@kind("another operation of Eltwise", "Eltwise")
def eltwise_operation(spot: Spot) -> str:
    settings = spot.setting("eltwise_param")
    settings.pop("coeff", None)
    settings["operation"] = "MAX" if settings.get("operation", "SUM") == "SUM" else "SUM"
    return settings["operation"]


@kind("a coefficient of Eltwise times 1.001", "Eltwise")
def eltwise_coefficient(spot: Spot) -> str | None:
    settings = spot.setting("eltwise_param")
    if settings.get("operation", "SUM") != "SUM":
        return None
    settings["coeff"] = [*settings.get("coeff", [1.0] * len(spot.layer["bottom"]))]
    settings["coeff"][-1] *= 1.001
    return f"coeff: {settings['coeff']}"


@kind("bottoms swapped", "Concat", "MatMul")
def swapped_bottoms(spot: Spot) -> str | None:
    if len(spot.layer["bottom"]) < 2:
        return None
    spot.layer["bottom"].reverse()
    return "reversed"


@kind("tops swapped", "Slice")
def swapped_tops(spot: Spot) -> str | None:
    if len(spot.layer["top"]) < 2:
        return None
    spot.layer["top"].reverse()
    return "reversed"


@kind("a slice off by one", "Slice", "Crop")
def shifted_slice(spot: Spot) -> str | None:
    settings = spot.setting(_param(spot.layer))
    field = "slice_point" if spot.layer["type"] == "Slice" else "offset"
    if not settings.get(field):
        return None
    settings[field][0] += 1
    return f"{field}: {settings[field]}"


@kind("another axis", "Softmax", "Concat", "InnerProduct", "ArgMax")
def other_axis(spot: Spot) -> str:
    settings = spot.setting(_param(spot.layer))
    before = settings.get("axis", 1)
    settings["axis"] = before + 1 if before < 2 else before - 1
    return f"axis: {before} -> {settings['axis']}"


@kind("two axes of Permute swapped", "Permute")
def permute_order(spot: Spot) -> str:
    order = spot.setting("permute_param")["order"]
    order[-1], order[-2] = order[-2], order[-1]
    return f"order: {order}"


@kind("two axes of Reshape swapped", "Reshape")
def reshape_order(spot: Spot) -> str | None:
    dims = spot.setting("reshape_param").get("shape", {}).get("dim", [])
    if len(dims) < 3 or dims[-1] == dims[-2] or 0 in dims[-2:] or -1 in dims[-2:]:
        return None
    dims[-1], dims[-2] = dims[-2], dims[-1]
    return f"dim: {dims}"


@kind("an earlier blob is read", "ReLU", "Scale", "Pooling", "Concat", "Eltwise", *WEIGHTED)
def earlier_blob(spot: Spot) -> str | None:
    """The layer before is skipped, where one bottom is its top and it has one bottom."""
    writers = {top: layer for layer in spot.net["layer"] for top in layer.get("top", [])}
    before = writers.get(spot.layer["bottom"][0], {})
    if len(before.get("bottom", [])) != 1 or before["bottom"] == spot.layer["bottom"]:
        return None
    spot.layer["bottom"][0] = before["bottom"][0]
    return f"{before['name']} is skipped"


# -- what changes nothing


@kind("no effect: the ratio of Dropout", "Dropout")
def dropout_ratio(spot: Spot) -> str:
    spot.setting("dropout_param")["dropout_ratio"] = 0.9
    return "0.9"


@kind("no effect: a learning rate", *WEIGHTED)
def learning_rate(spot: Spot) -> str:
    spot.layer["param"] = [{"lr_mult": 0.0}]
    return "lr_mult: 0"


def _param(layer: Layer) -> str:
    special = {"InnerProduct": "inner_product_param", "BatchNorm": "batch_norm_param", "ArgMax": "argmax_param"}
    special |= {"MVN": "mvn_param", "Deconvolution": "convolution_param"}
    return special.get(layer["type"], f"{layer['type'].lower()}_param")


def _swap(array: np.ndarray, axis: int) -> str | None:
    if array.ndim <= axis or array.shape[axis] < 2:
        return None
    moved = array.swapaxes(0, axis)
    moved[[0, 1]] = moved[[1, 0]]
    return "0 and 1"
