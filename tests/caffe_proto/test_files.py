"""Files that appear whole or not at all."""

import os
from pathlib import Path

import pytest

from caffe_proto import atomic_files, atomic_write, files


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_at_the_end(tmp_path):
    with atomic_write(tmp_path / "a.bin") as stream:
        stream.write(b"new")
        assert "a.bin" not in names(tmp_path)
    assert names(tmp_path) == ["a.bin"]
    assert (tmp_path / "a.bin").read_bytes() == b"new"


def test_text_has_its_encoding(tmp_path):
    with atomic_write(str(tmp_path / "a.txt"), "w", encoding="utf-8") as stream:
        stream.write("ñ\n")
    assert (tmp_path / "a.txt").read_bytes().replace(b"\r", b"") == "ñ\n".encode()


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_after_an_error_all_is_as_before(tmp_path, error):
    (tmp_path / "a").write_text("before")
    with pytest.raises(error), atomic_write(tmp_path / "a") as stream:
        stream.write(b"half")
        raise error
    with pytest.raises(error), atomic_files(tmp_path / "a", tmp_path / "b") as (a, b):
        a.write_text("half")
        b.write_text("half")
        raise error
    assert names(tmp_path) == ["a"]
    assert (tmp_path / "a").read_text() == "before"


def test_several_files_appear_together_with_their_suffixes(tmp_path):
    (tmp_path / "net.prototxt").write_text("before")
    with atomic_files(tmp_path / "net.prototxt", tmp_path / "net.caffemodel") as (text, weights):
        assert (text.suffix, weights.suffix) == (".prototxt", ".caffemodel")
        assert text.parent == weights.parent == tmp_path
        text.write_text("new")
        weights.write_text("new")
        assert (tmp_path / "net.prototxt").read_text() == "before"
    assert names(tmp_path) == ["net.caffemodel", "net.prototxt"]
    assert (tmp_path / "net.prototxt").read_text() == "new"


def test_a_file_left_out_leaves_all_out(tmp_path):
    with (
        pytest.raises(FileNotFoundError, match="b was not written"),
        atomic_files(tmp_path / "a", tmp_path / "b") as (
            a,
            _,
        ),
    ):
        a.write_text("new")
    assert names(tmp_path) == []


@pytest.mark.parametrize("existing", [True, False])
def test_if_the_last_cannot_take_its_place_the_first_gives_it_back(tmp_path, monkeypatch, existing):
    if existing:
        (tmp_path / "a").write_text("before")
    replace = Path.replace

    def fails_for_b(self, target):
        if Path(target).name == "b":
            raise OSError("no")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", fails_for_b)
    with pytest.raises(OSError, match="no"), atomic_files(tmp_path / "a", tmp_path / "b") as (a, b):
        a.write_text("new")
        b.write_text("new")
    assert names(tmp_path) == (["a"] if existing else [])
    assert not existing or (tmp_path / "a").read_text() == "before"


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "a").write_text("before")
    (tmp_path / "link").symlink_to("a")
    with atomic_write(tmp_path / "link") as stream:
        stream.write(b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "a").read_text() == "new"


def test_what_is_no_plain_file_is_refused(tmp_path):
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "folder", os.devnull):
        with pytest.raises(OSError, match="not a regular file"), atomic_write(path):
            pass
    assert names(tmp_path) == ["folder"]


def test_a_folder_that_is_missing_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="missing'$"), atomic_write(tmp_path / "missing" / "a"):
        pass


def test_a_file_keeps_its_permissions_and_a_new_one_has_the_usual(tmp_path):
    (tmp_path / "a").write_text("before")
    (tmp_path / "a").chmod(0o640)
    (tmp_path / "usual").write_text("")
    for name in "ab":
        with atomic_write(tmp_path / name) as stream:
            stream.write(b"new")
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "b").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_long_names(tmp_path):
    name = "n" * 240 + ".prototxt"
    with atomic_write(tmp_path / name) as stream:
        stream.write(b"new")
    assert names(tmp_path) == [name]


def test_a_file_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    done, replace = [], Path.replace

    def renamed(path, target):
        done.append(("name", Path(target).name))
        return replace(path, target)

    monkeypatch.setattr(files, "_to_disk", lambda path: done.append(("disk", "folder" if path.is_dir() else "file")))
    monkeypatch.setattr(Path, "replace", renamed)
    with atomic_files(tmp_path / "a", tmp_path / "b") as paths:
        for path in paths:
            path.write_text("x", "utf-8")
    assert done == [("disk", "file"), ("disk", "file"), ("name", "a"), ("name", "b"), ("disk", "folder")]
