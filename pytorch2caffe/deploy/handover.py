"""What the files of a toolchain are written from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ..errors import Refused
from ..quantize.preprocess import Preprocess

WRITTEN = "Written by pytorch2caffe from the network's preprocessing; change that, not this file."


@dataclass(frozen=True)
class Handover:
    """A network as a toolchain needs to know it.

    name:       of the files to be made, such as "net".
    prototxt, caffemodel: their paths from the toolchain's folder, where its commands are to be run.
    inputs:     {name: shape}, in the order of the prototxt.
    outputs:    the names of the output blobs.
    preprocess: how an image becomes an input, by the input's name; an input that is not there is no image.
    images:     {input: paths of calibration images from the toolchain's folder}, resized and cropped to the input, PNG.
    """

    name: str
    prototxt: str
    caffemodel: str
    inputs: dict[str, tuple[int, ...]]
    outputs: tuple[str, ...]
    preprocess: dict[str, Preprocess]
    images: dict[str, list[str]] = field(default_factory=dict)

    def all_are_images(self, toolchain: str, alpha: bool = False) -> dict[str, Preprocess]:
        """The preprocessing of all inputs. Raises Refused if one of them is not an image.

        alpha: whether the toolchain has images of four channels.
        """
        for name, shape in self.inputs.items():
            if name not in self.preprocess:
                raise Refused(
                    f"input {name!r} {list(shape)} is not an image, and the files for {toolchain} describe images",
                    "write its configuration by hand, or deploy the part of the network that reads images",
                )
            if not alpha:
                without_alpha(name, self.preprocess[name], toolchain)
        return {name: self.preprocess[name] for name in self.inputs}


def without_alpha(input: str, preprocess: Preprocess, toolchain: str) -> None:
    """Raises Refused if an input has four channels."""
    if preprocess.alpha:
        raise Refused(
            f"input {input!r} is {preprocess.order}; the images of {toolchain} have one or three channels",
            "write its configuration by hand",
        )


def number(value: float) -> str:
    """A number as short as it can be without loss in float32.

    >>> number(104.0), number(0.1), number(1 / 58.395)
    ('104', '0.1', '0.0171247538')
    """
    return f"{value:.9g}"


def numbers(values: Iterable[float], separator: str = ",") -> str:
    """Numbers in one word."""
    return separator.join(number(value) for value in values)


def one_norm(preprocess: Preprocess, input: str, toolchain: str) -> float:
    """The factor of all channels, for a toolchain that has one. Raises Refused if they differ."""
    norms = preprocess.channel_norms
    if len(set(norms)) > 1:
        raise Refused(
            f"input {input!r} has the factors {numbers(norms, ' ')}, one per channel; {toolchain} has one for all",
            "export with --fold-preprocessing, which puts mean and factors into the network",
        )
    return norms[0]
