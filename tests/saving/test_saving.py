"""Models travel: joblib, pickle and skops, another process, ONNX, and a page about them."""

from __future__ import annotations

import inspect
import io
import itertools
import json
import os
import pickle
import re
from functools import partial
from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.calibration import CalibratedClassifierCV
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, PowerTransformer, StandardScaler
from sklearn.svm import SVC
from sklearn.utils import Bunch

import sklearn_mgc
from sklearn_mgc import (
    CNN2DClassifier,
    CRNNClassifier,
    DNNClassifier,
    MelScaler,
    MelSpectrogram,
    ParallelCRNNClassifier,
    SegmentVotingClassifier,
)
from sklearn_mgc.classifiers import TemperatureScaledClassifier
from sklearn_mgc.datasets import make_music
from sklearn_mgc.evaluation import calibrate, calibration, cross_validate, reliability
from sklearn_mgc.features import FeatureStore, base
from sklearn_mgc.recipes import best_handcrafted, published
from sklearn_mgc.saving import TRUSTED_TYPES, load_model, model_card, save_model, to_onnx

rng = np.random.default_rng(0)
TABLE = rng.normal(size=(24, 57)).astype(np.float32)
MEL = rng.normal(-40, 10, size=(24, 24, 32)).astype(np.float32)
Y = np.array(["jazz", "pop", "rock"])[np.arange(24) % 3]
SMALL = {"max_epochs": 1, "random_state": 0}


def _models():
    return {
        "dnn": (make_pipeline(StandardScaler(), DNNClassifier((16, 8), **SMALL)), TABLE),
        "cnn2d": (CNN2DClassifier((4, 4, 4), **SMALL), MEL),
        "crnn": (make_pipeline(MelScaler(), CRNNClassifier((4, 4, 4), **SMALL)), MEL),
        "best": (best_handcrafted(), TABLE),
        "segments": (
            SegmentVotingClassifier(make_pipeline(StandardScaler(), DNNClassifier((8,), **SMALL))),
            TABLE[:, :56].reshape(24, 4, 14),
        ),
    }


@pytest.fixture(scope="module", params=list(_models()))
def fitted(request):
    model, X = _models()[request.param]
    return model.fit(X, Y), X


def test_pickle_and_joblib(fitted, tmp_path):
    model, X = fitted
    expected = model.predict_proba(X)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict_proba(X), expected)
    joblib.dump(model, tmp_path / "model.joblib")
    np.testing.assert_array_equal(joblib.load(tmp_path / "model.joblib").predict_proba(X), expected)


def test_skops_trusts_the_published_types_and_needs_no_others(fitted):
    skops = pytest.importorskip("skops.io")
    model, X = fitted
    data = skops.dumps(model)
    assert set(skops.get_untrusted_types(data=data)) <= set(TRUSTED_TYPES)
    again = skops.loads(data, trusted=TRUSTED_TYPES)
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))


def test_trusted_types_are_all_there_is():
    public = [getattr(sklearn_mgc, name) for name in sklearn_mgc.__all__]
    public += [getattr(sklearn_mgc.classifiers, name) for name in sklearn_mgc.classifiers.__all__]
    public += [getattr(sklearn_mgc.features, name) for name in sklearn_mgc.features.__all__]
    estimators = {
        f"{e.__module__}.{e.__qualname__}"
        for e in public
        if isinstance(e, type) and issubclass(e, BaseEstimator)
    }
    assert len(estimators) >= 10
    assert estimators <= set(TRUSTED_TYPES)
    assert all(name.startswith("sklearn_mgc.") for name in TRUSTED_TYPES)


def test_skops_needs_no_other_types_for_any_recipe():
    skops = pytest.importorskip("skops.io")
    recipes = [getattr(published, name) for name in dir(published) if not name.startswith("_")]
    made = [
        recipe()
        for recipe in recipes
        if inspect.isfunction(recipe)
        and recipe.__module__ == published.__name__
        and all(
            p.default is not p.empty or p.kind is p.VAR_KEYWORD
            for p in inspect.signature(recipe).parameters.values()
        )
    ]
    assert len(made) >= 5
    for model in made:
        untrusted = skops.get_untrusted_types(data=skops.dumps(model))
        assert set(untrusted) <= set(TRUSTED_TYPES)


