"""The command mmtoir under MMdnn's name."""

import sys

from pytorch2caffe.cli.mmdnn import mmtoir

if __name__ == "__main__":
    sys.exit(mmtoir())
