"""The command mmconvert under MMdnn's name."""

import sys

from pytorch2caffe.cli.mmdnn import mmconvert

if __name__ == "__main__":
    sys.exit(mmconvert())
