"""The command mmtocode under MMdnn's name."""

import sys

from pytorch2caffe.cli.mmdnn import mmtocode

if __name__ == "__main__":
    sys.exit(mmtocode())
