"""HiSilicon NNIE: the configuration of nnie_mapper, which converts Caffe files to .wk.

Source: HiSilicon, "HiSVP Development Guide", chapter nnie_mapper, table 3-6, "configuration options".
"""

from __future__ import annotations

from ..errors import Refused
from ..quantize.preprocess import Preprocess
from .handover import Handover, number, numbers, one_norm

NEEDS_IMAGES = True
SMALLEST_SCALE = 1 / 4096  # data_scale must be above it
RECURRENT = 2


def files(handover: Handover) -> dict[str, str]:
    """mapper.cfg, the list of images and the file of means for each input."""
    texts, lines = {}, []
    for index, (name, preprocess) in enumerate(handover.all_are_images("nnie").items()):
        suffix = f"-{index + 1}" if len(handover.inputs) > 1 else ""
        texts[f"images{suffix}.txt"] = "".join(f"{path}\n" for path in handover.images[name])
        norm_type, scale = _norm(preprocess, name)
        mean_file = "null"
        if norm_type in (2, 5):
            mean_file = f"mean{suffix}.txt"
            texts[mean_file] = numbers(preprocess.channel_means, "\n") + "\n"
        lines += [f"[image_list] images{suffix}.txt", "[image_type] 1", f"[norm_type] {norm_type}"]
        lines += [f"[data_scale] {number(scale)}"] if norm_type in (3, 5) else []
        lines += [f"[mean_file] {mean_file}"]
    orders = {preprocess.order for preprocess in handover.preprocess.values()} - {"GRAY"}
    if len(orders) > 1:
        raise Refused("inputs in BGR and in RGB; nnie_mapper has one order for all", "use --fold-preprocessing")
    head = [
        f"[prototxt_file] {handover.prototxt}",
        f"[caffemodel_file] {handover.caffemodel}",
        f"[instruction_name] {handover.name}",
        "[net_type] 0",
        "[batch_num] 0",
        "[sparse_rate] 0",
        "[compile_mode] 0",
        "[is_simulation] 0",
        "[log_level] 0",
        "[internal_stride] 16",
        *(f"[RGB_order] {order}" for order in orders),
    ]
    texts["mapper.cfg"] = "\n".join([*head, *lines]) + "\n"
    return texts


def _norm(preprocess: Preprocess, name: str) -> tuple[int, float]:
    """norm_type and data_scale. The mapper computes (pixel - mean) * data_scale."""
    scale, mean = one_norm(preprocess, name, "nnie"), any(preprocess.mean)
    if scale <= SMALLEST_SCALE:
        raise Refused(
            f"input {name!r} is multiplied by {number(scale)}; data_scale of nnie_mapper must be above 1/4096",
            "export with --fold-preprocessing, which puts it into the network",
        )
    if scale == 1:
        return (2 if mean else 0), scale
    return (5 if mean else 3), scale
