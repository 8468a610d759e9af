"""Genre over time and explanations, on music whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mgc import HandcraftedFeatures
from sklearn_mgc.audio import SilentAudioError, TooShortError
from sklearn_mgc.datasets import make_music
from sklearn_mgc.inspection import explain, genre_timeline
from sklearn_mgc.inspection.windows import as_file, windows_of

RATE = 22050


@pytest.fixture(scope="module")
def music():
    return make_music(
        40, genres=["classical", "electronic"], artists_per_genre=4, duration=4.0, random_state=0
    )


@pytest.fixture(scope="module")
def model(music):
    pipeline = make_pipeline(
        HandcraftedFeatures(), StandardScaler(), LogisticRegression(C=0.1, max_iter=1000)
    )
    return pipeline.fit(music.data, music.target)


def of(music, genre: str, n: int) -> np.ndarray:
    """Clips of a genre, one after the other."""
    clips = [wave for wave, g in zip(music.data, music.target, strict=True) if g == genre]
    return np.concatenate(clips[:n])


@pytest.mark.parametrize("length", [0.5, 3.0, 4.0, 7.3, 61.0])
@pytest.mark.parametrize(("window", "hop"), [(3.0, 1.0), (3.0, 3.0), (2.0, 5.0), (30.0, 5.0)])
def test_windows_cover_a_recording(length, window, hop):
    y = np.arange(round(length * RATE), dtype=np.float32) / 1e7
    found = list(windows_of(as_file(y), window, hop))
    starts = [start for start, _ in found]
    for start, part in found:
        first = round(start * RATE)
        np.testing.assert_array_equal(part, y[first : first + len(part)])
    assert starts[0] == 0 and starts == sorted(set(starts))
    assert round(starts[-1] * RATE) + len(found[-1][1]) == len(y)  # to the end
    assert {len(part) for _, part in found} == {min(len(y), round(window * RATE))}


def test_a_mix_changes_where_its_genre_changes(music, model):
    mix = np.concatenate([of(music, "classical", 6), of(music, "electronic", 6)])
    timeline = genre_timeline(model, as_file(mix), window=4.0, hop=1.0).smoothed(4.0)
    sections = timeline.sections()
    assert [section["genre"] for section in sections] == ["classical", "electronic"]
    assert sections[0]["end"] == sections[1]["start"] == pytest.approx(24, abs=3)
    assert sections[-1]["end"] == pytest.approx(48)
    frame = timeline.to_frame()
    np.testing.assert_allclose(frame[["classical", "electronic"]].sum(axis=1), 1)
    assert "0:00" in str(timeline) and "<table" in timeline._repr_html_()
    np.testing.assert_allclose(timeline.overall.sum(), 1)


def test_silence_is_no_genre(music, model):
    mix = np.concatenate([of(music, "classical", 3), np.zeros(12 * RATE, np.float32)])
    timeline = genre_timeline(model, as_file(mix), window=4.0, hop=4.0)
    assert timeline.genres[-1] is None and timeline.genres[0] == "classical"
    assert timeline.sections()[-1]["genre"] is None
    assert np.isfinite(timeline.overall).all()


def test_a_recording_without_any_sound_has_no_timeline(model, tmp_path):
    path = tmp_path / "silence.wav"
    path.write_bytes(as_file(np.zeros(12 * RATE)))
    with pytest.raises(SilentAudioError, match=r"silence\.wav: is silent"):
        genre_timeline(model, path, window=4.0, hop=4.0)


def test_one_short_recording_is_one_window(music, model):
    timeline = genre_timeline(model, as_file(music.data[0]), window=30.0)
    expected = model.predict_proba([as_file(music.data[0])])
    np.testing.assert_allclose(timeline.probabilities, expected, atol=1e-5)


class _Loudness(ClassifierMixin, BaseEstimator):
    """Says "cue" as far as there is a tone of 1,000 Hz in the clip, or guesses."""

    classes_ = np.array(["cue", "none"])

    def __init__(self, hears=True):
        self.hears = hears

    def fit(self, X, y=None):
        return self

    def __sklearn_is_fitted__(self):
        return True

    def predict_proba(self, X):
        from sklearn_mgc import load_audio

        rows = []
        for item in X:
            y = load_audio(item, sample_rate=RATE)
            if not y.any():
                raise SilentAudioError("clip", "is silent", "leave it out")
            t = np.arange(len(y)) / RATE
            frames = np.abs(
                [np.sum(y[i : i + RATE] * np.exp(-2j * np.pi * 1000 * t[i : i + RATE]))
                 for i in range(0, len(y) - RATE + 1, RATE)]
            )  # fmt: skip
            share = min(1.0, frames.max() / (0.1 * RATE)) if self.hears else 0.5
            rows.append([share, 1 - share])
        return np.array(rows)


@pytest.fixture(scope="module")
def planted():
    """Ten seconds of noise with a tone in seconds 4 to 6."""
    rng = np.random.default_rng(0)
    y = 0.02 * rng.normal(size=10 * RATE).astype(np.float32)
    t = np.arange(10 * RATE) / RATE
    return y + np.where((t >= 4) & (t < 6), 0.3 * np.sin(2 * np.pi * 1000 * t), 0).astype("f4")


def test_the_planted_cue_is_found(planted):
    found = explain(_Loudness(), as_file(planted), part=2.0, n_bands=12)
    assert (found.genre, found.probability) == ("cue", pytest.approx(1.0))
    for hole in ("silence", "noise"):
        assert found.seconds_drop[hole].argmax() == 2  # 4 to 6 s
        assert found.seconds_drop[hole][2] > 0.5 > 5 * np.delete(found.seconds_drop[hole], 2).max()
        band = int(found.bands_drop[hole].argmax())
        assert found.bands[band] <= 1000 < found.bands[band + 1]
    frame = found.to_frame()
    assert len(frame) == 2 * (5 + 12) and set(frame["hole"]) == {"silence", "noise"}
    assert "4 to 6 s" in repr(found) and "4 to 6 s" in str(found)


def test_a_model_that_guesses_has_no_reasons(planted):
    found = explain(_Loudness(hears=False), as_file(planted))
    assert not np.concatenate([*found.seconds_drop.values(), *found.bands_drop.values()]).any()


def test_explanation_of_a_real_pipeline(music, model):
    found = explain(model, as_file(music.data[0]), n_bands=6)
    assert found.genre == model.predict([as_file(music.data[0])])[0]
    values = np.concatenate([*found.seconds_drop.values(), *found.bands_drop.values()])
    assert np.isfinite(values).all() and np.abs(values).max() <= 1


def test_what_the_model_cannot_hear_cannot_be_explained(model, tmp_path):
    path = tmp_path / "short.wav"
    path.write_bytes(as_file(np.full(500, 0.1)))
    with pytest.raises(TooShortError, match=r"short\.wav: has 500 samples"):
        explain(model, path)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m, y: genre_timeline(m, y, window=0), "window must be a number of seconds"),
        (lambda m, y: genre_timeline(m, y, hop=-1), "hop must be a number of seconds"),
        (lambda m, y: explain(m, y, genre="polka"), "'polka' is not one of classical"),
        (lambda m, y: explain(m, y, part=0), "part must be a number of seconds"),
        (lambda m, y: explain(m, y, n_bands=1), "n_bands must be at least 2"),
        (lambda m, y: explain(m, y, method="shap"), "method must be 'occlusion' or"),
        (lambda m, y: genre_timeline(m, y).smoothed(-1), "seconds must be at least 0"),
    ],
)
def test_wrong_use(music, model, call, message):
    with pytest.raises(ValueError, match=message):
        call(model, as_file(music.data[0]))
