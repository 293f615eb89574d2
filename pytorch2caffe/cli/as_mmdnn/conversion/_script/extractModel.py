"""The command mmdownload under MMdnn's name."""

import sys

from pytorch2caffe.cli.mmdnn import mmdownload

if __name__ == "__main__":
    sys.exit(mmdownload())
