"""Pictures say what the numbers say, with two genres and with thirty."""

import io
import sys
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from matplotlib.cbook import is_math_text
from matplotlib.figure import Figure
from sklearn.linear_model import LogisticRegression

from sklearn_mgc import DNNClassifier, MelSpectrogram, display
from sklearn_mgc.datasets import make_music
from sklearn_mgc.display import (
    ComparisonDisplay,
    ConfusionDisplay,
    CoverageDisplay,
    DescriptorDisplay,
    EvaluationDisplay,
    MelSpectrogramDisplay,
    ReliabilityDisplay,
    ScoresDisplay,
    TrainingCurvesDisplay,
    genre_colors,
)
from sklearn_mgc.display.axes import as_label
from sklearn_mgc.evaluation import compare, cross_validate


def result_of(n_genres: int, model=None, names=None):
    rng = np.random.default_rng(0)
    if names is None:
        names = [f"a genre with a long name {i:02}" for i in range(n_genres)]
    names = np.array(names, dtype=object)
    artists = np.arange(8 * n_genres) // 2
    which = artists % n_genres
    X = rng.normal(size=(len(artists), 4)) + 2 * rng.normal(size=(n_genres, 4))[which]
    model = LogisticRegression() if model is None else model
    return cross_validate(model, X, names[which], groups=artists, cv=2)


RESULTS = {n: result_of(n) for n in (2, 30)}
HOSTILE = ["$\\frac{$", "R$&B$", "_it_", "caf\udce9", "a\nb", "x" * 500, "a\0b"]


def overlapping(labels) -> bool:
    """Whether two labels of an axis cover each other."""
    boxes = [label.get_window_extent() for label in labels if label.get_text()]
    return any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[i + 1 :])


DRAWN: dict[str, Callable] = {
    "confusion": lambda r: ConfusionDisplay.from_result(r),
    "confusion by artist": lambda r: ConfusionDisplay.from_result(r, by="artist"),
    "confusion, similar": lambda r: ConfusionDisplay.from_result(r, order="similarity"),
    "evaluation": lambda r: EvaluationDisplay.from_result(r),
    "descriptor": lambda r: DescriptorDisplay(np.arange(len(r.y)), r.y).plot(),
    "reliability": lambda r: ReliabilityDisplay.from_result(r, name="it"),
    "coverage": lambda r: CoverageDisplay.from_result(r, name="it"),
    "scores": lambda r: ScoresDisplay.from_results({("it", "by artist"): r, ("x", "y"): r}),
    "comparison": lambda r: ComparisonDisplay.from_result(compare(r, r)),
}  # fmt: skip


@pytest.mark.parametrize("n_genres", RESULTS)
@pytest.mark.parametrize("name", DRAWN)
def test_readable_with_few_and_many_genres(name, n_genres):
    drawn = DRAWN[name](RESULTS[n_genres])
    assert isinstance(drawn.figure_, Figure)
    drawn.figure_.canvas.draw()
    width, height = drawn.figure_.canvas.get_width_height()
    for ax in np.ravel(drawn.axes_ if hasattr(drawn, "axes_") else drawn.ax_):
        assert not overlapping(ax.get_yticklabels())
        level = [label for label in ax.get_xticklabels() if label.get_rotation() != 45]
        assert not overlapping(level)  # boxes of slanting labels overlap where letters do not
        box = ax.get_tightbbox()
        assert box.x0 >= -1 and box.y0 >= -1 and box.x1 <= width + 1 and box.y1 <= height + 1


@pytest.mark.parametrize("name", [name for name in DRAWN if name != "comparison"])
def test_names_of_all_kinds(name):
    drawn = DRAWN[name](result_of(len(HOSTILE), names=HOSTILE))
    drawn.figure_.savefig(io.BytesIO(), format="svg")
    shown = {label.get_text() for ax in drawn.figure_.axes for label in ax.get_yticklabels()}
    if name not in ("reliability", "coverage", "scores"):
        assert shown >= {as_label(genre) for genre in HOSTILE}


