"""The command mmtomodel under MMdnn's name."""

import sys

from pytorch2caffe.cli.mmdnn import mmtomodel

if __name__ == "__main__":
    sys.exit(mmtomodel(["--framework", "pytorch", *sys.argv[1:]]))
