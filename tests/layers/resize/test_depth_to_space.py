"""The IR's DepthToSpace and SpaceToDepth, against numpy on tensors that are channels last."""

import pytest

from tests.frontends.mmdnn.test_operators import array, check


@pytest.mark.parametrize("block", [1, 2, 3])
def test_the_position_in_the_block_comes_before_the_channel(block):
    x = array(2, 3, 4, block * block * 2)
    blocks = x.reshape(2, 3, 4, block, block, 2).transpose(0, 1, 3, 2, 4, 5).reshape(2, 3 * block, 4 * block, 2)
    check("DepthToSpace", [x], {"block_size": block}, blocks)
    check("SpaceToDepth", [blocks], {"blocksize": block}, x)