@pytest.mark.parametrize("suffix", [".joblib", ".skops"])
def test_a_saved_model_loads_here_and_by_its_own_library(fitted, tmp_path, suffix):
    skops = pytest.importorskip("skops.io")
    model, X = fitted
    path = save_model(model, tmp_path / f"model{suffix}")
    expected = model.predict_proba(X)
    again = load_model(path, trust=suffix == ".joblib")
    np.testing.assert_array_equal(again.predict_proba(X), expected)
    load = {".joblib": joblib.load, ".skops": partial(skops.load, trusted=TRUSTED_TYPES)}
    again = load[suffix](path)
    np.testing.assert_array_equal(again.predict_proba(X), expected)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_load_model_takes_files_of_joblib_and_skops(tmp_path):
    skops = pytest.importorskip("skops.io")
    model = LogisticRegression().fit(TABLE, Y)
    joblib.dump(model, tmp_path / "a.joblib")
    skops.dump(model, tmp_path / "a.skops")
    skops.dump(model, tmp_path / "named.joblib")
    for path, trust in (("a.joblib", True), ("a.skops", False), ("named.joblib", False)):
        found = load_model(tmp_path / path, trust=trust).predict(TABLE)
        np.testing.assert_array_equal(found, model.predict(TABLE))


class Program:
    """What a stranger's pickle can hold."""

    def __reduce__(self):
        return os.mkdir, ("it ran",)


def test_no_code_runs_without_trust(tmp_path, monkeypatch):
    skops = pytest.importorskip("skops.io")
    monkeypatch.chdir(tmp_path)
    joblib.dump(Program(), tmp_path / "a.joblib")
    joblib.dump(Program(), tmp_path / "a.skops")
    with pytest.raises(PermissionError, match="a.joblib: loading a joblib .* runs the code"):
        load_model("a.joblib")
    for trust in (False, True):
        with pytest.raises(ValueError, match="a.skops: cannot be loaded"):
            load_model("a.skops", trust=trust)
    skops.dump(FunctionTransformer(os.path.exists), "b.skops")
    with pytest.raises(PermissionError, match=r"types that are not of this .*genericpath.exists"):
        load_model("b.skops")
    assert not (tmp_path / "it ran").exists()


@pytest.mark.parametrize("suffix", [".joblib", ".skops"])
def test_one_flipped_bit_is_told(tmp_path, suffix):
    pytest.importorskip("skops")
    model = make_pipeline(StandardScaler(), DNNClassifier((4,), **SMALL)).fit(TABLE[:, :5], Y)
    path = save_model(model, tmp_path / f"model{suffix}")
    whole = path.read_bytes()
    loaded = 0
    for position in np.random.default_rng(0).integers(len(whole) * 8, size=60):
        damaged = bytearray(whole)
        damaged[position // 8] ^= 1 << (position % 8)
        path.write_bytes(damaged)
        mark = whole.rindex(b"\nsklearn_mgc sha256 ")
        if mark <= position // 8 < mark + 20:
            continue  # the mark itself: the model is whole
        with pytest.raises(ValueError, match="is damaged, as its checksum says"):
            load_model(path, trust=True)
        loaded += 1
    assert loaded > 50
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match="cannot be loaded: it is damaged, not a model"):
        load_model(path, trust=True)
    with pytest.raises(FileNotFoundError, match="none.joblib: no such file"):
        load_model(tmp_path / "none.joblib")


@pytest.mark.parametrize("kind", ["skops", "joblib"])
def test_a_strangers_file_says_nothing_about_where_to_write(tmp_path, monkeypatch, kind):
    pytest.importorskip(kind)
    place = tmp_path / "place"
    file = tmp_path / f"model.{kind}"
    save_model(MelSpectrogram(8, n_frames=4, out=place, cache=place), file)
    ours = load_model(file, trust=kind == "joblib")  # as a worker of this process does
    assert (ours.cache, ours.out) == (place, place)
    monkeypatch.setattr(base, "_SESSION", "another")  # it names the process that loads
    model = load_model(file, trust=kind == "joblib")
    assert (model.cache, model.out, model.n_mels) == (None, None, 8)
    model.transform(rng.normal(size=(2, 8000)) / 10)
    assert not place.exists()


@pytest.mark.parametrize("make", [str, Path, FeatureStore])
def test_a_skops_file_of_a_model_with_a_cache_needs_no_trust(tmp_path, make):
    pytest.importorskip("skops")
    model = MelSpectrogram(8, n_frames=4, cache=make(tmp_path / "cache"))
    again = load_model(save_model(model, tmp_path / "model.skops"))
    assert type(again.cache) is type(model.cache) and again.cache == model.cache


