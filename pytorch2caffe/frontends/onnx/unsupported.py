"""Why an operator cannot be read."""

from __future__ import annotations

FIX = "register it with @from_onnx (docs/onnx.md), or choose an output before it"
LOOPS = {"Loop", "Scan"}
RANDOM = {"RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Multinomial", "Bernoulli"}
QUANTIZED = {"QuantizeLinear", "DequantizeLinear", "QLinearConv", "QLinearMatMul", "ConvInteger", "MatMulInteger"}
QUANTIZED |= {"DynamicQuantizeLinear"}


def why_unsupported(op: str, full: str) -> tuple[str, str]:
    """What to say about an operator that has no function, and what to do. full: its name with its domain."""
    if op in LOOPS:
        return f"a {op}, whose length depends on data", "unroll it before the export, or choose an output before it"
    if op in RANDOM:
        return f"{op} is random: its results differ between runs", "export in eval mode, without the noise"
    if op in QUANTIZED or "QLinear" in op:
        what = f"{op} computes with integers of a quantized model"
        return what, "convert the float model that it was made of; docs/int8.md shows how to calibrate it"
    return f"operator {full!r} is not supported", FIX
