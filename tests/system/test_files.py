"""Small private files: whole or not at all, and refused if others could read or change them."""

import os
import threading

import pytest

from skyparley.adapters.system import files
from skyparley.adapters.system.files import FileFault, locked, make_folder, read_private, read_public, write_atomic


def mode(path) -> int:
    return path.stat().st_mode & 0o777


def test_a_file_is_written_and_replaced_with_its_mode(tmp_path):
    path = tmp_path / "x"
    before = os.umask(0)
    try:
        write_atomic(path, b"one")
        write_atomic(path, b"two")
        write_atomic(tmp_path / "y", b"", mode=0o644)
    finally:
        os.umask(before)
    assert read_private(path, what="x") == b"two"
    assert (mode(path), mode(tmp_path / "y")) == (0o600, 0o644)
    assert sorted(os.listdir(tmp_path)) == ["x", "y"]


@pytest.mark.parametrize("call", ["fsync", "replace", "fchmod"])
def test_a_write_that_fails_leaves_the_old_file_and_no_stray(tmp_path, monkeypatch, call):
    path = tmp_path / "x"
    write_atomic(path, b"old")

    def fail(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, call, fail)
    with pytest.raises(OSError, match="No space"):
        write_atomic(path, b"new")
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["x"]


def test_a_write_that_is_kept_but_reported_lost(tmp_path, monkeypatch):
    """The sync of the folder fails after the rename: the caller hears of it, and the file holds all of the new data."""
    path = tmp_path / "x"
    write_atomic(path, b"old")

    def fail(folder):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(files, "_sync_folder", fail)
    with pytest.raises(OSError, match="Input/output"):
        write_atomic(path, b"new")
    assert path.read_bytes() == b"new"


def test_bytes_are_synced_before_the_rename_and_the_folder_after_it(tmp_path, monkeypatch):
    calls = []
    for name in ("fsync", "replace"):
        real = getattr(os, name)
        monkeypatch.setattr(files.os, name, lambda *args, name=name, real=real: (calls.append(name), real(*args))[1])
    write_atomic(tmp_path / "x", b"data")
    assert calls == ["fsync", "replace", "fsync"]


@pytest.mark.parametrize(
    ("bits", "private", "public"),
    [
        (0o600, True, True),
        (0o400, True, True),
        (0o640, False, True),
        (0o604, False, True),
        (0o620, False, False),
        (0o602, False, False),
    ],
)
def test_who_else_may_read_or_write(tmp_path, bits, private, public):
    path = tmp_path / "x"
    path.write_bytes(b"data")
    path.chmod(bits)
    for read, allowed, right in (
        (read_private, private, f"chmod 600 {path}"),
        (read_public, public, f"chmod go-w {path}"),
    ):
        if allowed:
            assert read(path, what="x") == b"data"
        else:
            with pytest.raises(FileFault) as caught:
                read(path, what="x")
            assert right in str(caught.value)


def test_what_cannot_be_read_is_named(tmp_path):
    with pytest.raises(FileFault, match="missing; it should hold the plan"):
        read_private(tmp_path / "none", what="the plan")
    with pytest.raises(FileFault, match=r"cannot be read|not a file"):
        read_private(tmp_path, what="the plan")
    (tmp_path / "big").write_bytes(bytes(files.FILE_BYTES + 1))
    (tmp_path / "big").chmod(0o600)
    with pytest.raises(FileFault, match="larger than"):
        read_private(tmp_path / "big", what="the plan")


def test_a_folder_is_private_and_one_that_is_there_stays_as_it_is(tmp_path):
    make_folder(tmp_path / "a" / "b")
    assert mode(tmp_path / "a" / "b") == 0o700
    (tmp_path / "c").mkdir(mode=0o755)
    make_folder(tmp_path / "c")
    assert mode(tmp_path / "c") == 0o755


def test_one_holder_at_a_time(tmp_path):
    """The second waits until the first lets go; the order of the notes says so."""
    notes, inside = [], threading.Event()

    def second():
        inside.wait(5)
        with locked(tmp_path / "x"):
            notes.append("second in")

    other = threading.Thread(target=second)
    other.start()
    with locked(tmp_path / "x"):
        inside.set()
        other.join(0.2)
        assert other.is_alive()
        notes.append("first out")
    other.join(5)
    assert notes == ["first out", "second in"]
