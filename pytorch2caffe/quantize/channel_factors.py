"""The factors of channels with which int8 adds least noise, estimated from ranges and weights.

For a layer that reads channels c with the factors s_c, in units of the squared step of int8:

    noise of the activation  T^2 sum_c q_c / s_c^2,       T = max_c s_c a_c, the threshold
    noise of the weights     sum_r u_r R_r^2 sum_c s_c^2 x_c,  R_r = max_c w_rc / s_c, the largest weight of a row

a_c: the range of a channel; x_c: its mean square; w_rc: the largest weight of row r (one weight scale) for it; q_c and
u_r: how strongly these reach the outputs, each output's noise divided by its own mean square. For a depthwise layer the
second line does not depend on s. The sum over all layers is minimised by gradient descent, from s = 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from ..layers.convolution.convolution import Convolution
from ..layers.linear.inner_product import InnerProduct
from .channel_groups import FIXED, ChannelGroups, Weighted

MARGIN = 0.9  # of the bound of a clip, for images that are not among the calibration images
MOST = 2.0**10  # the largest factor
STEPS, RATE = 250, 0.08
SHARPNESS = 30.0  # of the smooth maximum that stands for the threshold
SMALLEST = 1e-6  # outputs with less than this share of the mean square of the layer's largest count as this


@dataclass(frozen=True)
class Ranges:
    """What the channels of a value hold on the images, float64 [channels]; [features] for an InnerProduct.

    typical: the mean over images of the largest magnitude. largest: the largest magnitude over all images.
    square:  the mean square.
    """

    typical: np.ndarray
    largest: np.ndarray
    square: np.ndarray


@dataclass(frozen=True)
class _Reader:
    """A layer in the sum, as tensors.

    groups, ranges, strength: the group, log a and q of each channel that it reads.
    rows, weights, squares:   the groups, w and x of each row; rows and squares may be one for all.
    row_strength:             u of each row.
    """

    groups: torch.Tensor
    ranges: torch.Tensor
    strength: torch.Tensor
    rows: torch.Tensor
    weights: torch.Tensor
    row_strength: torch.Tensor
    squares: torch.Tensor

    def noise(self, logs: torch.Tensor) -> torch.Tensor:
        """The noise for the logarithms of the factors of all groups."""
        own = logs[self.groups]
        threshold = torch.logsumexp((own + self.ranges) * SHARPNESS, 0) / SHARPNESS
        factors = logs[self.rows].exp()
        largest = (self.weights / factors).amax(1)
        of_weights = (self.row_strength * largest**2 * (factors**2 * self.squares).sum(1)).sum()
        return (self.strength * (2 * (threshold - own)).exp()).sum() + of_weights


def best_factors(groups: ChannelGroups, ranges: Mapping[str, Ranges]) -> np.ndarray:
    """The factor of each group, float64 [groups].

    ranges: of what each layer that runs in int8 reads, and of what clips write, by the names of the values.
    """
    fixed, limits = _bounds(groups, ranges)
    readers = [
        _reader(each, ranges[each.node.inputs[0].name])
        for each in groups.weighted
        if isinstance(each.node.layer, (Convolution, InnerProduct)) and ranges[each.node.inputs[0].name].square.any()
    ]
    logs = torch.zeros(groups.count, dtype=torch.float64, requires_grad=True)
    free, high = torch.from_numpy(~fixed), torch.from_numpy(np.log(np.minimum(limits, MOST)))
    optimizer = torch.optim.Adam([logs], RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    best, least = logs.detach().clone(), np.inf
    for _ in range(STEPS if readers else 0):
        optimizer.zero_grad()
        noise = _total(readers, logs)
        if float(noise.detach()) < least:
            best, least = logs.detach().clone(), float(noise.detach())
        noise.backward()
        optimizer.step()
        schedule.step()
        with torch.no_grad():
            logs.copy_(torch.where(free, torch.minimum(logs, high).clamp_min(-np.log(MOST)), 0.0))
    return best.exp().numpy()


def _total(readers: Sequence[_Reader], logs: torch.Tensor) -> torch.Tensor:
    return torch.stack([reader.noise(logs) for reader in readers]).sum()


def _bounds(groups: ChannelGroups, ranges: Mapping[str, Ranges]) -> tuple[np.ndarray, np.ndarray]:
    """Which groups have the factor 1, and the largest factor of each: below the bound of a clip."""
    limits = np.full(groups.count, np.inf)
    fixed = np.zeros(groups.count, bool)
    fixed[FIXED] = True
    for limited in groups.limited:
        found = ranges[limited.value.name].largest.reshape(len(limited.groups), -1).max(1)
        fixed[limited.groups[found > MARGIN * limited.high]] = True
        np.minimum.at(limits, limited.groups, MARGIN * limited.high / np.maximum(found, 1e-30))
    return fixed, limits


def _reader(weighted: Weighted, ranges: Ranges) -> _Reader:
    node, layer = weighted.node, weighted.node.layer
    group = layer.group if isinstance(layer, Convolution) else 1
    weight = node.blobs[0].astype(np.float64)
    weight = weight.T if isinstance(layer, InnerProduct) and layer.transpose else weight
    weight = weight.reshape(group, len(weight) // group, weight.size // len(weight) // _kernel(layer), -1)
    own = len(weighted.reads)  # a value that an InnerProduct reads too was observed feature by feature
    typical, squares = ranges.typical.reshape(own, -1).max(1), ranges.square.reshape(own, -1).mean(1).reshape(group, -1)
    energies = (weight**2).sum(3)  # [group, outputs, inputs]
    output = np.einsum("goi,gi->go", energies, squares)
    output = np.maximum(output, max(output.max() * SMALLEST, 1e-300))
    shares = 1 / (output * output.size)
    one_scale = group > 1  # ncnn has one for each group
    largest = np.abs(weight).max(3)
    rows = largest.max(1) if one_scale else largest[0]
    row_strength = weight.shape[3] * (shares.sum(1) if one_scale else shares[0])
    arrays = (
        weighted.reads,
        np.log(np.maximum(typical, 1e-30)),
        np.einsum("goi,go->gi", energies, shares).reshape(-1),
        weighted.reads.reshape(group, -1),
        rows,
        row_strength,
        squares,
    )
    return _Reader(*map(torch.from_numpy, map(np.ascontiguousarray, arrays)))


def _kernel(layer: object) -> int:
    return int(np.prod(layer.kernel_size)) if isinstance(layer, Convolution) else 1
