"""Images and tensors of every kind, and the message of every one that cannot be read."""

from __future__ import annotations

import io
import json
import subprocess

import numpy as np
import pytest

from pytorch2caffe.errors import ConversionError
from pytorch2caffe.graph.graph import Value
from pytorch2caffe.quantize.image_files import BrokenImage, decode
from pytorch2caffe.quantize.images import Dataset, TooManyBroken
from pytorch2caffe.quantize.ncnn_source import to_cpp
from pytorch2caffe.quantize.preprocess import Preprocess
from pytorch2caffe.quantize.preprocess_file import load_preprocess, save_preprocess

Image = pytest.importorskip("PIL.Image")
DATA = Value("data", (1, 3, 8, 10))
PLAIN = {"data": Preprocess(8, 10)}
RED = (200, 40, 10)


def encoded(mode="RGB", format="PNG", size=(10, 8), color=None, **options):
    stream = io.BytesIO()
    Image.new(mode, size, RED if color is None else color).save(stream, format, **options)
    return stream.getvalue()


def sixteen_bit():
    stream = io.BytesIO()
    Image.fromarray(np.full((8, 10), 200 * 256 + 7, np.uint16)).save(stream, "PNG")
    return stream.getvalue()


KINDS = {
    "png": (encoded(), RED),
    "bmp": (encoded(format="BMP"), RED),
    "rgba, transparent": (encoded("RGBA", color=(*RED, 0)), RED),
    "grey": (encoded("L", color=90), (90, 90, 90)),
    "grey with alpha": (encoded("LA", color=(90, 10)), (90, 90, 90)),
    "palette": (encoded("P", format="GIF", color=0), (0, 0, 0)),
    "one bit": (encoded("1", color=1), (255, 255, 255)),
    "16 bit grey": (sixteen_bit(), (200, 200, 200)),
}


@pytest.mark.parametrize(("data", "color"), KINDS.values(), ids=KINDS)
def test_decoded(data, color):
    image = decode(data)
    assert image.shape == (8, 10, 3) and image.dtype == np.uint8
    assert tuple(image[0, 0]) == color


def test_jpeg_and_cmyk_are_near():
    for mode in ("RGB", "CMYK"):
        color = RED if mode == "RGB" else tuple(255 - c for c in RED) + (0,)
        assert np.abs(decode(encoded(mode, "JPEG", color=color, quality=95)).astype(int) - RED).max() <= 12


def test_a_photograph_taken_sideways_is_turned():
    exif = Image.Exif()
    exif[0x0112] = 6
    assert decode(encoded(format="JPEG", exif=exif)).shape == (10, 8, 3)


def test_content_not_name(tmp_path):
    (tmp_path / "photo.JPEG").write_bytes(encoded())
    (tmp_path / "labels.csv").write_text("file,class\n")
    (tmp_path / "noname").write_bytes(encoded())
    images = Dataset([tmp_path], [DATA], PLAIN)
    assert len(images) == 2 and [path.name for path in images.ignored] == ["labels.csv"]
    ((done, batch),) = images.batches(4)
    assert done == 2
    np.testing.assert_array_equal(batch["data"][:, :, 0, 0], [RED[::-1]] * 2)  # BGR


def test_a_list_from_its_own_folder_with_spaces_in_names(tmp_path):
    (tmp_path / "a b.png").write_bytes(encoded())
    (tmp_path / "list.txt").write_text("a b.png\r\n\n a b.png \n", encoding="utf-8-sig")  # as Windows writes it
    assert all(path.exists() for sample in Dataset([tmp_path / "list.txt"], [DATA], PLAIN).samples for path in sample)
    assert len(Dataset([tmp_path / "list.txt"], [DATA], PLAIN)) == 2


@pytest.mark.parametrize("shape", [(3, 8, 10), (1, 3, 8, 10)])
def test_tensors_are_taken_as_they_are(shape, tmp_path):
    np.save(tmp_path / "x.npy", np.arange(240, dtype=np.float64).reshape(shape))
    ((_, batch),) = Dataset([tmp_path], [DATA], {}).batches(2)
    np.testing.assert_array_equal(batch["data"].ravel(), np.arange(240))


