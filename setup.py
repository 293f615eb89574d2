"""Everything is in pyproject.toml, but for a file that must also stand alone.

The package `mmdnn` is a distribution of its own, packaging/mmdnn, because MMdnn installs one of that name.
"""

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py


class BuildWithWorker(build_py):
    """Takes verify/caffe_worker.py along: it runs under the user's other Python, the one that has pycaffe."""

    def run(self) -> None:
        """Copies it beside the client that sends it there."""
        super().run()
        if not self.editable_mode:
            self.copy_file("verify/caffe_worker.py", f"{self.build_lib}/pytorch2caffe/verify/caffe_worker.py")


setup(
    cmdclass={"build_py": BuildWithWorker},
    packages=find_packages(include=["pytorch2caffe*", "caffe_proto*"], exclude=["pytorch2caffe.cli.as_mmdnn*"]),
)
