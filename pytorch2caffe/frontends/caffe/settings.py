"""The settings of a layer, and what becomes of each: read by its layer, harmless, or refused."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from caffe_proto import UnknownField, message_class

from ...errors import Refused

TRAINED = "initial values before training; the caffemodel has the trained ones"
TRAINING = "for training only"
HOW = "how it is computed, not what"
INT8 = "a hint for int8; the numbers in float are the same"
BLOBS = "whether a layer has a scale and a bias of its own, as its number of blobs says"
SHOWN = "what is shown or written beside the network's outputs"

# Fields that change nothing at inference, whatever layer has them: why.
HARMLESS = {
    **dict.fromkeys(
        ("bias_filler", "filler", "scale_filler", "shift_filler", "slope_filler", "weight_filler"), TRAINED
    ),
    **dict.fromkeys(("blobs_lr", "decay_mult", "lr_mult", "weight_decay"), TRAINING),
    **dict.fromkeys(("frozen", "momentum", "moving_average_fraction", "stable_prod_grad"), TRAINING),
    **dict.fromkeys(("backward_math", "backward_type", "forward_math", "forward_type"), HOW),
    **dict.fromkeys(("conv_algos_override", "cudnn_math_override", "engine", "force_nd_im2col", "winograd"), HOW),
    **dict.fromkeys(("quantization_param", "quantize_param"), INT8),
    "use_weight_bias": BLOBS,
    **dict.fromkeys(("debug_info", "save_file", "save_output_param", "visualize", "visualize_threshold"), SHOWN),
}
HARMLESS_MESSAGES = {"FillerParameter": TRAINED, "ParamSpec": TRAINING}


class Settings(dict[str, Any]):
    """A message as a dict that records which of its fields were read; messages in it are Settings too."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        super().__init__({key: Settings(v) if isinstance(v, Mapping) else v for key, v in values.items()})
        self.looked_at: set[object] = set()

    def __getitem__(self, key: str) -> Any:
        self.looked_at.add(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self.looked_at.add(key)
        return super().__contains__(key)

    def get(self, key: str, default: Any = None) -> Any:
        """As dict.get."""
        self.looked_at.add(key)
        return super().get(key, default)

    def unread(self) -> Iterator[str]:
        """The fields that nothing has read, `nms_param.eta` within another."""
        for key, value in self.items():
            if key not in self.looked_at:
                yield key
            elif isinstance(value, Settings):
                yield from (f"{key}.{name}" for name in value.unread())


def not_honoured(
    settings: Settings, param: str, unknown: Sequence[UnknownField], ignored: Collection[str]
) -> Refused | None:
    """What a layer has of settings that are neither read nor harmless; None if it has none.

    settings: those of caffe.proto, after the layer was made of them. param: the field of LayerParameter that they are.
    unknown:  the layer's fields that caffe.proto does not have. ignored: names that the user ignores.
    """
    what = {}
    for name in settings.unread():
        own = name.rpartition(".")[2]
        if own not in HARMLESS and not {own, name} & {*ignored} and not _is_default(param, name, settings):
            what[own] = f"{param} has {name}, which is not supported"
    for field in unknown:
        if field.name in {*HARMLESS, *ignored} or field.message in HARMLESS_MESSAGES:
            continue
        if field.choices:
            choices = ", ".join(field.choices)
            what[field.name] = f"line {field.line}: {field.name} cannot be {field.value}; it is one of {choices}"
        else:
            what[field.name] = f"{field}, which no known caffe.proto has and which may change what it computes"
    if not what:
        return None
    options = " ".join(f"--ignore-field {name}" for name in what)
    return Refused("; ".join(what.values()), f"if it changes nothing at inference: {options}")


def _is_default(param: str, name: str, settings: Mapping[str, Any]) -> bool:
    """Whether a field has the value that it has where a file does not name it."""
    message, value = message_class("LayerParameter").DESCRIPTOR, settings[name.partition(".")[0]]
    first, *rest = [param, *name.split(".")]
    field = message.fields_by_name.get(first)
    for part in rest:
        field = field.message_type.fields_by_name.get(part) if field is not None and field.message_type else None
        value = value if part == rest[0] else value[part]
    if field is None or field.message_type is not None:
        return False
    default = field.enum_type.values_by_number[field.default_value].name if field.enum_type else field.default_value
    return bool(value == default)
