"""The command mmvismeta under MMdnn's name."""

import sys

from pytorch2caffe.cli.mmdnn import mmvismeta

if __name__ == "__main__":
    sys.exit(mmvismeta())
