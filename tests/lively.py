"""Random weights that keep the signal alive: with plain ones it dies on the way and errors hide."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import nn


def make_lively(model: nn.Module, *inputs: Any, seed: int = 0, calibrate: bool = False) -> nn.Module:
    """Randomises biases, BatchNorm statistics and affines, and rescales each layer to unit output deviation.

    One calibration pass over `inputs` in eval mode; returns the model, in eval mode. With `calibrate` the statistics of
    each BatchNorm are near those of its input in that pass, as after training.
    """
    generator = torch.Generator().manual_seed(seed)
    model.eval()
    with torch.no_grad():
        for module in model.modules():
            _randomise(module, generator)
        hooks = [m.register_forward_hook(_rescale) for m in model.modules() if isinstance(m, WEIGHTED)]
        if calibrate:
            norms = (m for m in model.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm))
            hooks += [m.register_forward_pre_hook(partial(_observe, generator)) for m in norms]
        try:
            model(*inputs)
        finally:
            for hook in hooks:
                hook.remove()
    return model


WEIGHTED = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose2d, nn.Linear)


def _randomise(module: nn.Module, generator: torch.Generator) -> None:
    def uniform(tensor: torch.Tensor, low: float, high: float) -> None:
        tensor.uniform_(low, high, generator=generator)

    if isinstance(module, WEIGHTED) and not module.weight.any():  # a head that begins at zero
        module.weight.normal_(generator=generator)
    if isinstance(module, WEIGHTED) and module.bias is not None:
        uniform(module.bias, -0.2, 0.2)
    if isinstance(module, (nn.modules.batchnorm._BatchNorm, nn.modules.instancenorm._InstanceNorm)):
        if module.running_mean is not None:
            uniform(module.running_mean, -0.3, 0.3)
            uniform(module.running_var, 0.5, 1.5)
        if module.weight is not None:
            uniform(module.weight, 0.7, 1.3)
            uniform(module.bias, -0.3, 0.3)
    if isinstance(module, nn.PReLU):
        uniform(module.weight, 0.05, 0.5)


def _rescale(module: nn.Module, inputs: Any, output: torch.Tensor) -> torch.Tensor:
    deviation = float(output.std())
    if deviation > 0:
        module.weight /= deviation
    return module.forward(*inputs)


def _observe(generator: torch.Generator, module: nn.Module, inputs: Any) -> None:
    """Sets the statistics near those of the input; a channel that hardly varies counts as one that varies."""
    x = inputs[0]
    if module.running_mean is None or x.numel() < 4 * x.shape[1]:
        return
    axes = [axis for axis in range(x.dim()) if axis != 1]
    mean, deviation = x.mean(axes), x.var(axes, unbiased=False).sqrt()
    deviation = deviation.clamp(min=float(deviation.mean()) / 4 + 1e-3)
    off = torch.rand(2, len(mean), generator=generator) - 0.5
    module.running_mean.copy_(mean + 0.4 * deviation * off[0])
    module.running_var.copy_((deviation * (1 + 0.4 * off[1])) ** 2)
