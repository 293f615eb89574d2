"""MXNet's symbol.json and .params, without MXNet."""

from .load import load_mxnet

__all__ = ["load_mxnet"]
