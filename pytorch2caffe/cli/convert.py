"""pytorch2caffe convert"""

from __future__ import annotations

import os

import click

from ..convert.source import FROM, TO, Origin
from .options import Shape, say_how_to_load, split_weights


@click.command(
    "convert",
    help="""Converts a network of one framework to another: NETWORK [WEIGHTS].

\b
--from caffe:      deploy.prototxt net.caffemodel (several caffemodels: with commas between)
--from tensorflow: net.ckpt.meta net.ckpt, frozen.pb, or a SavedModel folder
--from pytorch:    what `export` takes, with --input-shape
--from ir:         net.pb or net.json, and net.npy (MMdnn's intermediate representation)
--to caffe:        PREFIX.prototxt, PREFIX.caffemodel (--target as in `export`)
--to pytorch:      NAME.py, NAME.npy, NAME.pth, NAME_state_dict.pth
--to ir:           PREFIX.json, PREFIX.pb, PREFIX.npy
--to onnx:         NAME.onnx, by torch.onnx

\b
Examples:
  pytorch2caffe convert deploy.prototxt net.caffemodel --from caffe --to pytorch -o net
  pytorch2caffe convert model.ckpt.meta model.ckpt --from tensorflow --output MMdnn_Output --to caffe -o net
  pytorch2caffe convert torchvision:resnet18 --from pytorch --input-shape 1,3,224,224 --to ir -o resnet18
Exit code 0 done; 2 it cannot be done: stderr names every layer that is in the way.
""",
    short_help="Caffe, TensorFlow, IR and PyTorch to each other, or ONNX.",
)
@click.argument("network")
@click.argument("weights", required=False)
@click.option("--from", "source", type=click.Choice(FROM), required=True, help="The framework it comes from.")
@click.option("--to", "framework", type=click.Choice(TO), required=True, help="The framework it goes to.")
@click.option("-o", "--out", "path", required=True, metavar="PREFIX", help="Where to write.")
@click.option("--output", "outputs", multiple=True, metavar="NODE", help="TensorFlow: a node to end at; repeatable.")
@click.option("--input-shape", "shapes", type=Shape(), multiple=True, help="Once per input; TensorFlow: N,H,W,C.")
@click.option("--target", default="caffe", show_default=True, metavar="DIALECT", help="Who reads the Caffe files.")
@split_weights
def command(network, weights, source, framework, path, outputs, shapes, target, split_weights):  # type: ignore[no-untyped-def]
    from ..convert.frameworks import files_of, load_network, save_network, spare

    spare([network, weights], files_of(framework, path))
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow's own remarks about this machine
    graph = load_network(Origin(source, network, weights, outputs, shapes))
    files = save_network(graph, framework, path, target, split_weights)
    for file in files:
        click.echo(f"{file} ({file.stat().st_size / 1e6:.1f} MB)")
    if framework == "caffe":
        say_how_to_load(str(files[0]), files[1:])
    return 0