def test_labels_are_what_was_named():
    for name in HOSTILE[:3]:
        label = as_label(name)
        assert label.replace(r"\$", "$").strip() == name and not is_math_text(label)
    assert as_label("a\nb") == "a\\nb" and len(as_label("x" * 500)) == 40


def test_confusions_count_clips_or_artists():
    true = ["jazz"] * 10 + ["rock"] * 2
    predicted = ["rock"] * 8 + ["jazz"] * 2 + ["rock"] * 2
    artists = ["a"] * 8 + ["b", "c", "d", "e"]
    clips = ConfusionDisplay.from_predictions(true, predicted)
    assert clips.counts.tolist() == [[2, 8], [0, 2]]
    assert [t.get_text() for t in clips.text_] == ["20 %\n2", "80 %\n8", "100 %\n2"]
    by_artist = ConfusionDisplay.from_predictions(true, predicted, groups=artists)
    assert by_artist.counts.tolist() == [[2, 1], [0, 2]]  # a is one artist of three
    for values, wanted in (("share", "20"), ("count", "2")):
        drawn = ConfusionDisplay.from_predictions(true, predicted, values=values)
        assert drawn.text_[0].get_text() == wanted
    assert not ConfusionDisplay.from_predictions(true, predicted, values="none").text_
    few = ConfusionDisplay.from_predictions(["a"] * 999 + ["b"], ["a"] * 998 + ["b"] * 2)
    assert few.text_[1].get_text() == "<1 %\n1"


def test_cells_can_be_read_on_every_colour():
    counts = np.diag(np.arange(0, 101, 10)) + np.fliplr(np.diag(100 - np.arange(0, 101, 10)))
    drawn = ConfusionDisplay(counts, [f"g{i:02}" for i in range(len(counts))]).plot()
    image = drawn.ax_.images[0]
    shares = counts / counts.sum(axis=1, keepdims=True)
    for text in drawn.text_:
        j, i = map(int, text.get_position())
        color = image.cmap(float(shares[i, j]))
        light = float(np.array(color[:3]) ** 2.2 @ [0.2126, 0.7152, 0.0722])
        ink = 1.0 if text.get_color() == "white" else 0.0
        bright, dark = max(light, ink), min(light, ink)
        assert (bright + 0.05) / (dark + 0.05) >= 4.5  # WCAG's contrast for text


def test_similar_genres_are_neighbours():
    true = np.repeat(["a", "b", "c", "d"], 10)
    predicted = np.concatenate([["a"] * 6 + ["d"] * 4, ["b"] * 6 + ["c"] * 4,
                                ["c"] * 6 + ["b"] * 4, ["d"] * 6 + ["a"] * 4])  # fmt: skip
    drawn = ConfusionDisplay.from_predictions(true, predicted, order="similarity")
    order = "".join(label.get_text() for label in drawn.ax_.get_yticklabels())
    assert {order[:2], order[2:]} <= {"ad", "da", "bc", "cb"}
    assert drawn.ax_.images[0].get_array().sum() == pytest.approx(400)


def test_bad_arguments_of_confusions():
    for wrong in ({"order": "colour"}, {"values": "all"}, {"by": "album"}):
        with pytest.raises(ValueError, match="must be"):
            ConfusionDisplay.from_result(RESULTS[2], **wrong)
    y = np.array(["a", "b"] * 8)
    no_artists = cross_validate(LogisticRegression(), np.arange(16.0)[:, None], y, cv=2)
    with pytest.raises(ValueError, match="pass groups"):
        ConfusionDisplay.from_result(no_artists, by="artist")


def test_scores_lie_where_they_should():
    rows = [
        {"system": s, "protocol": p, "score": 0.5, "low": 0.4, "high": 0.7}
        for s, p in (("SVM", "random"), ("SVM", "artist"), ("DNN", "artist"))
    ]
    ax = ScoresDisplay(rows).plot().ax_
    assert [label.get_text() for label in ax.get_yticklabels()] == ["SVM", "DNN"]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["random", "artist"]
    random, artist = (c.lines[0].get_ydata() for c in ax.containers)
    assert len(random) == 1 and len(artist) == 2 and random[0] < artist[0] < 0.5 < artist[1]
    (segment,) = ax.containers[0].lines[2][0].get_segments()
    assert segment[:, 0] == pytest.approx([0.4, 0.7])
    assert ScoresDisplay.from_results({"alone": RESULTS[2]}).ax_.get_legend() is None


