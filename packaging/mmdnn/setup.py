"""The package `mmdnn` with MMdnn's module paths, as a distribution of its own: it must not replace MMdnn by accident.

Built from the repository: pip install packaging/mmdnn
"""

import os
import re
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).resolve().parents[2]
SOURCE = os.path.relpath(ROOT / "pytorch2caffe/cli/as_mmdnn")
VERSION = re.search(r'__version__ = "(.+)"', (ROOT / "pytorch2caffe/__init__.py").read_text(encoding="utf-8"))
assert VERSION
setup(
    name="pytorch2caffe-mmdnn",
    version=VERSION[1],
    description="MMdnn's module paths (python -m mmdnn.conversion._script.convertToIR) for pytorch2caffe",
    long_description=__doc__,
    long_description_content_type="text/plain",
    license="MIT",
    python_requires=">=3.10",
    install_requires=[f"pytorch2caffe=={VERSION[1]}"],
    packages=["mmdnn", *(f"mmdnn.{name}" for name in find_packages(SOURCE))],
    package_dir={"mmdnn": SOURCE},
)