def test_a_file_is_little_more_than_its_weights():
    model = CNN2DClassifier(max_epochs=1, random_state=0).fit(MEL, Y)
    weights = sum(4 * w.numel() for w in model.module_.parameters())
    file = io.BytesIO()
    joblib.dump(model, file)
    assert weights < file.getbuffer().nbytes < 1.05 * weights + 20_000


def _exportable():
    """The exportable steps and their switches, in as few graphs as hold them all."""
    small, mel = TABLE[:, :9] * 3 + 5, MEL[:, :12, :16]
    switches = [
        {"with_mean": mean, "with_std": std}
        for mean, std in itertools.product([True, False], repeat=2)
    ]
    scalers = [StandardScaler(**switch) for switch in switches]
    scaled = make_pipeline(*scalers, "passthrough", DNNClassifier((8,), **SMALL))
    voting = SegmentVotingClassifier(TemperatureScaledClassifier(scaled, temperature=0.7))
    tempered = TemperatureScaledClassifier(make_pipeline(voting), temperature=2.5)
    yield tempered, small.reshape(24, 3, 3)
    block = {"kernel_sizes": (3,), "pool_sizes": (4,)}  # three steps are left to the LSTM
    scalers = [MelScaler(**switch) for switch in switches if any(switch.values())]
    yield make_pipeline(*scalers, CRNNClassifier((4,), **block, **SMALL)), mel
    yield DNNClassifier((), dropout=0.5, **SMALL), small
    options = {"bidirectional": True, "average_steps": True, "rnn_layers": 1}
    network = CRNNClassifier((4,), **block, **options, **SMALL)
    yield SegmentVotingClassifier(network), np.stack([mel, mel[::-1]], axis=1)
    sizes = {"pool_sizes": ((2, 2), (4, 4)), "rnn_hidden_size": 4}
    yield ParallelCRNNClassifier((4, 4), **sizes, **SMALL), mel[:, :8]
    yield make_pipeline(StandardScaler(), LogisticRegression()), small


@pytest.mark.parametrize("case", range(6))
def test_onnx_gives_the_same_probabilities(case, tmp_path):
    pytest.importorskip("onnxscript")
    pytest.importorskip("torch", minversion="2.13")
    runtime = pytest.importorskip("onnxruntime")
    cases = list(_exportable())
    assert len(cases) == 6
    model, X = cases[case]
    model.fit(X, Y)
    session = runtime.InferenceSession(to_onnx(model, tmp_path / "model.onnx"))
    for n in (1, 7, 24):
        (found,) = session.run(None, {"X": X[:n]})
        np.testing.assert_allclose(found, model.predict_proba(X[:n]), atol=1e-5)
    about = session.get_modelmeta().custom_metadata_map
    assert json.loads(about["genres"]) == ["jazz", "pop", "rock"]
    assert json.loads(about["input"])[-1] == X.shape[-1]
    assert about["features"] == "null"


def test_onnx_of_two_genres(tmp_path):
    pytest.importorskip("onnxscript")
    pytest.importorskip("torch", minversion="2.13")
    runtime = pytest.importorskip("onnxruntime")
    X = TABLE[:, :9].reshape(24, 3, 3)
    model = SegmentVotingClassifier(LogisticRegression())
    model.fit(X, np.where(Y == "jazz", "jazz", "other"))
    session = runtime.InferenceSession(to_onnx(model, tmp_path / "model.onnx"))
    (found,) = session.run(None, {"X": X})
    np.testing.assert_allclose(found, model.predict_proba(X), atol=1e-5)


def test_onnx_says_how_the_features_were_made(tmp_path):
    pytest.importorskip("onnxscript")
    pytest.importorskip("torch", minversion="2.13")
    runtime = pytest.importorskip("onnxruntime")
    music = make_music(6, genres=["jazz", "rock"], duration=1.0, random_state=0)
    features = MelSpectrogram(32, n_frames=40, cache=tmp_path / "cache")
    options = {"pool_sizes": ((4, 4), (2, 2)), "normalize_input": True, "spec_augment": 0.3}
    model = make_pipeline(features, CNN2DClassifier((4, 4), **options, **SMALL))
    model.fit(music.data, music.target)
    session = runtime.InferenceSession(to_onnx(model, tmp_path / "model.onnx"))
    told = json.loads(session.get_modelmeta().custom_metadata_map["features"])
    assert (told.pop("class"), told["n_mels"], told["n_frames"]) == ("MelSpectrogram", 32, 40)
    X = MelSpectrogram(**told).transform(music.data)
    for n in (1, 6):
        (found,) = session.run(None, {"X": X[:n]})
        np.testing.assert_allclose(found, model.predict_proba(music.data[:n]), atol=1e-5)


