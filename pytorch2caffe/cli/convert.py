"""pytorch2caffe convert"""

from __future__ import annotations

import os

import click

from ..convert.source import FROM, TO, NetworkSource
from .caffe_options import Shapes, batch_option, cut_options, part_options, reading_of, starts, target_option
from .options import (
    CheckpointOptions,
    NamedShape,
    OutputFile,
    checkpoint_options,
    force_option,
    named_shapes,
    note,
    report_shards,
    split_weights,
)
from .page import working
from .wording import size_of


@click.command(
    "convert",
    help="""Converts a network of one framework to another: NETWORK [WEIGHTS].

\b
--from caffe:      deploy.prototxt net.caffemodel (several caffemodels: separated by commas)
--from tensorflow: net.ckpt.meta net.ckpt, frozen.pb, or a SavedModel folder
--from keras:      net.keras or net.h5, a complete model, as Keras saved it
--from darknet:    net.cfg net.weights; the maps that [yolo] and [region] read are the outputs
--from mxnet:      net-symbol.json net-0000.params, with --input-shape
--from pytorch:    a model as for `export`, with --input-shape
--from ir:         net.pb or net.json, and net.npy (MMdnn's intermediate representation)
--from onnx:       net.onnx; --input-shape, perhaps by name, for sizes that it leaves open (docs/onnx.md)
--to caffe:        PREFIX.prototxt, PREFIX.caffemodel (--target as in `export`)
--to pytorch:      NAME.py, NAME.npy, NAME.pth, NAME_state_dict.pth
--to ir:           PREFIX.json, PREFIX.pb, PREFIX.npy
--to onnx:         NAME.onnx, opset 18, compared with the network in onnxruntime where that is installed
--to ncnn:         PREFIX.param, PREFIX.bin

\b
Examples:
  pytorch2caffe convert deploy.prototxt net.caffemodel --from caffe --to pytorch -o converted
  pytorch2caffe convert model.ckpt.meta model.ckpt --from tensorflow --output MMdnn_Output --to caffe -o net
  pytorch2caffe convert best.onnx --from onnx --input-shape images=1,3,640,640 --to caffe -o best
  pytorch2caffe convert test.prototxt net.caffemodel --from caffe --end conv5_3 --batch 1 --to onnx -o body
  pytorch2caffe convert torchvision:resnet18 --from pytorch --input-shape 1,3,224,224 --to ir -o resnet18
Exit code 0 done; 2 it cannot be done: stderr lists every layer that cannot be converted.
""",
    short_help="Converts Caffe, TensorFlow, ONNX, IR and PyTorch to each other, or to ncnn.",
)
@click.argument("network")
@click.argument("weights", required=False)
@click.option("--from", "framework", type=click.Choice(FROM), required=True, help="The framework of NETWORK.")
@click.option("--to", "target_framework", type=click.Choice(TO), required=True, help="The framework to write for.")
@click.option("-o", "--out", "path", required=True, metavar="PREFIX", help="Where to write.")
@click.option(
    "--output", "outputs", multiple=True, metavar="NODE", help="As --end, the usual name of it for TensorFlow."
)
@click.option(
    "--input-shape",
    "shapes",
    type=NamedShape(),
    multiple=True,
    help="Once per input, in order, or NAME=N,C,H,W; TensorFlow: N,H,W,C.",
)
@target_option("The consumer of the Caffe files.")
@batch_option
@cut_options
@part_options
@click.option("--no-weights", is_flag=True, help="Caffe: convert without a caffemodel; all weights are zeros.")
@checkpoint_options
@split_weights
@force_option
def command(
    network: str,
    weights: str | None,
    framework: str,
    target_framework: str,
    path: str,
    outputs: tuple[str, ...],
    shapes: tuple[tuple[str, tuple[int, ...]], ...],
    target: str,
    no_weights: bool,
    split_weights: bool,
    batch: int | None,
    phase: str,
    stages: tuple[str, ...],
    start: Shapes,
    end: tuple[str, ...],
    ignore_fields: tuple[str, ...],
    checkpoint: CheckpointOptions,
) -> int:
    from ..convert.frameworks import check_outputs, load_network, output_files, save_network

    OutputFile.name_output(path)
    targets = output_files(target_framework, path)
    check_outputs([network, weights], targets)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow's log messages about this machine
    note(f"writes {', '.join(map(str, targets))}")
    reading = reading_of(batch, phase, stages, ignore_fields=ignore_fields)(())
    sizes, names = named_shapes(shapes)
    ends = (*outputs, *end)
    source = NetworkSource(
        framework, network, weights, ends, sizes, names, starts(start), reading, no_weights, *checkpoint, note
    )
    with working(f"reading {network}"):
        graph = load_network(source)
    with working(f"writing {path}"):
        files = save_network(graph, target_framework, path, target, split_weights)
    for file in files:
        click.echo(f"{file} ({size_of(file.stat().st_size)})")
    if target_framework == "caffe":
        report_shards(str(files[0]), files[1:])
    return 0
