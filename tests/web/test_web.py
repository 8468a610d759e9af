"""The page and its endpoints, asked as a program asks."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import tempfile
import threading
import time
from urllib.request import urlopen

import numpy as np
import pytest

from sklearn_mgc.__main__ import main
from sklearn_mgc.audio import load_audio
from sklearn_mgc.inspection.windows import as_file
from sklearn_mgc.saving import save_model
from sklearn_mgc.web import application, create_app

testclient = pytest.importorskip("fastapi.testclient", reason="needs the web extra and httpx")


@pytest.fixture(scope="module")
def client(model):
    app = create_app(model, max_bytes=3_000_000, max_seconds=20, window=5.0)
    with testclient.TestClient(app) as client:
        yield client


def test_the_page_needs_no_other_host(client):
    page = client.get("/")
    assert page.status_code == 200 and "Drop a song here" in page.text
    assert "http://" not in page.text and "https://" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]


def test_health_and_openapi(client):
    assert client.get("/health").json()["genres"] == ["classical", "electronic"]
    paths = client.get("/openapi.json").json()["paths"]
    assert {"/predict", "/timeline", "/explain", "/health"} <= set(paths)
    assert "requestBody" in paths["/predict"]["post"]


def test_predict_is_what_the_model_says(client, model, music):
    sound = as_file(music.data[0])
    said = client.post("/predict", content=sound).json()
    assert said["genre"] == model.predict([sound])[0] and said["sure"]
    expected = dict(zip(model.classes_, model.predict_proba([sound])[0], strict=True))
    assert said["probabilities"] == pytest.approx(expected, abs=1e-3)
    assert said["seconds"] == pytest.approx(4.0)


def test_a_long_recording_is_heard_to_its_end(client, music):
    classical = [y for y, g in zip(music.data, music.target, strict=True) if g == "classical"]
    electronic = [y for y, g in zip(music.data, music.target, strict=True) if g == "electronic"]
    mix = as_file(np.concatenate([*classical[:2], *electronic[:3]]))
    time = client.post("/timeline", content=mix).json()
    assert time["sections"][0]["genre"] == "classical"
    assert time["sections"][-1]["genre"] == "electronic"
    assert time["end"][-1] == pytest.approx(20.0, abs=0.01)
    said = client.post("/predict", content=mix).json()
    assert sum(said["probabilities"].values()) == pytest.approx(1, abs=1e-3)


def test_explain_draws_what_decided(client, music):
    why = client.post("/explain", content=as_file(music.data[0])).json()
    assert len(why["seconds_drop"]["silence"]) == len(why["seconds"]) - 1
    assert len(why["bands_drop"]["noise"]) == len(why["bands"]) - 1
    assert why["spectrogram"]["frames"] == 86  # of 1024 samples, in 4 s


@pytest.mark.parametrize(
    ("sound", "status", "message"),
    [
        (b"", 422, "empty"),
        (b"this is not audio" * 100, 422, "cannot be decoded"),
        (b"x" * 3_000_001, 413, "larger than 3 MB"),
        (as_file(np.full(21 * 22050, 0.1)), 413, "longer than 20 s"),
        (as_file(np.zeros(22050)), 422, "silent"),
        (as_file(np.zeros(15 * 22050)), 422, "silent"),  # longer than a window
    ],
)
def test_what_cannot_be_heard_is_refused_in_words(client, sound, status, message):
    answer = client.post("/predict", content=sound)
    assert answer.status_code == status
    assert message in answer.json()["message"]


@pytest.mark.parametrize("path", ["/predict", "/explain"])
def test_too_short_to_tell(client, path):
    answer = client.post(path, content=as_file(np.full(500, 0.1)))
    assert answer.status_code == 422 and "500 samples" in answer.json()["message"]


def test_not_sure(model, music):
    with testclient.TestClient(create_app(model, min_confidence=1.0)) as client:
        said = client.post("/predict", content=as_file(music.data[0])).json()
    assert said["genre"] is None and not said["sure"]


def test_many_at_once_are_all_answered(client, music):
    sounds = [as_file(music.data[i % 24]) for i in range(24)]
    alone = [client.post("/predict", content=sound).json() for sound in sounds]
    together: list = [None] * len(sounds)

    def ask(i: int) -> None:
        together[i] = client.post("/predict", content=sounds[i]).json()

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(len(sounds))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together == alone


def test_an_upload_that_breaks_off_is_no_fault_of_the_server(model):
    app = create_app(model)
    events = [
        {"type": "http.request", "body": b"RIFF", "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent = []

    async def receive():
        return events.pop(0)

    async def send(event):
        sent.append(event)

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "path": "/predict",
        "raw_path": b"/predict",
        "query_string": b"",
        "headers": [],
    }
    asyncio.run(app(scope, receive, send))
    assert sent[0]["status"] == 400 and b"broke off" in sent[1]["body"]


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_ends_when_told_to_though_an_upload_drips(model, tmp_path, number):
    pytest.importorskip("uvicorn")
    if threading.current_thread() is not threading.main_thread():
        pytest.skip("signals reach the main thread only")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    health = []

    def end() -> None:
        with socket.socket() as upload:
            for _ in range(600):
                try:
                    upload.connect(("127.0.0.1", port))
                    break
                except ConnectionRefusedError:
                    time.sleep(0.1)
            upload.sendall(b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\nRIFF")
            with urlopen(f"http://127.0.0.1:{port}/health") as answer:
                health.append(answer.status)
            os.kill(os.getpid(), number)
            thread_may_end.wait(60)

    thread_may_end = threading.Event()
    thread = threading.Thread(target=end)
    thread.start()
    path = save_model(model, tmp_path / "model.joblib")
    status = main(["serve", str(path), "--trust", "--port", str(port)])
    assert thread.is_alive()  # the upload was still open
    thread_may_end.set()
    thread.join()
    assert (status, health) == (0, [200])


def test_waiting_uploads_are_on_the_drive_and_there_is_a_limit(model, music, monkeypatch):
    """Twenty of the largest size may wait; what is answered makes room."""
    sound = as_file(music.data[0])
    files, thread_may_go_on = [], threading.Event()

    def kept(**options):
        files.append(tempfile.TemporaryFile(**options))  # noqa: SIM115 - closed by who asked
        return files[-1]

    def slow(source, **options):
        assert source in files  # no bytes, whose place is the memory
        if os.name == "posix":
            assert os.fstat(source.fileno()).st_nlink == 0  # no name, nothing to be left behind
        thread_may_go_on.wait(60)
        return load_audio(source, **options)

    monkeypatch.setattr(application, "TemporaryFile", kept)
    monkeypatch.setattr(application, "load_audio", slow)
    statuses = []
    with testclient.TestClient(create_app(model, max_bytes=len(sound))) as client:

        def ask():
            statuses.append(client.post("/predict", content=sound).status_code)

        threads = [threading.Thread(target=ask) for _ in range(23)]
        for thread in threads:
            thread.start()
        while len(statuses) < 3:
            time.sleep(0.01)
        assert statuses == [503] * 3
        thread_may_go_on.set()
        for thread in threads:
            thread.join()
        assert sorted(statuses) == [200] * 20 + [503] * 3
        ask()
        assert statuses[-1] == 200
    assert all(file.closed for file in files)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_drive_is_told(model, music, monkeypatch):
    full = open("/dev/full", "wb", buffering=0)  # noqa: SIM115 - closed by who asked
    monkeypatch.setattr(application, "TemporaryFile", lambda **options: full)
    with testclient.TestClient(create_app(model)) as client:
        answer = client.post("/predict", content=as_file(music.data[0]))
    assert answer.status_code == 507 and "No space left" in answer.json()["message"]


def test_serve_says_that_the_port_is_taken_before_it_loads_a_model(capsys):
    pytest.importorskip("uvicorn")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main(["serve", "no such model", "--port", port]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"error: cannot listen on 127.0.0.1, port {port}: ")
    assert len(said.splitlines()) == 1 and "http://" not in said
    assert main(["serve", "no such model", "--port", "99999"]) == 2
    assert "cannot listen on 127.0.0.1, port 99999" in capsys.readouterr().err