def test_onnx_refuses_what_it_cannot_export(tmp_path):
    pytest.importorskip("onnxscript")
    pytest.importorskip("torch", minversion="2.13")
    for other in (SVC(), CalibratedClassifierCV(LogisticRegression(), cv=2)):
        with pytest.raises(TypeError, match=f"not {type(other).__name__}; skl2onnx"):
            to_onnx(other.fit(TABLE, Y), tmp_path / "a.onnx")
    hard = SegmentVotingClassifier(DNNClassifier((8,), **SMALL), voting="hard")
    with pytest.raises(TypeError, match="cannot export voting='hard'"):
        to_onnx(hard.fit(TABLE, Y), tmp_path / "a.onnx")
    model = make_pipeline(PowerTransformer(), DNNClassifier((8,), **SMALL)).fit(TABLE, Y)
    with pytest.raises(TypeError, match="cannot export PowerTransformer"):
        to_onnx(model, tmp_path / "a.onnx")
    with pytest.raises(NotFittedError):
        to_onnx(DNNClassifier(), tmp_path / "a.onnx")


def test_model_card_tells_data_scores_and_settings(tmp_path):
    model = make_pipeline(StandardScaler(), DNNClassifier((8, 4), lr=0.01, **SMALL))
    artists = np.arange(24) // 2
    scores = cross_validate(model, TABLE, Y, cv=3, scoring=["accuracy", "f1_macro"])
    data = Bunch(target=Y, groups=artists, DESCR="Twenty-four clips.")
    card = model_card(
        model.fit(TABLE, Y),
        data=data,
        scores=scores,
        name="My genres",
        notes="Draft.",
        path=tmp_path / "README.md",
    )
    assert (tmp_path / "README.md").read_text() == card
    assert card.startswith("# My genres\n\nTells 3 genres apart: jazz, pop, rock.")
    n = sum(w.numel() for w in model[-1].module_.parameters())
    assert f"**DNNClassifier**, {n} parameters, trained for 1 epochs on cpu:" in card
    assert "- `lr=0.01`" in card and "dropout" not in card
    assert "24 clips by 12 artists" in card and "| jazz | 8 |" in card
    assert "Twenty-four clips." in card and "## Notes\n\nDraft." in card
    score, low, high = scores.interval("f1_macro")
    assert f"| f1_macro | {score:.3f} | {low:.3f} to {high:.3f} |" in card
    assert "3 folds: 24 clips of 3 genres." in card


def test_model_card_says_how_far_to_trust():
    _, scores = calibrate(cross_validate(LogisticRegression(), TABLE, Y, cv=3))
    card = model_card(LogisticRegression().fit(TABLE, Y), scores=scores)
    for metric in ("log_loss", "brier", "calibration_error"):
        score, low, high = scores.interval(metric)
        assert f"| {metric} | {score:.3f} | {low:.3f} to {high:.3f} |" in card
    first = reliability(scores)[0]
    assert f"| {first['confidence']:.3f} | {first['accuracy']:.3f} | {first['n']} |" in card
    assert calibration.trust(scores) in card


def test_model_card_of_little():
    model = LogisticRegression().fit(TABLE, Y)
    card = model_card(model)
    assert "Not said." in card and "Not measured." in card
    with pytest.raises(TypeError, match="scores must be"):
        model_card(model, scores=0.9)
    with pytest.raises(NotFittedError):
        model_card(DNNClassifier())


def test_a_model_card_stays_a_page_whatever_genres_are_called():
    names = np.array(["rock|pop", "<script>alert(1)</script>", "a\n\n# `b`"])[np.arange(24) % 3]
    model = DNNClassifier((4,), class_weight={name: 1.0 for name in names}, **SMALL)
    scores = cross_validate(model, TABLE, names, cv=2)
    data = Bunch(target=names, groups=None, DESCR="```\nfence")
    card = model_card(model.fit(TABLE, names), data=data, scores=scores, name="a\n# b")
    assert card.startswith("# a\\\\n# b\n")
    headings = [line for line in card.splitlines() if line.startswith("#")]
    assert headings[1:] == [f"## {h}" for h in ("Model", "Data", "Scores", "Limits", "Versions")]
    outside_code = re.sub("(`+).*?\\1", "", card)
    assert "<script>" not in outside_code
    assert card.count("| rock\\|pop | 8 |") == 1
    assert "````text\n```\nfence\n````" in card
