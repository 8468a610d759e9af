"""Each result is short text at a prompt, a table when it is printed and a table in a notebook."""

import base64
import inspect
import pkgutil
import re
from importlib import import_module

import numpy as np
import pytest
import soundfile
from sklearn.linear_model import LogisticRegression

import sklearn_mgc
from sklearn_mgc import display
from sklearn_mgc.audio import load_audio
from sklearn_mgc.display import AudioPlayers
from sklearn_mgc.display.tables import Report
from sklearn_mgc.evaluation import RobustnessResult, compare, cross_validate, leakage_report
from sklearn_mgc.inspection import DescriptorImportance, Explanation, GenreTimeline

NASTY = "<b>no\x1b[2J name</b>"


def evaluation():
    y = np.array(["jazz", NASTY] * 30)
    X = np.random.default_rng(0).normal(size=(60, 3))
    return cross_validate(LogisticRegression(), X, y, groups=np.arange(60) // 2, cv=3)


def comparison():
    result = evaluation()
    return compare(result, result, names=("A", NASTY))


def robustness():
    y = np.array(["jazz", NASTY] * 20, dtype=object)
    return RobustnessResult(y, {"clean": y, NASTY: y[::-1]})


def leakage():
    X = np.random.default_rng(0).normal(size=(60, 3))
    artists = np.array([NASTY, *map(str, range(29))]).repeat(2)
    return leakage_report(X, np.arange(60) % 2, groups=artists, cv=3)


def timeline():
    start = np.arange(3000.0)
    rng = np.random.default_rng(0)
    return GenreTimeline(
        NASTY, start, start + 30, rng.dirichlet(np.ones(2), 3000), np.array([NASTY, "jazz"])
    )


def explanation():
    ends = np.arange(1001.0)
    drops = {"silence": ends[1:] / 2000, "noise": ends[:-1] / 2000}
    return Explanation(NASTY, NASTY, 0.8, ends, ends, drops, drops)


def importance():
    names = [NASTY, *(f"mfcc{i}" for i in range(999))]
    drops = np.linspace(0.2, -0.1, 5000).reshape(1000, 5)
    return DescriptorImportance(names, np.ones(1000, int), drops, np.ones(5), NASTY)


MADE = {
    f.__name__: f
    for f in (evaluation, comparison, robustness, leakage, timeline, explanation, importance)
}


@pytest.mark.parametrize("name", MADE)
def test_a_result_draws_itself(name):
    pytest.importorskip("matplotlib")
    shown = MADE[name]().plot()
    assert type(shown).__name__ in display.__all__ and shown.figure_.axes


@pytest.mark.parametrize("name", MADE)
def test_a_result_shows_itself(name):
    result = MADE[name]()
    text = repr(result)
    assert len(text) < 400 and "\n" not in text and "array(" not in text
    assert text.startswith(f"<{type(result).__name__}: ")
    assert len(str(result).splitlines()) >= 3
    for shown in (text, str(result)):
        assert "\x1b" not in shown
    html = result._repr_html_()
    assert html.count("<table>") == html.count("</table>") == 1 and "<td" in html
    assert "\x1b" not in html and "<b>" not in html


def test_every_class_that_is_shown_in_a_notebook_is_among_them():
    shown = set()
    for module in pkgutil.walk_packages(sklearn_mgc.__path__, "sklearn_mgc."):
        if "__main__" in module.name:
            continue
        for _, kind in inspect.getmembers(import_module(module.name), inspect.isclass):
            shows = "_repr_html_" in vars(kind) or issubclass(kind, Report)
            if kind.__module__ == module.name and shows and kind is not Report:
                shown.add(kind.__name__)
    results = {type(make()).__name__ for make in MADE.values()}
    assert shown == results | {"AudioPlayers"}  # which no result is


def test_players_hold_the_clips_they_name(tmp_path):
    waveform = np.sin(2 * np.pi * 440 * np.arange(22050) / 22050).astype(np.float32)
    file = tmp_path / "a.wav"
    soundfile.write(file, waveform, 22050)
    for clip in (waveform, file):
        html = AudioPlayers({NASTY: clip})._repr_html_()
        assert "\x1b" not in html and "<b>" not in html
        (data,) = re.findall(r'src="data:audio/mpeg;base64,([^"]+)"', html)
        heard = load_audio(base64.b64decode(data))
        assert abs(len(heard) - 22050) < 3000
        assert np.abs(np.fft.rfft(heard[:8192])).argmax() == pytest.approx(
            440 * 8192 / 22050, abs=1
        )
