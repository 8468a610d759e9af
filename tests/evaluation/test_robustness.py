"""A classifier of loudness flips with the gain; one of pitch does not."""

from __future__ import annotations

import os
import tempfile
from typing import Any

import matplotlib
import numpy as np
import pytest
import soundfile
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mgc import AudioError, HandcraftedFeatures, load_audio
from sklearn_mgc.datasets import make_music
from sklearn_mgc.evaluation import RobustnessResult, robustness, robustness_conditions

matplotlib.use("Agg")
RATE = 22050


class ByLoudness(ClassifierMixin, BaseEstimator):
    """Loud or quiet, by the root mean square."""

    def fit(self, X=None, y=None):
        return self

    def measure(self, y):
        return "loud" if np.sqrt(np.mean(y**2)) > 0.1 else "quiet"

    def predict(self, X):
        return np.array(
            [self.measure(x if isinstance(x, np.ndarray) else load_audio(x)) for x in X]
        )


class ByPitch(ByLoudness):
    """High or low, by the strongest frequency, whatever the level."""

    def measure(self, y):
        spectrum = np.abs(np.fft.rfft(y))
        return "high" if np.argmax(spectrum) / len(y) * RATE > 1000 else "low"


def tone(hertz, level, seconds=1.2, rate=RATE):
    t = np.arange(int(seconds * rate)) / rate
    return (level * np.sin(2 * np.pi * hertz * t)).astype(np.float32)


# Of eight tones four are loud; in turn low and high.
TONES = [
    tone(300 if i % 2 else 3000, 0.25 if i < 4 else 0.08) for i in range(8)
]  # rms 0.177 and 0.057
LOUDNESS = ["loud"] * 4 + ["quiet"] * 4
PITCH = ["high", "low"] * 4


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tones")
    for i, y in enumerate(TONES):
        soundfile.write(folder / f"töne {i}.wav", y, RATE)
    return [str(folder / f"töne {i}.wav") for i in range(8)]


def test_loudness_flips_with_the_gain(files):
    result = robustness(ByLoudness(), files, LOUDNESS, conditions=["gain"], verbose=0)
    flips = {row["condition"]: row["flips"] for row in result.rows}
    assert flips == {
        "clean": 0, "gain -20 dB": 0.5, "gain -6 dB": 0.5, "gain -3 dB": 0.0, "gain +3 dB": 0.0,
        "gain +6 dB": 0.5,
    }  # fmt: skip
    assert set(result.predictions["gain -6 dB"]) == {"quiet"}
    assert set(result.predictions["gain +6 dB"]) == {"loud"}
    assert "'gain -20 dB' changes most predictions (50.0 %)" in result.verdict
    assert "costs most: 50.0 points (95 % CI" in result.verdict


def test_pitch_does_not_flip_at_all(files):
    result = robustness(ByPitch(), files, PITCH, random_state=0, verbose=0)
    assert all(row["flips"] == 0 and row["accuracy"] == 1 for row in result.rows if row["n"])
    left_out = {row["condition"] for row in result.rows if not row["n"]}
    assert left_out == {"offset 5 s"}  # of 1.2 s nothing is left
    assert result.verdict == "100.0 % right on 8 clean clips; no condition changes any prediction"


def test_files_and_waveforms_agree(files):
    model = ByLoudness()
    conditions = ["gain", "mp3 64 kbit/s", "noise", "offset"]
    params: dict[str, Any] = {"conditions": conditions, "random_state": 0, "verbose": 0}
    from_files = robustness(model, files, LOUDNESS, **params)
    waveforms = [load_audio(file) for file in files]
    from_waveforms = robustness(model, waveforms, LOUDNESS, n_jobs=2, **params)
    np.testing.assert_equal(from_files.rows, from_waveforms.rows)


