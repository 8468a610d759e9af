"""The public table of GTZAN's descriptors."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mgc import HandcraftedFeatures
from sklearn_mgc.datasets import load_gtzan_features


def write(path, filenames, columns="kaggle", kaggle_names=True):
    names = HandcraftedFeatures(columns).get_feature_names_out()
    if kaggle_names:
        names = [name.replace("spectral_rolloff", "rolloff") for name in names]
    rng = np.random.default_rng(0)
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["filename", "length", *names, "label"])
        for name in filenames:
            out.writerow([name, 661794, *rng.standard_normal(len(names)), name.split(".")[0]])
    return path


FILES = [f"{genre}.{i:05d}.wav" for genre in ("blues", "jazz", "rock") for i in range(100)]


@pytest.mark.parametrize("kaggle_names", [True, False])
@pytest.mark.parametrize(("columns", "width"), [("paper", 25), ("kaggle", 57)])
def test_columns_by_our_names(tmp_path, columns, width, kaggle_names):
    path = write(tmp_path / "t.csv", FILES, kaggle_names=kaggle_names)
    gtzan = load_gtzan_features(path, columns=columns)
    assert gtzan.data.shape == (300, width)
    assert gtzan.feature_names == HandcraftedFeatures(columns).get_feature_names_out().tolist()
    assert gtzan.target_names == ["blues", "jazz", "rock"]
    assert gtzan.split is None and gtzan.cv is None and gtzan.errors == []
    with path.open() as file:
        row = next(csv.DictReader(file))
    column = "rolloff_mean" if kaggle_names else "spectral_rolloff_mean"
    assert gtzan.data[0, gtzan.feature_names.index("spectral_rolloff_mean")] == float(row[column])


def test_split_and_frame(tmp_path):
    path = write(tmp_path / "t.csv", FILES)
    gtzan = load_gtzan_features(path, split="fault_filtered", as_frame=True)
    assert list(gtzan.frame.columns) == [
        *gtzan.feature_names, "genre", "ids", "groups", "duplicates", "split"
    ]  # fmt: skip
    assert len(gtzan.frame) == 300 - 13
    ((train, test),) = gtzan.cv
    assert set(gtzan.split[train]) == {"train"} and set(gtzan.split[test]) == {"test"}
    X, y = load_gtzan_features(path, split="fault_filtered", return_X_y=True)
    assert X.shape == (287, 25) and y.tolist() == gtzan.target.tolist()


def test_three_second_table_keeps_a_clip_together(tmp_path):
    names = [f"blues.{i:05d}.{k}.wav" for i in range(100) for k in range(10)]
    gtzan = load_gtzan_features(write(tmp_path / "t.csv", names), split="paper")
    ((train, test),) = gtzan.cv
    assert len(train) == 800 and len(test) == 100
    assert not set(gtzan.ids[train]) & set(gtzan.ids[test])


def test_bad_tables(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"HandcraftedFeatures\(descriptors='kaggle'"):
        load_gtzan_features(tmp_path / "features_30_sec.csv")
    path = write(tmp_path / "t.csv", FILES, columns="paper")
    with pytest.raises(ValueError, match="32 columns are missing"):
        load_gtzan_features(path, columns="kaggle")
    with pytest.raises(ValueError, match="'paper' or 'kaggle'"):
        load_gtzan_features(path, columns="all")
    with pytest.raises(ValueError, match="choose from"):
        load_gtzan_features(path, split="filtered")
    with pytest.raises(ValueError, match="1 files occur twice, such as blues"):
        load_gtzan_features(write(tmp_path / "twice.csv", [*FILES, FILES[0]]))
    with pytest.raises(ValueError, match="no row of GTZAN"):
        load_gtzan_features(write(tmp_path / "none.csv", ["polka.00000.wav"]))
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(ValueError, match="columns are missing"):
        load_gtzan_features(tmp_path / "empty.csv")


def test_rows_left_out_are_reported(tmp_path):
    path = write(tmp_path / "t.csv", [*FILES, "polka.00000.wav"])
    lines = path.read_text().splitlines()
    cells = lines[3].split(",")
    lines[3] = ",".join([*cells[:2], "", *cells[3:]])
    path.write_text("\n".join(lines))
    gtzan = load_gtzan_features(path)
    assert len(gtzan.data) == 299
    assert [row["error"] for row in gtzan.errors] == [
        "no number; in ['chroma_stft_mean']", "no GTZAN clip; 'polka.00000.wav'"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("delimiter", "cell", "value"),
    [
        (";", "0,35", 0.35),
        (";", "-1.234,5", -1234.5),
        ("\t", "1,5E-05", 1.5e-5),
        (";", "0.35", 0.35),
    ],
)
def test_numbers_as_other_countries_write_them(tmp_path, delimiter, cell, value):
    names = HandcraftedFeatures().get_feature_names_out()
    rows = [["filename", *names, "label"], ["blues.00000.wav", *[cell] * 25, "blues"]]
    path = tmp_path / "t.csv"
    path.write_text("\n".join(map(delimiter.join, rows)))
    assert load_gtzan_features(path).data.tolist() == [[value] * 25]


@pytest.mark.realdata
def test_public_table(shared_data):
    path = shared_data / "gtzan" / "features_30_sec.csv"
    gtzan = load_gtzan_features(path, columns="kaggle")
    assert gtzan.data.shape == (1000, 57) and len(gtzan.errors) == 0
    for split, n in (("fault_filtered", 930), ("artist_filtered", 948), ("paper", 1000)):
        assert len(load_gtzan_features(path, split=split).data) == n
    # Anchor: logistic regression on the 25 means of the fault-filtered split scores 0.476.
    gtzan = load_gtzan_features(path, split="fault_filtered")
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    (score,) = cross_val_score(model, gtzan.data, gtzan.target, cv=gtzan.cv)
    assert score == pytest.approx(0.476, abs=0.01)
