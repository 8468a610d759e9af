"""The best pipelines, from files to probabilities."""

from __future__ import annotations

import pytest
from sklearn.base import clone

from sklearn_mgc.datasets import make_music
from sklearn_mgc.features import backbones
from sklearn_mgc.recipes import best


@pytest.fixture(scope="module")
def music(tmp_path_factory):
    folder = tmp_path_factory.mktemp("music")
    return make_music(n_tracks=24, duration=3.2, folder=folder, random_state=0)


@pytest.mark.parametrize("representation", ["embedding", "descriptors", "spectrograms"])
def test_best_learns_from_files(representation, music):
    if representation == "embedding" and not backbones.weights_file("musicnn").exists():
        pytest.skip("no weights: python -m sklearn_mgc models fetch musicnn")
    model = clone(best(representation, random_state=0))
    if representation == "spectrograms":
        model.set_params(
            melspectrogram__n_frames=130, segmentvotingclassifier__estimator__max_epochs=2
        )
    probabilities = model.fit(music.data, music.target).predict_proba(music.data)
    assert probabilities.sum(axis=1) == pytest.approx(1)
    if representation != "spectrograms":  # two epochs teach a network little
        assert (model.classes_[probabilities.argmax(axis=1)] == music.target).mean() > 0.7


def test_another_representation_is_refused():
    with pytest.raises(ValueError, match="representation must be one of .*got 'sound'"):
        best("sound")
