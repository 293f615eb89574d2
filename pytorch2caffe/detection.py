"""The parts of an SSD detector that PyTorch does not have. Call them in a model's forward; a trace records them.

    feature = ssd_normalize(feature, self.scale)
    prior = torch.cat([prior_box(f, image, min_sizes=[30], max_sizes=[60], aspect_ratios=[2]) for f in features], 2)
    return detection_output(loc, conf, prior, num_classes=21)

Targets that have these layers (--target ssd, opencv) get them; for others the priors become constants, and the
normalization is expressed in plain layers. Outside a trace they are ordinary functions of tensors.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from .frontends.torch.marker import marker
from .layers.detection.detection_output import DetectionOutput
from .layers.detection.normalize import Normalize
from .layers.detection.prior_box import PriorBox
from .runtime.build import build

__all__ = ["detection_output", "prior_box", "ssd_normalize"]


@marker
def ssd_normalize(
    input: torch.Tensor, scale: torch.Tensor, across_spatial: bool = False, eps: float = 1e-10
) -> torch.Tensor:
    """input / sqrt(sum of its squares + eps) * scale.

    input: [N, C, H, W]. scale: [C], or [1] for all channels.
    across_spatial: one sum per image, else one per position.

    Returns [N, C, H, W]. Source: SSD's Normalize, normalize_layer.cpp.
    """
    layer = Normalize(bool(across_spatial), scale.numel() == 1 and input.shape[1] != 1, eps)
    return build(layer.to_torch([tuple(input.shape)], (scale.detach().float().cpu().numpy(),)))(input)


@marker
def prior_box(
    feature: torch.Tensor,
    image: torch.Tensor,
    min_sizes: Sequence[float],
    max_sizes: Sequence[float] = (),
    aspect_ratios: Sequence[float] = (),
    flip: bool = True,
    clip: bool = False,
    variances: Sequence[float] = (0.1, 0.1, 0.2, 0.2),
    step: float = 0.0,
    offset: float = 0.5,
) -> torch.Tensor:
    """The default boxes of a feature map.

    feature, image: [N, C, h, w] and [N, C, H, W]; only their shapes are used.
    min_sizes, max_sizes: in pixels of the image; as many max_sizes as min_sizes, or none.
    aspect_ratios: width / height, in addition to 1; flip adds the reciprocals.
    step: pixels of the image between boxes, 0 for H / h and W / w. offset: of the first box's centre, in steps.

    Returns [1, 2, h * w * boxes * 4]: corners xmin, ymin, xmax, ymax as fractions of the image; then their variances.
    Source: SSD's PriorBox, prior_box_layer.cpp.

    >>> prior_box(torch.zeros(1, 8, 1, 1), torch.zeros(1, 3, 100, 100), min_sizes=[20])[0, 0].tolist()
    [0.4000000059604645, 0.4000000059604645, 0.6000000238418579, 0.6000000238418579]
    """
    layer = PriorBox.of(min_sizes, max_sizes, aspect_ratios, flip, clip, variances, step, offset)
    return build(layer.to_torch([tuple(feature.shape), tuple(image.shape)], ()))().to(feature.device)


@marker
def detection_output(
    loc: torch.Tensor,
    conf: torch.Tensor,
    prior: torch.Tensor,
    num_classes: int,
    background_label_id: int = 0,
    nms_threshold: float = 0.45,
    top_k: int = 400,
    keep_top_k: int = 200,
    confidence_threshold: float = 0.01,
) -> torch.Tensor:
    """The detected boxes: decoded with the priors, non-maximum suppression per class.

    loc:   [N, boxes * 4], offsets encoded by centre and size. conf: [N, boxes * num_classes], probabilities.
    prior: [1, 2, boxes * 4], from prior_box.
    top_k: the most boxes per class before suppression, by confidence; keep_top_k: per image after it, above 0.

    Returns [1, 1, N * keep_top_k, 7]: image, class, confidence, xmin, ymin, xmax, ymax, by image and
    decreasing confidence, as OpenCV 4 does; unused rows are zero. (SSD's Caffe omits them, and sorts by class first.)
    Source: SSD's DetectionOutput, detection_output_layer.cpp.
    """
    layer = DetectionOutput(num_classes, background_label_id, nms_threshold, top_k, keep_top_k, confidence_threshold)
    return build(layer.to_torch([tuple(t.shape) for t in (loc, conf, prior)], ()))(loc, conf, prior)