TWO = [Value("left", (1, 3, 8, 10)), Value("right", (1, 4))]


def test_several_inputs_from_one_npz_each(tmp_path):
    for i in range(3):
        np.savez(tmp_path / f"{i}.npz", left=np.full((3, 8, 10), i, np.float32), right=np.zeros(4))
    ((done, batch),) = Dataset([tmp_path], TWO, {}).batches(8)
    assert done == 3 and batch["left"].shape == (3, 3, 8, 10) and batch["right"].shape == (3, 4)
    np.testing.assert_array_equal(batch["left"][:, 0, 0, 0], [0, 1, 2])


def test_several_inputs_from_a_place_each(tmp_path):
    (tmp_path / "l").mkdir(), (tmp_path / "r").mkdir()
    (tmp_path / "l" / "0.png").write_bytes(encoded())
    np.save(tmp_path / "r" / "0.npy", np.ones(4, np.float32))
    ((_, batch),) = Dataset([tmp_path / "l", tmp_path / "r"], TWO, {"left": PLAIN["data"]}).batches(8)
    assert batch["left"].shape == (1, 3, 8, 10) and batch["right"].tolist() == [[1, 1, 1, 1]]
    np.save(tmp_path / "r" / "1.npy", np.ones(4, np.float32))
    with pytest.raises(ConversionError, match="different numbers of images"):
        Dataset([tmp_path / "l", tmp_path / "r"], TWO, {})


def npy(array):
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


BROKEN = {
    "truncated png": (encoded(size=(90, 80))[:-40], "not an image that can be read"),
    "truncated jpeg": (encoded(format="JPEG", size=(900, 800))[:700], "not an image that can be read"),
    "empty": (b"", "not an image that can be read"),
    "text": (b"hello", "not an image that can be read"),
    "npy of another shape": (npy(np.zeros((3, 9, 9))), r"a tensor of shape \[3, 9, 9\]; input data needs \[3, 8, 10\]"),
    "npy of objects": (npy(np.array([{}])), "not a valid tensor"),
    "npy of text": (npy(np.array(["a"])), "a tensor of <U1, not of real numbers"),
    "npy with nan": (npy(np.full((3, 8, 10), np.nan)), "numbers that are not finite"),
    "npy beyond float32": (npy(np.full((3, 8, 10), 1e300)), "numbers that are not finite in float32"),
    "truncated npy": (npy(np.zeros((3, 8, 10)))[:-9], "not a valid tensor"),
    "npy of 10^12 numbers": (
        npy(np.zeros((3, 8, 10))).replace(b"(3, 8, 10)", b"(10**12,) ")[:200],
        "not a valid tensor",
    ),
    "not a zip file": (b"PK\x03\x04 hello", "not a valid tensor"),
}


@pytest.mark.parametrize(("data", "message"), BROKEN.values(), ids=BROKEN)
def test_message_of_a_broken_image(data, message, tmp_path):
    (tmp_path / "x.png").write_bytes(data)
    with pytest.raises(BrokenImage, match=message):
        Dataset([tmp_path], [DATA], PLAIN).load(0)


def test_an_image_without_preprocessing(tmp_path):
    (tmp_path / "x.png").write_bytes(encoded())
    with pytest.raises(ConversionError, match=r"--mean is missing for input data \[1, 3, 8, 10\]"):
        list(Dataset([tmp_path], [DATA], {}).batches(1))


