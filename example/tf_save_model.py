"""Writes a checkpoint of pretrained slim weights with their graph, which ends at MMdnn_Output, for the converter."""

from __future__ import annotations

import argparse
from pathlib import Path

from pytorch2caffe.convert.mmdnn.slim_checkpoint import NETS, write_checkpoint

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint_path", required=True, help="the pretrained weights, inception_v3.ckpt")
    parser.add_argument(
        "--output_path", required=True, help="the output path, for PATH.meta, PATH.index and PATH.data-..."
    )
    parser.add_argument("--network", default="inception_v3", choices=sorted(NETS), help="default: inception_v3")
    flags = parser.parse_args()
    Path(flags.output_path).parent.mkdir(parents=True, exist_ok=True)
    write_checkpoint(flags.network, flags.checkpoint_path, flags.output_path)
    print(f"Model saved in file: {flags.output_path}")
