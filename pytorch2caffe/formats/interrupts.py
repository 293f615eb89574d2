"""Signals do not interrupt what puts things in order: for packages that know nothing of Caffe's files."""

from caffe_proto import OrderlyInterrupts

__all__ = ["OrderlyInterrupts"]