@pytest.mark.parametrize(("total", "broken"), [(100, 1), (100, 2), (10, 1), (1, 1)])
def test_up_to_one_percent_is_skipped_and_said(total, broken, tmp_path):
    for i in range(total):
        (tmp_path / f"{i:03}.png").write_bytes(b"?" if i < broken else encoded())
    images = Dataset([tmp_path], [DATA], PLAIN)
    if broken <= total / 100:
        assert [done for done, _ in images.batches(50)] == [49, 99]
        assert [problem.where for problem in images.skipped] == [str(tmp_path / "000.png")]
    else:
        with pytest.raises(
            TooManyBroken, match=f"{broken} of {total} images cannot be read\n  .*000.png: not an image"
        ):
            list(images.batches(50))


def test_a_listed_file_that_is_missing_is_broken(tmp_path):
    (tmp_path / "list.txt").write_text("gone.png\n")
    with pytest.raises(TooManyBroken, match="gone.png: No such file"):
        list(Dataset([tmp_path / "list.txt"], [DATA], PLAIN).batches(1))


def test_places_without_images(tmp_path):
    with pytest.raises(ConversionError, match="contains no image"):
        Dataset([tmp_path], [DATA], PLAIN)
    with pytest.raises(ConversionError, match="there is no file or directory .*\n  fix: give --images"):
        Dataset([tmp_path / "gone"], [DATA], PLAIN)
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConversionError, match="is not an image, a tensor or a list"):
        Dataset([tmp_path / "bytes"], [DATA], PLAIN)


def test_few_images_are_held_at_a_time(tmp_path):
    for i in range(60):
        (tmp_path / f"{i:02}.png").write_bytes(encoded())
    images = Dataset([tmp_path], [DATA], PLAIN)
    loaded = []
    load = images.load
    images.load = lambda index: (loaded.append(index), load(index))[1]
    batches = images.batches(4, workers=2)
    next(batches)
    assert len(loaded) <= 4 + 4 + 2
    batches.close()


def test_batches_end_where_asked(tmp_path):
    for i in range(10):
        (tmp_path / f"{i}.png").write_bytes(encoded())
    assert [done for done, _ in Dataset([tmp_path], [DATA], PLAIN).batches(4, stops=[1, 2, 5])] == [1, 2, 5, 9, 10]


# ---- tensors of pixels, and raw ones

MEANS = {"data": Preprocess(8, 10, (1.0, 2.0, 3.0), (0.5,))}
PIXELS = {"data": Preprocess(8, 10, (1.0, 2.0, 3.0), (0.5,), tensors="pixels")}
TENSORS = {
    "float32, inputs": (np.float32, MEANS, False),
    "float32, pixels": (np.float32, PIXELS, True),
    "uint8, with a mean": (np.uint8, MEANS, True),
    "uint8, without": (np.uint8, {}, False),
}


@pytest.mark.parametrize("suffix", ["npy", "bin", "raw"])
@pytest.mark.parametrize(("kind", "preprocess", "subtracted"), TENSORS.values(), ids=TENSORS)
def test_a_mean_of_tensors(kind, preprocess, subtracted, suffix, tmp_path):
    array = np.random.default_rng(0).integers(0, 256, (3, 8, 10)).astype(kind)
    np.save(tmp_path / "x.npy", array) if suffix == "npy" else array.tofile(tmp_path / f"x.{suffix}")
    images = Dataset([tmp_path], [DATA], preprocess)
    if suffix != "npy" and kind == np.uint8 and not preprocess:
        with pytest.raises(ConversionError, match="--mean is missing"):  # raw bytes are pixels for certain
            images.load(0)
        return
    expected = (array.astype(np.float32) - np.float32([[[1]], [[2]], [[3]]])) * np.float32(0.5) if subtracted else array
    np.testing.assert_array_equal(images.load(0)["data"], expected)
    assert images.unchanged is (preprocess is MEANS and not subtracted)


def test_raw_files_of_other_sizes(tmp_path):
    """In a folder they are something else; one that is named is an error."""
    (tmp_path / "net.bin").write_bytes(b"\0" * 77)
    np.zeros((3, 8, 10), np.float32).tofile(tmp_path / "a.bin")
    assert Dataset([tmp_path], [DATA], {}).ignored == [tmp_path / "net.bin"]
    assert Dataset([tmp_path / "a.bin"], [DATA], {}).load(0)["data"].shape == (3, 8, 10)
    with pytest.raises(BrokenImage, match="77 bytes; input data .* needs 960 of float32 or 240 of uint8"):
        Dataset([tmp_path / "net.bin"], [DATA], {}).load(0)


