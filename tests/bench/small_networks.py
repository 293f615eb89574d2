"""Small networks for grey images, in the manner of MobileNetV2 and ShuffleNetV2, and their training.

The weights of BatchNorm start unevenly, log-normal with a deviation of 1, as they are in networks that were trained for
long: channels of one activation then differ in range by a factor of 10 and more, which is what makes depthwise networks
hard for one scale per activation.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def conv(inputs: int, outputs: int, kernel: int = 1, stride: int = 1, groups: int = 1) -> list[nn.Module]:
    """A convolution without bias, and its BatchNorm."""
    return [
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    ]


class InvertedResidual(nn.Module):
    """Widened by a 1x1 convolution, a depthwise 3x3 one, narrowed; added to its input where the sizes are equal."""

    def __init__(self, inputs: int, outputs: int, stride: int, expansion: int = 4) -> None:
        super().__init__()
        wide = inputs * expansion
        self.adds = stride == 1 and inputs == outputs
        self.body = nn.Sequential(
            *conv(inputs, wide), nn.ReLU6(), *conv(wide, wide, 3, stride, wide), nn.ReLU6(), *conv(wide, outputs)
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x) if self.adds else self.body(x)


class MobileNet(nn.Module):
    """MobileNetV2 for 28x28 grey images: seven inverted residuals, 16 to 48 channels, ReLU6."""

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        blocks, inputs = [], 16
        for outputs, stride in ((16, 1), (24, 2), (24, 1), (32, 2), (32, 1), (48, 1), (48, 1)):
            blocks.append(InvertedResidual(inputs, outputs, stride))
            inputs = outputs
        self.features = nn.Sequential(*conv(1, 16, 3, 2), nn.ReLU6(), *blocks, *conv(inputs, 128), nn.ReLU6())
        self.classifier = nn.Linear(128, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.features(x).mean((2, 3)))


class ShuffleUnit(nn.Module):
    """One half of the channels unchanged, the other through a depthwise convolution, then shuffled."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.stride, half = stride, outputs // 2
        reads = inputs // 2 if stride == 1 else inputs
        self.body = nn.Sequential(
            *conv(reads, half), nn.ReLU(), *conv(half, half, 3, stride, half), *conv(half, half), nn.ReLU()
        )
        if stride > 1:
            self.side = nn.Sequential(*conv(inputs, inputs, 3, stride, inputs), *conv(inputs, half), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        if self.stride == 1:
            kept, read = x.chunk(2, 1)
            x = torch.cat((kept, self.body(read)), 1)
        else:
            x = torch.cat((self.side(x), self.body(x)), 1)
        n, c, h, w = x.shape
        return x.view(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, c, h, w)


class ShuffleNet(nn.Module):
    """ShuffleNetV2 for 28x28 grey images: six units, 48 and 96 channels, ReLU."""

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        units = [ShuffleUnit(24, 48, 2), *(ShuffleUnit(48, 48, 1) for _ in range(2)), ShuffleUnit(48, 96, 2)]
        units += [ShuffleUnit(96, 96, 1) for _ in range(2)]
        self.features = nn.Sequential(*conv(1, 24, 3, 1), nn.ReLU(), *units, *conv(96, 128), nn.ReLU())
        self.classifier = nn.Linear(128, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.features(x).mean((2, 3)))


def uneven(model: nn.Module, deviation: float = 1.0) -> nn.Module:
    """The model with log-normal weights of BatchNorm."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            with torch.no_grad():
                module.weight.copy_(torch.exp(deviation * torch.randn(module.num_features)).clamp(0.05, 4))
    return model


def train(model: nn.Module, images: Tensor, labels: Tensor, epochs: int, batch: int = 128, rate: float = 4e-3) -> None:
    """Trains with Adam, one cycle of the learning rate, mirrored images. Leaves the model in eval mode.

    images: float32 [count, 1, height, width]; labels: int64 [count].
    """
    optimizer = torch.optim.Adam(model.parameters(), rate)
    steps = epochs * (len(images) // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps)
    model.train()
    for _ in range(epochs):
        order = torch.randperm(len(images))
        for index in range(len(images) // batch):
            chosen = order[index * batch : (index + 1) * batch]
            x = images[chosen]
            x = torch.where(torch.rand(len(x), 1, 1, 1) < 0.5, x.flip(3), x)
            optimizer.zero_grad()
            F.cross_entropy(model(x), labels[chosen]).backward()
            optimizer.step()
            schedule.step()
    model.eval()
