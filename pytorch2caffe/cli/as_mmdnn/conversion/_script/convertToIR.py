"""The command mmtoir under MMdnn's name."""

import sys

from ....mmdnn import mmtoir

if __name__ == "__main__":
    sys.exit(mmtoir())
