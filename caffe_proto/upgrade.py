"""Networks of earlier generations, upgraded to the current format as Caffe does it.

V0 (2013) becomes V1 (2014), V1 becomes `layer`, `input` becomes Input layers.
Source: BVLC Caffe, upgrade_proto.cpp.
"""

from __future__ import annotations

from typing import Any

from .errors import CaffeFormatError
from .old_types import V0_TYPES, V1_TYPES
from .schema import is_repeated, message_class

_V0_PARAMS = {
    "concat": "concat_param",
    "conv": "convolution_param",
    "data": "data_param",
    "dropout": "dropout_param",
    "hdf5_data": "hdf5_data_param",
    "images": "image_data_param",
    "infogain_loss": "infogain_loss_param",
    "innerproduct": "inner_product_param",
    "lrn": "lrn_param",
    "pool": "pooling_param",
    "window_data": "window_data_param",
}
_V0_RENAMED = {
    "biasterm": "bias_term",
    "kernelsize": "kernel_size",
    "batchsize": "batch_size",
    "shuffle_images": "shuffle",
}
_V0_TRANSFORM = {"scale": "scale", "meanfile": "mean_file", "cropsize": "crop_size", "mirror": "mirror"}
_V0_COMMON = {"name", "blobs", "blobs_lr", "weight_decay"}

_V1_PARAM = {
    "param": "name",
    "blob_share_mode": "share_mode",
    "blobs_lr": "lr_mult",
    "weight_decay": "decay_mult",
}

_DATA_PARAMS = {"DATA": "data_param", "IMAGE_DATA": "image_data_param", "WINDOW_DATA": "window_data_param"}
_TRANSFORM = ("scale", "mean_file", "crop_size", "mirror")


def upgrade(net: Any) -> list[str]:
    """Upgrades a NetParameter to the current format, in place.

    Returns the settings that Caffe ignores, "layer 'x': num_output of a V0 layer of type relu".
    Raises CaffeFormatError where Caffe stops, or would ignore a part of the network.
    """
    left_out: list[str] = []
    if any(layer.HasField("layer") for layer in net.layers):
        left_out = _upgrade_v0(net)
    if net.layers:
        if net.layer:
            raise CaffeFormatError("both `layer` and `layers`: Caffe would ignore the former; use one only")
        for old in net.layers:
            _move_transform(old)
            _upgrade_v1_layer(old, net.layer.add())
        net.ClearField("layers")
    _upgrade_inputs(net)
    return left_out


def _upgrade_v0(net: Any) -> list[str]:
    left_out: list[str] = []
    old_layers = _without_padding(list(net.layers))
    upgraded = [_upgrade_v0_layer(layer, left_out) for layer in old_layers]
    net.ClearField("layers")
    net.layers.extend(upgraded)
    return left_out


def _without_padding(layers: list[Any]) -> list[Any]:
    """Folds padding layers into their consumers: a V0 convolution has no padding of its own."""
    source: dict[str, Any] = {}
    kept = []
    for layer in layers:
        for index, bottom in enumerate(layer.bottom):
            padding = source.get(bottom)
            if padding is None or padding.layer.type != "padding":
                continue
            one = len(layer.bottom) == len(padding.bottom) == len(padding.top) == 1
            if layer.layer.type not in ("conv", "pool") or not one:
                what = "only a convolution or pooling with one bottom can follow a padding"
                raise CaffeFormatError(f"layer {layer.layer.name!r}: {what}")
            layer.layer.pad = padding.layer.pad
            layer.bottom[index] = padding.bottom[0]
        source.update(dict.fromkeys(layer.top, layer))
        if layer.layer.type != "padding":
            kept.append(layer)
    return kept


def _upgrade_v0_layer(old: Any, left_out: list[str]) -> Any:
    new = message_class("V1LayerParameter")(bottom=old.bottom, top=old.top)
    v0 = old.layer
    if v0.HasField("type"):
        if v0.type not in V0_TYPES:
            raise CaffeFormatError(f"layer {v0.name!r}: {v0.type!r} is not a type of a V0 layer")
        new.type = type(new).LayerType.Value(V0_TYPES[v0.type])
    for field, value in v0.ListFields():
        target = _v0_target(new, v0.type, field.name)
        if target is not None:
            _set(*target, field, value)
        elif field.name != "type":
            left_out.append(f"layer {v0.name!r}: {field.name} of a V0 layer of type {v0.type}")
    return new


def _v0_target(new: Any, kind: str, name: str) -> tuple[Any, str] | None:
    """The message and field of a V1 layer for a V0 setting; None if it has none."""
    if name in _V0_COMMON:
        return new, name
    if name in _V0_TRANSFORM:
        return new.transform_param, _V0_TRANSFORM[name]
    if name == "hdf5_output_param" and kind == "hdf5_output":
        return new, name
    renamed = _V0_RENAMED.get(name, name.removeprefix("det_"))
    if kind not in _V0_PARAMS or renamed not in getattr(new, _V0_PARAMS[kind]).DESCRIPTOR.fields_by_name:
        return None
    return getattr(new, _V0_PARAMS[kind]), renamed


def _move_transform(layer: Any) -> None:
    """How data layers scale, crop and mirror moved from their own parameters to transform_param."""
    name = _DATA_PARAMS.get(type(layer).LayerType.Name(layer.type))
    if name is None:
        return
    param = getattr(layer, name)
    for field in _TRANSFORM:
        if param.HasField(field):
            setattr(layer.transform_param, field, getattr(param, field))
            param.ClearField(field)


def _upgrade_v1_layer(old: Any, new: Any) -> None:
    for field, value in old.ListFields():
        if field.name == "type":
            new.type = V1_TYPES[type(old).LayerType.Name(value)]
        elif field.name in _V1_PARAM:
            for index, one in enumerate(value):
                if index == len(new.param):
                    new.param.add()
                setattr(new.param[index], _V1_PARAM[field.name], one)
        elif field.name != "layer":
            _set(new, field.name, field, value)


def _upgrade_inputs(net: Any) -> None:
    """`input` and its dimensions become one Input layer each, at the front."""
    shapes = [list(shape.dim) for shape in net.input_shape]
    if not shapes:
        if len(net.input_dim) % 4:
            raise CaffeFormatError(f"{len(net.input_dim)} input_dim; each input has four")
        shapes = [list(net.input_dim[i : i + 4]) for i in range(0, len(net.input_dim), 4)]
    if shapes and len(shapes) != len(net.input):
        raise CaffeFormatError(f"{len(net.input)} inputs, and {len(shapes)} shapes for them")
    layers = []
    for index, name in enumerate(net.input):
        layer = message_class("LayerParameter")(name=name, type="Input", top=[name])
        if shapes:
            layer.input_param.shape.add(dim=shapes[index])
        layers.append(layer)
    if layers:
        layers += net.layer
        net.ClearField("layer")
        net.layer.extend(layers)
    for field in ("input", "input_shape", "input_dim"):
        net.ClearField(field)


def _set(message: Any, name: str, source: Any, value: Any) -> None:
    """Sets, appends or copies `value`, that of the field `source`, whichever the field `name` takes."""
    field = message.DESCRIPTOR.fields_by_name[name]
    if is_repeated(field):
        getattr(message, name).extend(value if is_repeated(source) else [value])
    elif field.message_type is not None:
        getattr(message, name).CopyFrom(value)
    else:
        setattr(message, name, value)