def test_descriptor_sorted_by_medians_and_without_nan():
    X = pd.DataFrame({"centroid": [1.0, 2.0, 9.0, np.nan]})
    drawn = DescriptorDisplay.from_frame(X, ["b", "b", "a", "c"], "centroid")
    assert [label.get_text() for label in drawn.ax_.get_yticklabels()] == ["b", "a"]
    with pytest.raises(ValueError, match="there are centroid"):
        DescriptorDisplay.from_frame(X, ["b", "b", "a", "c"], "rolloff")


def test_one_colour_per_genre():
    for n in (2, 10, 20, 30):
        names = [f"genre {i}" for i in range(n)]
        colors = genre_colors(names)
        assert len(set(colors.values())) == n and genre_colors(names[::-1]) == colors
    ax = EvaluationDisplay.from_result(RESULTS[2]).axes_[0]
    boxes = DRAWN["descriptor"](RESULTS[2]).ax_.patches
    colors = genre_colors(RESULTS[2].classes)
    assert [b.get_facecolor()[:3] for b in ax.patches] == [c[:3] for c in colors.values()]
    assert {b.get_facecolor()[:3] for b in boxes} == {c[:3] for c in colors.values()}


def test_restored_epoch_is_marked():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 4)), np.array(["jazz", "rock"] * 30)
    network = DNNClassifier((16,), max_epochs=60, lr=0.05, early_stopping=True,
                            n_iter_no_change=3, random_state=0).fit(X, y)  # fmt: skip
    losses = [row["valid_loss"] for row in network.history_]
    assert network.best_epoch_ == 1 + int(np.argmin(losses)) == network.n_iter_ - 3
    drawn = TrainingCurvesDisplay.from_estimator(network)
    for ax in drawn.axes_:
        marks = [line for line in ax.lines if line.get_label() == "weights restored"]
        assert [list(mark.get_xdata()) for mark in marks] == [[network.best_epoch_] * 2]
    last = DNNClassifier((4,), max_epochs=1, random_state=0).fit(X, y)
    assert last.best_epoch_ == 1
    drawn = TrainingCurvesDisplay.from_estimator(last)
    assert [line.get_marker() for line in drawn.axes_[0].lines] == ["o"]


def test_mel_axis_has_round_ticks_and_the_length_of_the_clip():
    clip = make_music(6, duration=4.0, random_state=0).data[0]
    ax = MelSpectrogramDisplay.from_audio(clip).ax_
    assert ax.get_images()[0].get_extent()[1] == pytest.approx(4.0, abs=0.1)
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names == ["125", "250", "500", "1k", "2k", "4k", "8k"]
    ax.figure.canvas.draw()
    assert not overlapping(ax.get_yticklabels())
    # A band whose centre is 1 kHz lies where the tick is.
    loud = np.sin(2 * np.pi * 1000 * np.arange(44100) / 22050).astype(np.float32)
    ax = MelSpectrogramDisplay.from_audio(loud).ax_
    band = ax.get_images()[0].get_array()[:, 10].argmax() + 0.5
    assert abs(ax.get_yticks()[3] - band) <= 1
    low = MelSpectrogramDisplay.from_audio(
        clip, transformer=MelSpectrogram(fmax=3000.0, n_frames=64)
    )
    assert low.ax_.get_yticklabels()[-1].get_text() == "2k"


def test_every_module_of_pictures_says_what_is_missing(monkeypatch):
    drawn = [getattr(display, name) for name in display.__all__ if name.endswith("Display")]
    for kind in drawn:
        assert "require" in kind.plot.__globals__
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r'pip install "sklearn_mgc\[plot\]"'):
        RESULTS[2].plot()