def test_identity_changes_nothing():
    music = make_music(n_tracks=18, duration=1.0, random_state=0)
    model = make_pipeline(HandcraftedFeatures(), StandardScaler(), LogisticRegression())
    model.fit(music.data[:12], music.target[:12])
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for i, y in enumerate(music.data[12:]):
            paths.append(os.path.join(folder, f"{i}.flac"))
            soundfile.write(paths[-1], np.column_stack([y, 0.5 * y]), 44100)
        result = robustness(
            model,
            paths,
            music.target[12:],
            conditions={"same": lambda y, rate: y, "other": lambda y, rate: y[::-1] * 0.01},
            verbose=0,
        )
        heard: dict[int, np.ndarray] = {}
        exact = {"same": lambda y, rate: heard.setdefault(rate, y)}
        robustness(model, paths[:1], music.target[12:13], conditions=exact, verbose=0)
        np.testing.assert_array_equal(heard[44100], load_audio(paths[0], sample_rate=44100))
    assert list(result.predictions) == ["clean", "same", "other"]
    assert result.predictions["same"].tolist() == result.predictions["clean"].tolist()
    assert result.rows[2]["flips"] > 0


def test_temporary_files_are_removed(files, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    seen = []

    class Watching(ByLoudness):
        def predict(self, X):
            seen.append(len(list(tmp_path.iterdir())))
            if len(seen) == 3:
                raise KeyboardInterrupt
            return super().predict(X)

    with pytest.raises(KeyboardInterrupt):
        robustness(Watching(), files, LOUDNESS, conditions=["gain"], verbose=0)
    assert seen == [0, 1, 1] and not list(tmp_path.iterdir())


def test_own_conditions_and_clips_left_out(files):
    def only_loud(y, rate):
        assert rate == RATE
        y *= 0.1  # in place: the other conditions must not hear it
        return y if y.max() > 0.02 else None

    result = robustness(
        ByLoudness(), files, LOUDNESS, verbose=0, conditions={"a": only_loud, "b": lambda y, r: y}
    )
    a, b = result.rows[1:]
    assert (a["n"], a["accuracy"], a["difference"], a["flips"]) == (4, 0.0, -1.0, 1.0)
    assert (b["n"], b["flips"]) == (8, 0)
    assert result.predictions["a"].tolist() == ["quiet"] * 4 + [None] * 4


def test_many_clips_in_batches():
    clips = [tone(440, 0.25 if i % 3 else 0.05, seconds=0.1) for i in range(150)]
    labels = ["loud" if i % 3 else "quiet" for i in range(150)]
    result = robustness(ByLoudness(), clips, labels, conditions=["gain -6 dB"], verbose=0)
    assert result.rows[0]["accuracy"] == 1 and result.rows[0]["n"] == 150
    assert result.rows[1]["flips"] == pytest.approx(100 / 150)


def test_conditions_do_what_they_say():
    conditions = robustness_conditions(random_state=0)
    rng = np.random.default_rng(0)
    y = (0.1 * rng.standard_normal(3 * 44100)).astype(np.float32)
    power = np.mean(y**2)

    def band(x, low, high, rate=44100):
        spectrum = np.abs(np.fft.rfft(x)) ** 2
        frequency = np.fft.rfftfreq(len(x), 1 / rate)
        return spectrum[(frequency > low) & (frequency < high)].sum()

    for decibel in (-20, -6, -3, 3, 6):
        changed = conditions[f"gain {decibel:+d} dB"](y, 44100)
        assert 10 * np.log10(np.mean(changed**2) / power) == pytest.approx(decibel, abs=1e-3)
    for decibel in (20, 10):
        noise = conditions[f"noise {decibel} dB"](y, 44100) - y
        assert 10 * np.log10(power / np.mean(noise**2)) == pytest.approx(decibel, abs=0.1)
        assert abs(np.corrcoef(noise, y)[0, 1]) < 0.02
    for kilohertz in (8, 4):
        low = conditions[f"low-pass {kilohertz} kHz"](y, 44100)
        cut = 1000 * kilohertz
        assert band(low, 1.5 * cut, 20000) < 1e-3 * band(y, 1.5 * cut, 20000)
        assert band(low, 0, 0.7 * cut) == pytest.approx(band(y, 0, 0.7 * cut), rel=0.05)
        assert conditions[f"low-pass {kilohertz} kHz"](y, 2 * cut) is None
    for rate in (16000, 11025):
        back = conditions[f"resampled {rate} Hz"](y, 44100)
        assert band(back, 0.55 * rate, 20000) < 1e-3 * band(y, 0.55 * rate, 20000)
        assert len(back) == len(y) and np.corrcoef(back, y)[0, 1] > 0.4
        assert conditions[f"resampled {rate} Hz"](y, rate) is None
    clipped = conditions["clipping 6 dB"](y, 44100)
    assert clipped.max() <= np.abs(y).max() and np.mean(clipped**2) > 3 * power
    np.testing.assert_array_equal(conditions["offset 0.5 s"](y, 44100), y[22050:])
    assert conditions["offset 5 s"](y, 44100) is None
    assert all(
        result is None or result.dtype == np.float32
        for result in (change(y, 44100) for change in conditions.values())
    )


@pytest.mark.parametrize("rate", [11025, 22050, 44100, 96000])
def test_mp3_is_in_time_and_loses_with_the_bit_rate(rate):
    conditions = robustness_conditions(0)
    rng = np.random.default_rng(0)
    y = (0.1 * rng.standard_normal(2 * rate)).astype(np.float32)
    errors = []
    for kilobits in (128, 64, 32):
        coded = conditions[f"mp3 {kilobits} kbit/s"](y, rate)
        if coded is None:
            assert kilobits == 128 and rate == 11025
            continue
        assert len(coded) == len(y)
        # White noise one sample late would have no correlation at all.
        assert np.corrcoef(coded, y)[0, 1] > 0.2
        errors.append(np.mean((coded - y) ** 2))
    assert errors == sorted(errors) and errors[0] < errors[-1]


def test_mp3_has_the_bit_rate_of_its_name(monkeypatch):
    sizes = []
    read = soundfile.read

    def spy(file, **kwargs):
        sizes.append(len(file.getbuffer()))
        return read(file, **kwargs)

    monkeypatch.setattr(soundfile, "read", spy)
    for rate in (22050, 44100):
        y = (0.1 * np.random.default_rng(0).standard_normal(10 * rate)).astype(np.float32)
        for kilobits in (128, 64, 32):
            robustness_conditions(0)[f"mp3 {kilobits} kbit/s"](y, rate)
            assert sizes[-1] * 8 / 10 / 1000 == pytest.approx(kilobits, rel=0.05)


def test_noise_is_seeded():
    y = tone(440, 0.1)
    first, again, other = (robustness_conditions(s)["noise 10 dB"](y, RATE) for s in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    unlike = robustness_conditions(0)["noise 10 dB"](2 * y, RATE) - 2 * y
    assert abs(np.corrcoef(unlike, first - y)[0, 1]) < 0.05


def test_intervals():
    y = np.array(["a"] * 50, dtype=object)
    clean = np.array(["a"] * 40 + ["b"] * 10, dtype=object)
    changed = np.array(["a"] * 30 + ["b"] * 18 + ["a"] * 2, dtype=object)
    for level, z in ((0.8, 1.2815515655), (0.95, 1.9599639845)):
        both = {"clean": clean, "changed": changed}
        rows = RobustnessResult(y, both, confidence_level=level).rows
        for row, right in zip(rows, (40, 32), strict=True):
            # Wilson's limits are where the score test just rejects.
            for limit in (row["low"], row["high"]):
                error = np.sqrt(limit * (1 - limit) / 50)
                assert abs(right / 50 - limit) / error == pytest.approx(z, rel=1e-6)
        assert rows[1]["difference"] == pytest.approx(-0.16)
        assert rows[1]["flips"] == pytest.approx(12 / 50)
        assert rows[1]["difference_low"] < -0.16 < rows[1]["difference_high"] < 0
    no_flip = RobustnessResult(y, {"clean": clean, "changed": clean}).rows[1]
    assert -0.1 < no_flip["difference_low"] < 0 < no_flip["difference_high"] < 0.1


def test_intervals_go_by_artists():
    rng = np.random.default_rng(0)
    artists = np.repeat(np.arange(20), 10)
    y = np.full(200, "a", dtype=object)
    clean = np.where(rng.uniform(size=20) < 0.8, "a", "b")[artists].astype(object)
    changed = np.where(rng.uniform(size=20) < 0.3, "b", clean[::10])[artists].astype(object)
    predictions = {"clean": clean, "changed": changed, "same": clean}
    alone = RobustnessResult(y, predictions).rows
    by_artist = RobustnessResult(y, predictions, artists).rows
    for narrow, wide in zip(alone, by_artist, strict=True):
        assert (wide["accuracy"], wide["flips"]) == (narrow["accuracy"], narrow["flips"])
        # ten clips that are right or wrong together are worth one
        assert wide["high"] - wide["low"] > 2 * (narrow["high"] - narrow["low"])
        for row in (narrow, wide):
            assert row["difference_low"] < row["difference"] + 1e-12 < row["difference_high"]
    narrow, wide = (
        [rows[1]["difference_low"], rows[1]["difference_high"]] for rows in (alone, by_artist)
    )
    assert np.ptp(wide) > 2 * np.ptp(narrow)
    # changes that cancel within each artist are changes all the same
    clean, changed = (np.resize(pair, 200).astype(object) for pair in (["a", "b"], ["b", "a"]))
    row = RobustnessResult(y, {"clean": clean, "changed": changed}, artists).rows[1]
    assert row["difference"] == 0 and row["difference_low"] < -0.1 < 0.1 < row["difference_high"]
    # one clip per artist: artists are clips
    each = RobustnessResult(y, predictions, np.arange(200)).rows
    assert each[1]["low"] == pytest.approx(alone[1]["low"], abs=0.002)
    assert each[1]["difference_low"] == pytest.approx(alone[1]["difference_low"], abs=0.01)


def test_representations(files):
    result = robustness(
        ByLoudness(), files, LOUDNESS, verbose=0,
        conditions={"<3 dB": lambda y, rate: y / 2, "never": lambda y, rate: None},
    )  # fmt: skip
    *verdict, head, clean, louder, never = str(result).splitlines()
    assert " ".join(verdict) == result.verdict
    assert head.split()[:3] == ["condition", "n", "accuracy"]
    assert clean.split()[:3] == ["clean", "8", "1.000"]
    assert louder.startswith("<3 dB") and louder.endswith("50.0 %")
    assert never.split() == ["never", "0", "does", "not", "apply"]
    html = result._repr_html_()
    assert html.count("<tr>") == 4 and "<3" not in html and "&lt;3 dB" in html
    assert repr(result).startswith("<RobustnessResult: 100.0 % right on 8")
    frame = result.to_frame()
    assert frame.loc["<3 dB", "flips"] == 0.5 and np.isnan(frame.loc["never", "accuracy"])
    ax = result.plot().ax_
    assert [label.get_text() for label in ax.get_yticklabels()] == ["clean", "<3 dB"]
    assert [patch.get_width() for patch in ax.patches] == [0, 0.5]
    assert result.plot(ax=ax).ax_ is ax
    ax.figure.clear()
    never = robustness(
        ByLoudness(), files, LOUDNESS, verbose=0, conditions={"never": lambda y, rate: None}
    )
    assert never.verdict == "no condition applied to any clip"


def test_progress(files, capsys):
    robustness(ByLoudness(), files, LOUDNESS, conditions=["mp3"], verbose=1)
    assert "32/32" in capsys.readouterr().err


def test_bad_input(files, tmp_path):
    with pytest.raises(ValueError, match=r"y has shape \(2,\); there are 8 clips"):
        robustness(ByLoudness(), files, LOUDNESS[:2])
    with pytest.raises(ValueError, match=r"groups have shape \(2,\); there are 8 clips"):
        robustness(ByLoudness(), files, LOUDNESS, groups=[0, 1])
    with pytest.raises(ValueError, match="unknown condition 'echo'; choose from"):
        robustness(ByLoudness(), files, LOUDNESS, conditions=["echo"])
    with pytest.raises(TypeError, match="several names"):
        robustness(ByLoudness(), files, LOUDNESS, conditions="gain")
    with pytest.raises(ValueError, match="'clean' is the name"):
        robustness(ByLoudness(), files, LOUDNESS, conditions={"clean": lambda y, rate: y})
    with pytest.raises(ValueError, match="confidence_level"):
        robustness(ByLoudness(), files, LOUDNESS, confidence_level=95)
    with pytest.raises(ValueError, match=r"'stereo' must return a mono .* shape \(2, 26460\)"):
        robustness(
            ByLoudness(), files, LOUDNESS, verbose=0,
            conditions={"stereo": lambda y, rate: np.stack([y, y])},
        )  # fmt: skip
    with pytest.raises(AudioError, match="nowhere.wav"):
        robustness(ByLoudness(), [tmp_path / "nowhere.wav"], ["loud"], verbose=0)
