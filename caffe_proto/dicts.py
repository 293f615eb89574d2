"""Messages as plain dicts, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from .errors import CaffeFormatError
from .schema import is_repeated, message_class


def to_dict(message: Any) -> dict[str, Any]:
    """The fields of a message that are set, by their names in caffe.proto.

    Enums become their names, lists lists, messages dicts; a float is the exact value of the float32.

    >>> from caffe_proto import read_prototxt
    >>> to_dict(read_prototxt('layer { type: "Pooling" pooling_param { pool: AVE } }').net)
    {'layer': [{'type': 'Pooling', 'pooling_param': {'pool': 'AVE'}}]}
    """
    return {
        field.name: [_plain(field, one) for one in value] if is_repeated(field) else _plain(field, value)
        for field, value in message.ListFields()
    }


def _plain(field: Any, value: Any) -> Any:
    if field.message_type is not None:
        return to_dict(value)
    if field.enum_type is not None:
        known = field.enum_type.values_by_number.get(value)
        return known.name if known else value
    return value


def from_dict(values: Mapping[str, Any], message: str = "NetParameter") -> Any:
    """The protobuf message of a dict as to_dict returns it.

    values:  by field name; an enum by name or number, a list where the field has one, dicts within dicts.
    message: the name of the message in caffe.proto.

    Raises CaffeFormatError that names the field, "layer[3].pooling_param.pol: no such field".
    """
    result = message_class(message)()
    _fill(result, values, "")
    return result


def _fill(message: Any, values: Mapping[str, Any], where: str) -> None:
    for name, value in values.items():
        field_path = f"{where}.{name}" if where else str(name)
        field = message.DESCRIPTOR.fields_by_name.get(name)
        if field is None:
            raise CaffeFormatError(f"{field_path}: no such field in Caffe's {message.DESCRIPTOR.name}")
        try:
            if is_repeated(field):
                _fill_list(getattr(message, name), field, value, field_path)
            elif field.message_type is not None:
                getattr(message, name).SetInParent()
                _fill_message(getattr(message, name), value, field_path)
            else:
                setattr(message, name, _scalar(field, value))
        except CaffeFormatError:
            raise
        except (TypeError, ValueError, OverflowError) as error:
            raise CaffeFormatError(f"{field_path}: cannot be {value!r:.60}: {error}") from None


def _fill_list(target: Any, field: Any, values: Any, field_path: str) -> None:
    if isinstance(values, (str, bytes, Mapping)):
        raise CaffeFormatError(f"{field_path}: a list is needed, not {values!r:.60}")
    for index, value in enumerate(values):
        if field.message_type is not None:
            _fill_message(target.add(), value, f"{field_path}[{index}]")
        else:
            target.append(_scalar(field, value))


def _fill_message(target: Any, value: Any, field_path: str) -> None:
    if isinstance(value, Message):
        target.CopyFrom(value)
    elif isinstance(value, Mapping):
        _fill(target, value, field_path)
    else:
        raise CaffeFormatError(f"{field_path}: a dict is needed, not {value!r:.60}")


def _scalar(field: Any, value: Any) -> Any:
    if field.enum_type is not None and isinstance(value, str):
        known = field.enum_type.values_by_name.get(value)
        if known is None:
            raise ValueError(f"it is one of {', '.join(field.enum_type.values_by_name)}")
        return known.number
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        return bool(value)
    if hasattr(value, "item"):  # a number of numpy
        value = value.item()
    return value
