"""Random numbers: each fit owns its own, whatever else the process draws."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from joblib import Parallel, delayed
from sklearn.base import clone

from sklearn_mgc import (
    CNN2DClassifier,
    CRNNClassifier,
    DNNClassifier,
    ParallelCRNNClassifier,
)
from sklearn_mgc.networks import draws

RNG = np.random.default_rng(0)
Y = np.arange(24) % 3
TABLE = RNG.normal(size=(24, 8)).astype(np.float32)
MEL = RNG.normal(size=(24, 32, 12)).astype(np.float32)
SHARED = {"max_epochs": 3, "batch_size": 8, "random_state": 0}
AUGMENTED = {"mixup": 0.3, "spec_augment": 0.3, **SHARED}
NETWORKS = {
    "dnn": (DNNClassifier((16, 8), **SHARED), TABLE),
    "cnn2d": (CNN2DClassifier((4, 4, 4), kernel_size=3, **AUGMENTED), MEL),
    "crnn": (CRNNClassifier((4, 4, 4), rnn_dropout=0.2, **AUGMENTED), MEL),
    "parallel": (ParallelCRNNClassifier((4,) * 5, dropout=0.2, **AUGMENTED), MEL),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_in_threads_as_alone(name):
    model, X = NETWORKS[name]
    torch.manual_seed(1)
    before = torch.get_rng_state()
    alone = clone(model).fit(X, Y)
    with_others = Parallel(4, prefer="threads")(
        delayed(clone(model).set_params(random_state=seed).fit)(X, Y) for seed in (0, 1, 0, 2)
    )
    assert torch.equal(torch.get_rng_state(), before)
    for fitted in with_others[::2]:
        np.testing.assert_array_equal(fitted.predict_proba(X), alone.predict_proba(X))
    assert not np.array_equal(with_others[1].predict_proba(X), alone.predict_proba(X))


def test_no_torch_generator_is_read():
    """What the caller seeds makes no difference, to first weights or to what follows."""
    for model, X in NETWORKS.values():
        torch.manual_seed(1)
        first = clone(model).fit(X, Y).predict_proba(X)
        torch.manual_seed(2)
        np.testing.assert_array_equal(clone(model).fit(X, Y).predict_proba(X), first)


def test_units_are_dropped_by_a_stream_however_it_is_divided():
    whole, parts = draws.Dropout(0.3), draws.Dropout(0.3)
    whole.seed_draws(7, 0, 1)
    parts.seed_draws(7, 0, 1)
    expected = whole.kept(30_001)
    sizes = [1, 2, 9_000, 3, 20_000, 995]
    np.testing.assert_array_equal(np.concatenate([parts.kept(n) for n in sizes]), expected)
    # Five standard deviations of a share of that many.
    assert abs(expected.mean() - 0.7) < 5 * np.sqrt(0.3 * 0.7 / 30_001)


def test_dropout_scales_what_it_keeps():
    layer = draws.Dropout(0.25)
    layer.seed_draws(0)
    X = torch.ones(4, 6, 5, 3)
    out = layer(X)
    assert set(out.unique().tolist()) == {0.0, float(np.float32(1 / 0.75))}
    # The order of memory makes no difference to which units are kept.
    layer.seed_draws(0)
    same = layer(X.contiguous(memory_format=torch.channels_last))
    assert torch.equal(same, out)
    assert torch.equal(layer.eval()(X), X)


def test_dropout_without_a_seed_is_torchs():
    X = torch.ones(100)
    torch.manual_seed(3)
    ours = draws.Dropout(0.5)(X)
    torch.manual_seed(3)
    assert torch.equal(ours, torch.nn.Dropout(0.5)(X))
