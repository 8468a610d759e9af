"""A result is written whole, or what was there before stays."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import textwrap

import pytest

from sklearn_mgc._atomic import check_writable, write_whole


def test_the_new_file_takes_the_place_of_the_old(tmp_path):
    path = tmp_path / "new" / "model ü.joblib"
    for content in ("one", "two"):
        with write_whole(path) as part:
            assert part.parent == path.parent and part.suffix == path.suffix
            part.write_text(content)
            assert not path.exists() or path.read_text() == "one"
        assert path.read_text() == content
    assert os.listdir(path.parent) == [path.name]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_after_a_failure_the_old_file_is_whole(tmp_path, error):
    path = tmp_path / "model.joblib"
    path.write_text("old")
    with pytest.raises(type(error)), write_whole(path) as part:  # noqa: PT012
        part.write_text("half")
        raise error
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["model.joblib"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_drive_is_named_with_the_file():
    with pytest.raises(OSError, match="^/dev/full: .*make room"), write_whole("/dev/full") as part:
        part.write_text("more than there is room for")


def test_nothing_written_is_an_error(tmp_path):
    path = tmp_path / "model.joblib"
    path.write_text("old")
    with pytest.raises(FileNotFoundError), write_whole(path):
        pass
    assert path.read_text() == "old"


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_a_killed_writer_leaves_the_old_file(tmp_path):
    path = tmp_path / "model.joblib"
    path.write_text("old")
    code = """
    import os, signal, sys
    from sklearn_mgc._atomic import write_whole
    with write_whole(sys.argv[1]) as part:
        part.write_text("half")
        os.kill(os.getpid(), signal.SIGKILL)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code), str(path)])
    assert done.returncode == -signal.SIGKILL
    assert path.read_text() == "old"


@pytest.mark.skipif(os.name != "posix", reason="modes, links and pipes of POSIX")
def test_mode_link_and_pipe(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("old")
    path.chmod(0o640)
    link = tmp_path / "link"
    link.symlink_to(path)
    with write_whole(link) as part:
        part.write_text("new")
    assert link.is_symlink() and path.read_text() == "new"
    circle = tmp_path / "circle"
    circle.symlink_to(circle)
    with write_whole(circle) as part:
        part.write_text("new")
    assert circle.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    with write_whole(os.devnull) as part:
        part.write_text("gone")
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)
    read, write = os.pipe()  # a path by which a shell passes on a pipe, as /dev/stdout does
    with write_whole(f"/dev/fd/{write}") as part:
        part.write_text("passed on")
    assert os.read(read, 20) == b"passed on"
    os.close(read)
    os.close(write)
    long = tmp_path / ("n" * 255)
    with write_whole(long) as part:
        part.write_text("new")
    assert long.read_text() == "new"


def test_check_writable_asks_and_leaves_nothing(tmp_path):
    (tmp_path / "file").write_text("")
    assert check_writable(tmp_path / "a" / "b") == (tmp_path / "a" / "b").resolve()
    with pytest.raises(IsADirectoryError, match="is a folder; name a file"):
        check_writable(tmp_path)
    with pytest.raises(NotADirectoryError, match="is a file, not a folder"):
        check_writable(tmp_path / "file" / "model.joblib")
    with pytest.raises(ValueError, match=r"a.xlsx: tables are written as CSV; name it a.csv"):
        check_writable(tmp_path / "a.xlsx")
    assert sorted(os.listdir(tmp_path)) == ["file"]


def test_check_writable_refuses_what_is_protected(as_anybody):
    (as_anybody / "file").write_text("")
    (as_anybody / "file").chmod(0o400)
    with pytest.raises(PermissionError, match="write-protected"):
        check_writable(as_anybody / "file")
    as_anybody.chmod(0o500)
    with pytest.raises(PermissionError, match="nothing can be created in"):
        check_writable(as_anybody / "new" / "file")


@pytest.mark.skipif(not os.path.isdir("/proc"), reason="needs a read-only file system")
def test_check_writable_knows_read_only_drives():
    with pytest.raises(OSError, match="/proc/model.joblib: cannot be written"):
        check_writable("/proc/model.joblib")