def test_an_image_for_an_input_of_five_channels(tmp_path):
    (tmp_path / "x.png").write_bytes(encoded())
    with pytest.raises(ConversionError, match=r"input data \[1, 5, 8, 10\] is not one: images have 1, 3 or 4 channels"):
        Dataset([tmp_path], [Value("data", (1, 5, 8, 10))], {}).load(0)


def test_transparency_is_kept_for_four_channels(tmp_path):
    (tmp_path / "x.png").write_bytes(encoded("RGBA", color=(*RED, 7)))
    (tmp_path / "y.png").write_bytes(encoded())
    images = Dataset([tmp_path], [Value("data", (1, 4, 8, 10))], {"data": Preprocess(8, 10, order="RGBA")})
    assert images.load(0)["data"][:, 0, 0].tolist() == [*RED, 7]
    assert images.load(1)["data"][:, 0, 0].tolist() == [*RED, 255]


def test_an_image_of_another_automatic_size_is_broken(tmp_path):
    (tmp_path / "x.png").write_bytes(encoded(size=(40, 10)))
    one = Preprocess(32, 32, fit="letterbox", stride=8)
    with pytest.raises(BrokenImage, match="an image of 10x40, letterboxed to 8x32"):
        Dataset([tmp_path], [Value("data", (1, 3, 32, 32))], {"data": one}).load(0)


# ---- preprocessing


def photo():
    return np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)


def test_mean_norm_and_order():
    image = np.full((8, 10, 3), RED, np.uint8)
    made = Preprocess(8, 10, (1.0, 2.0, 3.0), (0.5, 1.0, 2.0))(image)
    assert made[:, 0, 0].tolist() == [(10 - 1) * 0.5, (40 - 2) * 1.0, (200 - 3) * 2.0]
    assert Preprocess(8, 10, order="RGB")(image)[:, 0, 0].tolist() == list(RED)
    assert Preprocess(8, 10, order="GRAY")(image)[:, 0, 0].tolist() == [84]


def test_plain_resize_is_opencvs():
    cv2 = pytest.importorskip("cv2")
    expected = cv2.resize(photo(), (10, 8)).astype(int).transpose(2, 0, 1)
    assert np.abs(Preprocess(8, 10, order="RGB")(photo()) - expected).max() <= 1


def test_centre_crop():
    made = Preprocess(8, 10, order="RGB", resize=(40, 60))(photo())
    np.testing.assert_array_equal(made, photo()[16:24, 25:35].transpose(2, 0, 1))
    assert Preprocess(8, 10, order="RGB", resize=(20,)).placement(40, 60) == (20, 30, -6, -10)
    assert Preprocess(8, 10, resize=(10,))(photo()).shape == (3, 8, 10)


WRONG = {
    "mean of 2": (dict(mean=(1.0, 2.0)), "mean has 2 values, but BGR has 3 channels"),
    "norm 0": (dict(norm=(0.0,)), "norm is 0"),
    "mean nan": (dict(mean=(float("nan"),)), "is not finite"),
    "order": (dict(order="HSV"), "channel order 'HSV'"),
    "fit": (dict(fit="round"), "fit 'round' is not one of stretch, letterbox, corner"),
    "fill": (dict(fit="letterbox", fill=(300,)), "is not a pixel"),
    "fills of 2": (dict(fit="letterbox", fill=(0, 0)), "fill has 2 values"),
    "a crop with a border": (dict(fit="letterbox", resize=(20,)), "crops the image and fit letterbox borders it"),
    "a stride without a border": (dict(stride=32), "stride 32 is for fit letterbox"),
    "three means of four channels": (dict(order="RGBA", mean=(1, 2, 3)), "mean has 3 values, but RGBA has 4"),
    "resize too small": (dict(resize=(4,)), "resize to 4 is smaller than the input"),
}


