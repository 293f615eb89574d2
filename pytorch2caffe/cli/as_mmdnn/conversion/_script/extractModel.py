"""The command mmdownload under MMdnn's name."""

import sys

from ....mmdnn import mmdownload

if __name__ == "__main__":
    sys.exit(mmdownload())
