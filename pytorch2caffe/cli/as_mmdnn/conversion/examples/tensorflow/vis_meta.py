"""The command mmvismeta under MMdnn's name."""

import sys

from .....mmdnn import mmvismeta

if __name__ == "__main__":
    sys.exit(mmvismeta())