@pytest.mark.parametrize(("settings", "message"), WRONG.values(), ids=WRONG)
def test_settings_that_make_no_sense(settings, message):
    with pytest.raises(ConversionError, match=message):
        Preprocess(8, 10, **settings)


SAVED = [
    Preprocess(8, 10),
    Preprocess(8, 10, (104.0, 117.0, 123.0), (0.017,), "RGB", (256,)),
    Preprocess(8, 10, order="BGRA", fit="corner", fill=(1, 2, 3, 4), stride=2, tensors="pixels"),
    Preprocess(8, 10, fit="letterbox", interpolation="pillow-bicubic"),
]


@pytest.mark.parametrize("one", SAVED)
def test_written_and_read_back(one, tmp_path):
    save_preprocess({"data": one}, tmp_path / "p.json")
    assert load_preprocess(tmp_path / "p.json") == {"data": one}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"data": {}}',
        '{"data": {"height": 8}}',
        '{"data": {"height": "8", "width": 1}}',
        '{"data": {"height": 8, "width": 8, "mean": 3}}',
        '{"data": {"height": 8, "width": 8, "more": 3}}',
        '{"data": {"height": 8, "width": 8, "fill": 3}}',
        '{"data": {"height": 8, "width": 8, "fit": 3}}',
        '{"data": {"height": 8, "width": 8, "stride": 3.5, "fit": "letterbox"}}',
        "[" * 9999,
    ],
)
def test_a_file_that_is_no_preprocessing(text, tmp_path):
    (tmp_path / "p.json").write_text(text)
    with pytest.raises(ConversionError):
        load_preprocess(tmp_path / "p.json")


def test_cpp():
    text = to_cpp(Preprocess(227, 227, (104.0, 117.0, 123.0), (1.0,), "RGB", (256, 256)))
    assert "const float mean[] = {104.0f, 117.0f, 123.0f};" in text
    assert "PIXEL_BGR2RGB" in text and "copy_cut_border(whole, in, top, h - 227 - top, left, w - 227 - left);" in text


def test_only_the_promised_formats_are_decoded(monkeypatch):
    """pillow hands an EPS file to Ghostscript, whatever its name."""
    eps = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 4 4\n%%EndComments\nshowpage\n%%EOF\n"
    assert Image.open(io.BytesIO(eps)).format == "EPS"
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("a program was started"))
    monkeypatch.setattr(subprocess, "check_call", lambda *_, **__: pytest.fail("a program was started"))
    with pytest.raises(BrokenImage, match="unknown format"):
        decode(eps)


def test_an_image_of_too_many_pixels_is_not_decoded():
    stream = io.BytesIO()
    Image.new("1", (13300, 13300)).save(stream, "PNG")
    with pytest.raises(BrokenImage, match="13300x13300, more than 100,000,000 pixels"):
        decode(stream.getvalue())


BAD_PREPROCESS = {
    "texts for numbers": {"height": "4", "width": 4},
    "an object for the order": {"height": 4, "width": 4, "order": {}},
    "a fractional size": {"height": 4, "width": 4, "resize": [4.5]},
    "texts in the mean": {"height": 4, "width": 4, "mean": ["a"]},
    "a size without end": {"height": 10**12, "width": 4},
    "a list": [1],
    "true": {"height": True, "width": 4},
    "a mean beyond float": {"height": 4, "width": 4, "mean": [10**400]},
}


@pytest.mark.parametrize("entry", BAD_PREPROCESS.values(), ids=BAD_PREPROCESS)
def test_a_bad_preprocessing_file_is_an_error_that_names_it(entry, tmp_path):
    path = tmp_path / "a.preprocess.json"
    path.write_text(json.dumps({"data": entry}))
    with pytest.raises(ConversionError, match=r"a\.preprocess\.json"):
        load_preprocess(path)
