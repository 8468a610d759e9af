"""Downloads from a local server that drops connections, lies and stalls."""

from __future__ import annotations

import hashlib
import io
import re
import tarfile
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import numpy as np
import pytest

from sklearn_mgc.datasets import download, fetch_fma, fetch_fma_features, fetch_gtzan
from sklearn_mgc.datasets.catalog import data_sets

CONTENT = np.random.default_rng(0).bytes(300_000)


class Server(ThreadingHTTPServer):
    """What is served, and what was asked for."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}/sound"
        self.files = {"music.bin": CONTENT}
        self.faults: list = [None]
        self.requests: list[tuple[str, str | None]] = []
        self.awake = threading.Event()


class Handler(BaseHTTPRequestHandler):
    """Serves `files`; each request takes the next of `faults`, the last one for good."""

    def do_GET(self):  # noqa: C901 - one branch per fault of a server
        server = self.server
        assert isinstance(server, Server)
        server.requests.append((self.path, self.headers.get("Range")))
        fault = server.faults.pop(0) if len(server.faults) > 1 else server.faults[0]
        content = server.files.get(self.path.rsplit("/", 1)[-1])
        if content is None or isinstance(fault, int):
            self.send_error(fault if isinstance(fault, int) else 404)
            return
        match = re.match(r"bytes=(\d+)-", self.headers.get("Range") or "")
        start = int(match[1]) if match and fault != "ignores ranges" else 0
        if start >= len(content):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(content)}")
            self.end_headers()
            return
        self.send_response(206 if start else 200)
        if start:
            shown = start + 5 if fault == "other range" else start
            self.send_header("Content-Range", f"bytes {shown}-{len(content) - 1}/{len(content)}")
        extra = {"promises too much": 1000, "promises far too much": 2**50}.get(fault, 0)
        if fault != "endless":
            self.send_header("Content-Length", str(len(content) - start + extra))
        self.end_headers()
        body = content[start:]
        if fault == "wrong":
            body = bytes(len(body))
        try:
            if fault == "drops":
                self.wfile.write(body[:100_000])
            elif fault == "drops at once":
                pass
            elif fault == "endless":
                while True:
                    self.wfile.write(bytes(100_000))
            elif fault == "drips":
                for byte in body[:100]:
                    self.wfile.write(bytes([byte]))
                    server.awake.wait(0.02)
            elif fault == "stalls":
                self.wfile.write(body[:50_000])
                self.wfile.flush()
                server.awake.wait(10)
            else:
                self.wfile.write(body)
        except OSError:
            pass  # the client gave up

    def log_message(self, *args):
        pass


@pytest.fixture
def server(monkeypatch):
    """A server in a thread; waiting between attempts costs no time."""
    monkeypatch.setattr(download.time, "sleep", lambda seconds: None)
    http = Server()
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield http
    http.awake.set()
    http.shutdown()
    thread.join()
    http.server_close()


def get(server, folder, mirrors=None, content=CONTENT, size=1000, timeout=5.0, verbose=0):
    checksum = "sha1:" + hashlib.sha1(content).hexdigest()
    return download.download(
        "music.bin", checksum, folder, mirrors or [server.url],
        size=size, timeout=timeout, verbose=verbose,
    )  # fmt: skip


def check(path):
    assert path.read_bytes() == CONTENT
    assert visible(path.parent) == ["music.bin"]


def visible(folder):
    """Without the lock, which stays."""
    return [file.name for file in folder.iterdir() if not file.name.startswith(".")]


def test_whole_file_with_progress_and_only_once(server, tmp_path, capsys):
    check(get(server, tmp_path / "new", verbose=1))
    assert "music.bin" in capsys.readouterr().err
    check(get(server, tmp_path / "new"))
    assert len(server.requests) == 1
    assert capsys.readouterr().err == ""


def test_dropped_connections_go_on_where_they_stopped(server, tmp_path):
    server.faults = ["drops"]
    check(get(server, tmp_path))
    assert [range for _, range in server.requests] == [None, "bytes=100000-", "bytes=200000-"]


def test_stalled_connection(server, tmp_path):
    server.faults = ["stalls", None]
    check(get(server, tmp_path, timeout=0.3))
    assert server.requests[1][1] == "bytes=50000-"


def test_ranges_ignored(server, tmp_path):
    server.faults = ["drops", "ignores ranges"]
    check(get(server, tmp_path))
    assert len(server.requests) == 2


def test_a_server_that_never_finishes_is_given_up(server, tmp_path):
    """Neither Range nor an end: each connection brings bytes, and none of them new."""
    real, server.faults = Handler.do_GET, ["drops"]

    def do_GET(self):
        del self.headers["Range"]
        real(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Handler, "do_GET", do_GET)
        with pytest.raises(download.DownloadError, match="ended early.*100000 bytes are kept"):
            get(server, tmp_path)
    assert len(server.requests) == 1 + 4


def test_other_range_than_asked_for(server, tmp_path):
    server.faults = ["drops", "other range", None]
    check(get(server, tmp_path))


def test_the_next_call_goes_on(server, tmp_path):
    server.faults = ["drops", "drops at once"]
    with pytest.raises(download.DownloadError, match="100000 bytes are kept"):
        get(server, tmp_path)
    server.faults = [None]
    check(get(server, tmp_path))
    assert server.requests[-1][1] == "bytes=100000-"


def test_errors_of_the_server(server, tmp_path):
    server.faults = [503, 503, None]
    check(get(server, tmp_path / "a"))
    server.faults, server.requests[:] = [404], []
    with pytest.raises(download.DownloadError, match="HTTP status 404"):
        get(server, tmp_path / "b")
    assert len(server.requests) == 1  # what is not there does not come by asking again
    server.faults, server.requests[:] = [500], []
    with pytest.raises(download.DownloadError, match="HTTP status 500"):
        get(server, tmp_path / "b")
    assert len(server.requests) == 4
    assert visible(tmp_path / "b") == []


def test_wrong_bytes_and_mirrors(server, tmp_path):
    server.faults = ["wrong"]
    with pytest.raises(download.DownloadError, match="other content than expected"):
        get(server, tmp_path)
    assert visible(tmp_path) == []
    server.faults, server.requests[:] = ["wrong", 404, None], []
    mirrors = [f"{server.url}/{name}" for name in "abc"]
    check(get(server, tmp_path, mirrors))
    assert [path for path, _ in server.requests] == [f"/sound/{name}/music.bin" for name in "abc"]


def test_remains_of_another_file_are_not_trusted(server, tmp_path):
    (tmp_path / "music.bin.part").write_bytes(b"x" * 1000)
    check(get(server, tmp_path))
    assert [range for _, range in server.requests] == ["bytes=1000-", None]
    (tmp_path / "music.bin").unlink()
    (tmp_path / "music.bin.part").write_bytes(b"x" * 400_000)  # longer than the file
    check(get(server, tmp_path))
    (tmp_path / "music.bin").unlink()
    (tmp_path / "music.bin.part").write_bytes(CONTENT)  # killed before it was renamed
    check(get(server, tmp_path))


def test_nobody_listens(server, tmp_path):
    with pytest.raises(download.DownloadError, match="refused"):
        get(server, tmp_path, mirrors=["http://127.0.0.1:9"])


def test_space_is_asked_for_first(server, tmp_path, monkeypatch):
    usage = SimpleNamespace(free=200_000)
    monkeypatch.setattr(download.shutil, "disk_usage", lambda folder: usage)
    with pytest.raises(OSError, match="music.bin needs .* GiB are free; pass another data_home"):
        get(server, tmp_path, size=250_000)
    assert server.requests == []
    with pytest.raises(OSError, match="music.bin needs"):
        get(server, tmp_path)  # the server knows better
    (tmp_path / "music.bin.part").write_bytes(CONTENT[:150_000])
    check(get(server, tmp_path, size=300_000))  # what came needs no space


def test_mirrors(monkeypatch):
    monkeypatch.delenv("SKLEARN_MGC_MIRRORS", raising=False)
    assert download.mirrors_of(["https://a"], None) == ["https://a"]
    monkeypatch.setenv("SKLEARN_MGC_MIRRORS", " https://b http://c/x ")
    assert download.mirrors_of(["https://a"], None) == ["https://b", "http://c/x"]
    assert download.mirrors_of(["https://a"], "https://d") == ["https://d"]
    with pytest.raises(ValueError, match="'file:///etc'"):
        download.mirrors_of([], ["file:///etc"])


def serve(server, monkeypatch, **contents):
    """Put archives on the server, and their checksums where those of the real ones are."""
    for name, content in contents.items():
        name = name.replace("__", ".")
        server.files[name] = content
        checksum = "sha1:" + hashlib.sha1(content).hexdigest()
        archives = next(d.archives for d in data_sets().values() if name in d.archives)
        monkeypatch.setitem(archives, name, (checksum, len(content)))


@pytest.mark.filterwarnings("ignore:.*of GTZAN's 1000 clips are missing")
def test_gtzan(server, tmp_path, miniature, monkeypatch):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as file:
        file.add(miniature("gtzan"), "genres")
    serve(server, monkeypatch, genres__tar__gz=packed.getvalue())
    monkeypatch.setenv("SKLEARN_MGC_MIRRORS", server.url)
    home = tmp_path / "home"
    for _ in range(2):
        gtzan = fetch_gtzan(data_home=home, verbose=0)
        assert gtzan.ids.tolist() == ["blues.00000", "blues.00001", "jazz.00000", "jazz.00001"]
    assert len(server.requests) == 1
    X, _ = fetch_gtzan(data_home=home, split="paper", return_X_y=True, verbose=0)
    assert len(X) == 4


@pytest.mark.filterwarnings("ignore:.*of GTZAN's 1000 clips are missing")
def test_gtzan_without_a_mirror(tmp_path, miniature, monkeypatch):
    monkeypatch.delenv("SKLEARN_MGC_MIRRORS", raising=False)
    with pytest.raises(FileNotFoundError, match=r"(?s)host of genres.tar.gz is gone.*mirrors="):
        fetch_gtzan(data_home=tmp_path)
    with pytest.raises(FileNotFoundError, match="no GTZAN here"):
        fetch_gtzan(data_home=tmp_path, mirrors="http://127.0.0.1:9", download_if_missing=False)
    miniature("gtzan", tmp_path / "gtzan" / "genres_original")
    assert fetch_gtzan(data_home=tmp_path).layout == "kaggle"


def test_fma(server, tmp_path, miniature, monkeypatch):
    archives = {path.stem: path.read_bytes() for path in miniature("fma").glob("*.zip")}
    serve(server, monkeypatch, **{f"{name}__zip": content for name, content in archives.items()})
    server.faults = ["drops at once", None]
    home = tmp_path / "home"
    for _ in range(2):
        music = fetch_fma(data_home=home, mirrors=server.url, verbose=0)
        assert music.ids.tolist() == [2, 5, 10]
        assert len(server.requests) == 3
    with pytest.raises(FileNotFoundError, match="fma_large.zip is not there"):
        fetch_fma("large", data_home=home, download_if_missing=False)
    (home / "fma" / "fma_small.zip").rename(home / "fma" / "fma_medium.zip")
    music = fetch_fma(data_home=home, download_if_missing=False)
    assert "fma_medium.zip" in music.data[0]


def test_fma_features_need_the_tables_only(server, tmp_path, miniature, monkeypatch):
    archive = miniature("fma") / "fma_metadata.zip"
    serve(server, monkeypatch, fma_metadata__zip=archive.read_bytes())
    with pytest.raises(FileNotFoundError, match="fma_metadata.zip is not there"):
        fetch_fma_features(data_home=tmp_path / "home", download_if_missing=False)
    X, y = fetch_fma_features(
        data_home=tmp_path / "home", mirrors=server.url, return_X_y=True, verbose=0
    )
    assert X.shape == (3, 25) and y.tolist() == ["Pop", "Folk", "Pop"]
    assert [path for path, _ in server.requests] == ["/sound/fma_metadata.zip"]
    with pytest.raises(ValueError, match="columns 'paper' or 'all'"):
        fetch_fma_features(columns="some")


def test_fma_needs_space(tmp_path, monkeypatch):
    monkeypatch.setattr(
        download.shutil, "disk_usage", lambda folder: SimpleNamespace(free=100 * 2**30)
    )
    with pytest.raises(OSError, match="fma_full.zip needs 879.3 GiB, 100.0 GiB are free"):
        fetch_fma("full", data_home=tmp_path)
    with pytest.raises(ValueError, match="unknown subset 'tiny'; choose from small"):
        fetch_fma("tiny", data_home=tmp_path)


def test_a_download_without_end_is_ended_and_the_next_mirror_tried(server, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "_SLACK", 100_000)
    server.faults = ["endless", None]
    mirrors = [f"{server.url}/{name}" for name in "ab"]
    check(get(server, tmp_path, mirrors, size=len(CONTENT)))
    assert server.requests[0][0] == "/sound/a/music.bin"
    server.faults = ["endless"]
    with pytest.raises(download.DownloadError, match="does not end after"):
        get(server, tmp_path / "new", size=len(CONTENT))


def test_a_byte_now_and_then_is_not_a_download(server, tmp_path):
    server.faults = ["drips"]
    with pytest.raises(download.DownloadError, match="less than 1024 bytes a second"):
        get(server, tmp_path, timeout=0.2)
    assert len(server.requests) == 4


@pytest.mark.parametrize("fault", ["promises too much", "promises far too much"])
def test_a_mirror_that_lies_about_the_length_does_not_keep_the_next_from_being_tried(
    server, tmp_path, fault
):
    def do_get(handler, real=Handler.do_GET):
        server.faults = [fault] if "/a/" in handler.path else [None]
        real(handler)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Handler, "do_GET", do_get)
        check(get(server, tmp_path, [f"{server.url}/{name}" for name in "ab"]))


def test_two_at_once_download_once(server, tmp_path):
    with ThreadPoolExecutor(4) as pool:
        for path in pool.map(lambda _: get(server, tmp_path), range(4)):
            check(path)
    assert len(server.requests) == 1
