"""Damages TensorFlow's files and reads them: `python -m tests.fuzz.tensorflow 5000 --seed 1`.

Every case must be read or end in a ConversionError, within seconds and in little memory, and write nothing.
"""

from __future__ import annotations

import random
import tempfile
from pathlib import Path
from typing import Any

from pytorch2caffe.frontends.tensorflow import load_tensorflow
from tests.frontends.tensorflow.tf_nets import save, slim, tf
from tests.fuzz.loop import damaged, main, read_or_refused, run_cases

MOST_BYTES = 600e6  # beyond what the process had at its start
# what is damaged -> (the file, what is read)
FORMS = {
    "meta": ("net.ckpt.meta", "net.ckpt.meta"),
    "index": ("net.ckpt.index", "net.ckpt.meta"),
    "data": ("net.ckpt.data-00000-of-00001", "net.ckpt.meta"),
    "frozen": ("net.pb", "net.pb"),
    "saved": ("saved/saved_model.pb", "saved"),
}


def network(x: Any) -> Any:
    """A bit of everything."""
    x = slim.conv2d(x, 4, [3, 3], stride=2, normalizer_fn=slim.batch_norm, normalizer_params={"is_training": False})
    x = tf.concat([slim.max_pool2d(x, [3, 3], 1, "SAME"), slim.separable_conv2d(x, None, [3, 3], 1)], 3)
    x = tf.image.resize_bilinear(tf.pad(x, [[0, 0], [1, 0], [0, 1], [0, 0]]), [6, 6])
    x = slim.dropout(tf.reduce_mean(x, [1, 2]), is_training=False)
    return tf.nn.softmax(slim.fully_connected(tf.reshape(x, [-1, 8]), 5, activation_fn=tf.nn.elu))


def case(folder: Path, chance: random.Random, whole: dict[str, bytes]) -> str:
    """One case: "read" or "refused". Raises whatever else comes out."""
    form = chance.choice(list(FORMS))
    file, path = FORMS[form]
    (folder / file).write_bytes(damaged(whole[form], chance))
    result = read_or_refused(folder, lambda: load_tensorflow(folder / path, outputs="MMdnn_Output"))
    (folder / file).write_bytes(whole[form])
    return f"{form} {result}"


def fuzz(count: int, seed: int) -> str:
    """Raises AssertionError, with the case's number, at the first case that goes wrong."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        save(folder, network, (None, 12, 12, 3), saved_model=True)
        whole = {form: (folder / file).read_bytes() for form, (file, _) in FORMS.items()}
        for _, path in FORMS.values():
            load_tensorflow(folder / path, outputs="MMdnn_Output")
        return run_cases(count, seed, lambda chance: case(folder, chance, whole), MOST_BYTES)


if __name__ == "__main__":
    main(fuzz, __doc__)
