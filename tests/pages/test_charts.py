"""The axes of charts are numbered, and clipped bars are counted."""

import re

import numpy as np

from pytorch2caffe.pages.charts import histogram_svg, lines_svg


def test_the_axes_of_a_histogram_are_numbered():
    svg = histogram_svg(np.r_[np.full(1024, 50.0), np.full(1024, 1.0)], 8.0, 4.0)
    labels = re.findall(r">([^<>]+)</text>", svg)
    assert labels == ["1", "10", "100", "0", "4", "8"]
    clipped = re.search(r"class='clipped' d='([^']*)'", svg).group(1)
    assert clipped.count("M") == 70  # of 141 bars
    assert "4" not in re.findall(r">([^<>]+)</text>", histogram_svg(np.ones(2048), 4.2, 4.0))  # no room beside 4.2


def test_the_axes_of_lines_are_numbered():
    svg = lines_svg([1, 2, 5], {"middle": [0.2, 0.1, 0.05], "largest": [0.5, 0.4, 0.1]})
    assert re.findall(r">([^<>]+)</text>", svg) == ["0", "25.0%", "50.0%", "1", "2", "5"]
    assert svg.count("<circle") == 6
