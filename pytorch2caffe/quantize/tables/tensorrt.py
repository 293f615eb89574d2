"""TensorRT's calibration cache: a line with its version, then `tensor: scale`, a float32 as 8 hexadecimal digits.

The scale is threshold / 127. TensorRT compares the version with its own, and computes the scales of weights itself.
Source: microsoft/onnxruntime, core/providers/tensorrt/tensorrt_execution_provider_utils.h, ReadDynamicRange;
NVIDIA, nvinfer1::IInt8Calibrator::readCalibrationCache; NVIDIA-AI-IOT/torch2trt and NVIDIA/TAO export code write it so.
"""

from __future__ import annotations

import struct

from ..result import JobResult
from ..thresholds import LEVELS
from .blobs import blob_thresholds


def text(result: JobResult, version: str) -> str:
    """The cache. version: of TensorRT, such as 8.6.1."""
    lines = [f"TRT-{version_number(version)}-EntropyCalibration2"]
    for blob, threshold in blob_thresholds(result, "tensorrt").items():
        lines.append(f"{blob}: {struct.pack('>f', threshold / LEVELS).hex()}")
    return "\n".join(lines) + "\n"


def version_number(version: str) -> int:
    """TensorRT's version as one number.

    >>> version_number("8.6.1"), version_number("10.14.1")
    (8601, 101401)
    """
    major, minor, patch = (int(part) for part in (*version.split("."), "0", "0")[:3])
    return major * (1000 if major < 10 else 10000) + minor * 100 + patch
