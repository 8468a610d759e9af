"""The page, used as somebody uses it: in a browser."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import threading
import time

import pytest

from sklearn_mgc.inspection.windows import as_file
from sklearn_mgc.web import create_app

uvicorn = pytest.importorskip("uvicorn", reason="needs the web extra")
pytest.importorskip("fastapi", reason="needs the web extra")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
PATIENCE = 120  # seconds until a step is given up


class Browser:
    """Chromium without a window, told what to do over a pipe by its DevTools protocol."""

    def __init__(self, profile):
        to_read, self._to = os.pipe()
        self._from, to_write = os.pipe()

        def connect():  # it reads from 3 and writes to 4
            ends = [os.dup(end) for end in (to_read, to_write)]
            while any(end in (3, 4) for end in ends):
                ends = [os.dup(end) for end in ends]
            os.dup2(ends[0], 3)
            os.dup2(ends[1], 4)

        self._process = subprocess.Popen(
            [
                CHROMIUM, "--headless=new", "--remote-debugging-pipe", "--disable-gpu",
                "--no-sandbox", "--no-first-run", f"--user-data-dir={profile}",
            ],
            preexec_fn=connect,
            pass_fds=(3, 4),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(to_read)
        os.close(to_write)
        self._messages = os.fdopen(self._from, "rb")
        self._number, self._session, self.exceptions = 0, {}, []

    def __call__(self, method, **params):
        """Ask for something and wait for the answer."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params} | self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while (answer := self._next()).get("id") != self._number:
            if answer["method"] == "Runtime.exceptionThrown":
                self.exceptions.append(answer["params"])
        assert "error" not in answer, answer
        return answer["result"]

    def _next(self):
        text = b"".join(iter(lambda: self._messages.read(1), b"\0"))
        return json.loads(text)

    def open(self, address):
        target = self("Target.createTarget", url=address)["targetId"]
        session = self("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self._session = {"sessionId": session}
        self("Runtime.enable")
        self.wait("document.readyState == 'complete' && genres.length > 0")

    def choose(self, file):
        """Choose a file, as a user does after a click on the button."""
        document = self("DOM.getDocument")["root"]["nodeId"]
        node = self("DOM.querySelector", nodeId=document, selector="#file")["nodeId"]
        self("DOM.setFileInputFiles", nodeId=node, files=[str(file)])

    def value(self, script):
        return self("Runtime.evaluate", expression=script, returnByValue=True)["result"].get(
            "value"
        )

    def wait(self, condition):
        end = time.monotonic() + PATIENCE
        while not self.value(f"Boolean({condition})"):
            assert time.monotonic() < end, self.value("document.body.innerText")
            time.sleep(0.05)

    def text(self, name):
        return self.value(f"document.getElementById('{name}').textContent")

    def close(self):
        self._process.terminate()
        self._process.wait()
        self._messages.close()
        os.close(self._to)


@pytest.fixture(scope="module")
def address(model):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(create_app(model), log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def browser(address, tmp_path_factory):
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine")
    if os.name != "posix":
        pytest.skip("pipes of POSIX")
    browser = Browser(tmp_path_factory.mktemp("profile"))
    browser.open(address)
    yield browser
    browser.close()


def test_a_clip_gets_its_genre(browser, model, music, tmp_path):
    sound = as_file(music.data[0])
    clip = tmp_path / "<b>clip & co.wav"
    clip.write_bytes(sound)
    browser.choose(clip)
    browser.wait("$('status').textContent.endsWith('4 s') || $('error').textContent")
    assert browser.text("error") == ""
    assert browser.text("status") == "<b>clip & co.wav, 4 s"
    assert browser.text("answer") == model.predict([sound])[0]
    best = max(model.predict_proba([sound])[0])
    shown = browser.value("[...document.querySelectorAll('#genres div')].map(d => d.innerText)")
    assert len(shown) == 2 and f"{100 * best:.0f} %" in shown[0]
    colors = "new Set($('{}').getContext('2d').getImageData(0, 0, 100, 100).data).size"
    assert browser.value(colors.format("time")) > 1 and browser.value(colors.format("mel")) > 1
    assert browser.exceptions == []


def test_rubbish_is_refused_in_words_and_the_next_clip_is_heard(browser, music, tmp_path):
    rubbish, clip = tmp_path / "rubbish.mp3", tmp_path / "next.wav"
    rubbish.write_bytes(b"this is not audio" * 100)
    clip.write_bytes(as_file(music.data[1]))
    browser.choose(rubbish)
    browser.wait("$('error').textContent")
    assert browser.text("error").startswith("rubbish.mp3: cannot be decoded")
    assert browser.value("$('result').hidden") and browser.text("status") == ""
    browser.choose(clip)
    browser.wait("!$('result').hidden")
    assert browser.text("error") == "" and browser.text("answer") in ("classical", "electronic")
    browser.wait("$('status').textContent == 'next.wav, 4 s'")
    assert browser.exceptions == []
