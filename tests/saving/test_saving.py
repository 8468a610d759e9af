"""Models travel: joblib, pickle and skops, another process, ONNX, and a page about them."""

from __future__ import annotations

import inspect
import io
import json
import pickle
import subprocess
import sys

import joblib
import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PowerTransformer, StandardScaler
from sklearn.utils import Bunch

from sklearn_mgc import (
    CNN2DClassifier,
    CRNNClassifier,
    DNNClassifier,
    HandcraftedFeatures,
    MelScaler,
    MelSpectrogram,
    SegmentVotingClassifier,
)
from sklearn_mgc.datasets import make_music
from sklearn_mgc.evaluation import cross_validate
from sklearn_mgc.recipes import best_handcrafted
from sklearn_mgc.saving import TRUSTED_TYPES, model_card, to_onnx

rng = np.random.default_rng(0)
TABLE = rng.normal(size=(24, 57)).astype(np.float32)
MEL = rng.normal(-40, 10, size=(24, 64, 32)).astype(np.float32)
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
    from importlib import import_module

    from sklearn.base import BaseEstimator

    import sklearn_mgc

    for name in TRUSTED_TYPES:
        module, _, cls = name.rpartition(".")
        found = getattr(import_module(module), cls)
        assert inspect.isfunction(found) or issubclass(found, BaseEstimator)
    public = [getattr(sklearn_mgc, name) for name in sklearn_mgc.__all__]
    estimators = {
        f"{e.__module__}.{e.__qualname__}"
        for e in public
        if isinstance(e, type) and issubclass(e, BaseEstimator) and "search" not in e.__module__
    }
    assert estimators <= set(TRUSTED_TYPES)


def test_a_file_is_little_more_than_its_weights():
    X = rng.normal(size=(20, 640, 128)).astype(np.float32)
    model = CNN2DClassifier(max_epochs=1, random_state=0).fit(X, Y[:20])
    weights = sum(4 * w.numel() for w in model.module_.parameters())
    file = io.BytesIO()
    joblib.dump(model, file)
    assert weights < file.getbuffer().nbytes < 1.05 * weights + 20_000


def test_another_process_on_a_machine_without_a_gpu_predicts_the_same(tmp_path):
    music = make_music(6, genres=["jazz", "rock"], duration=1.0, folder=tmp_path, random_state=0)
    model = make_pipeline(
        HandcraftedFeatures(), StandardScaler(), DNNClassifier((8,), device="auto", **SMALL)
    ).fit(music.data, music.target)
    expected = model.predict_proba(music.data)
    model[-1].device_ = "cuda"  # as if it had been trained on one
    joblib.dump(model, tmp_path / "model.joblib")
    code = (
        "import sys, joblib, numpy as np\n"
        "model = joblib.load(sys.argv[1])\n"
        "print(model[-1].device_)\n"
        "np.save(sys.argv[2], model.predict_proba(sys.argv[3:]))\n"
    )
    out = tmp_path / "out.npy"
    command = [sys.executable, "-c", code, str(tmp_path / "model.joblib"), str(out)]
    environment = {"CUDA_VISIBLE_DEVICES": "", "PATH": "", "HOME": str(tmp_path)}
    done = subprocess.run(
        [*command, *map(str, music.data)],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    assert done.stdout.split() == ["cpu"]
    np.testing.assert_allclose(np.load(out), expected, rtol=1e-6)


@pytest.mark.parametrize("name", ["dnn", "cnn2d", "crnn"])
def test_onnx_gives_the_same_probabilities(name, tmp_path):
    pytest.importorskip("onnxscript")
    runtime = pytest.importorskip("onnxruntime")
    model, X = _models()[name]
    model.fit(X, Y)
    session = runtime.InferenceSession(to_onnx(model, tmp_path / "model.onnx"))
    for n in (1, 7, 24):
        (found,) = session.run(None, {"X": X[:n]})
        np.testing.assert_allclose(found, model.predict_proba(X[:n]), atol=1e-5)
    about = session.get_modelmeta().custom_metadata_map
    assert json.loads(about["genres"]) == ["jazz", "pop", "rock"]
    assert json.loads(about["input"]) == list(X.shape[1:])
    assert about["features"] == "null"
    assert (tmp_path / "model.onnx").stat().st_size > 0


def test_onnx_says_how_the_features_were_made(tmp_path):
    pytest.importorskip("onnxscript")
    runtime = pytest.importorskip("onnxruntime")
    music = make_music(6, genres=["jazz", "rock"], duration=1.0, random_state=0)
    features = MelSpectrogram(32, n_frames=40, cache=tmp_path / "cache")
    model = make_pipeline(features, CRNNClassifier((4, 4, 4), **SMALL))
    model.fit(music.data, music.target)
    session = runtime.InferenceSession(to_onnx(model, tmp_path / "model.onnx"))
    told = json.loads(session.get_modelmeta().custom_metadata_map["features"])
    assert (told.pop("class"), told["n_mels"], told["n_frames"]) == ("MelSpectrogram", 32, 40)
    rebuilt = MelSpectrogram(**told)
    (found,) = session.run(None, {"X": rebuilt.transform(music.data)})
    np.testing.assert_allclose(found, model.predict_proba(music.data), atol=1e-5)


def test_onnx_refuses_what_it_cannot_export(tmp_path):
    pytest.importorskip("onnxscript")
    with pytest.raises(TypeError, match="not LogisticRegression; skl2onnx"):
        to_onnx(LogisticRegression().fit(TABLE, Y), tmp_path / "a.onnx")
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


def test_model_card_of_little():
    model = LogisticRegression().fit(TABLE, Y)
    card = model_card(model)
    assert "Not said." in card and "Not measured." in card
    with pytest.raises(TypeError, match="scores must be"):
        model_card(model, scores=0.9)
    with pytest.raises(NotFittedError):
        model_card(DNNClassifier())
