"""Damages files of MXNet and reads them: `python -m tests.fuzz.mxnet 5000 --seed 1`.

Every case must be read or end in a ConversionError, within seconds and in little memory, and write nothing.
"""

from __future__ import annotations

import random
import tempfile
import warnings
from pathlib import Path

from pytorch2caffe.frontends.mxnet import load_mxnet
from tests.fuzz.loop import damaged, main, read_or_refused, run_cases
from tests.paths import ROOT

DATA = ROOT / "tests" / "frontends" / "mxnet" / "data"
SHAPES = {"resnet": (2, 3, 17, 17), "detector": (1, 3, 7, 9), "shapes": (2, 4, 5, 6), "resize": (1, 2, 5, 6)}
MOST_BYTES = 400e6  # beyond what the process had at its start


def case(folder: Path, rng: random.Random) -> str:
    """One case: "read" or "refused". Raises whatever else comes out."""
    name, which = rng.choice([*SHAPES]), rng.choice(["symbol.json", "symbol.json", "0000.params"])
    files = {suffix: (DATA / f"{name}-{suffix}").read_bytes() for suffix in ("symbol.json", "0000.params")}
    files[which] = damaged(files[which], rng)
    for suffix, content in files.items():
        (folder / f"n-{suffix}").write_bytes(content)
    symbol, params = folder / "n-symbol.json", folder / "n-0000.params"
    return read_or_refused(folder, lambda: load_mxnet(symbol, params, input_shapes=SHAPES[name]))


def fuzz(count: int, seed: int) -> str:
    """What became of the cases. Raises AssertionError, with the case's number, at the first case that goes wrong."""
    with tempfile.TemporaryDirectory() as name, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return run_cases(count, seed, lambda rng: case(Path(name), rng), MOST_BYTES)


if __name__ == "__main__":
    main(fuzz, __doc__)
