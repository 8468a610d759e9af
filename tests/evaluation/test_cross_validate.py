"""Artists stay apart, every clip is tested, seeds differ, and the table says so."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import DataConversionWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score, log_loss, make_scorer, roc_auc_score
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    ShuffleSplit,
    StratifiedGroupKFold,
    StratifiedKFold,
    cross_val_predict,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from sklearn_mgc import DNNClassifier, HandcraftedFeatures
from sklearn_mgc.datasets import make_music
from sklearn_mgc.evaluation import compare, cross_validate


@pytest.fixture(scope="module")
def clips():
    """Clips that resemble their artist more than their genre."""
    rng = np.random.default_rng(0)
    artists = np.repeat(np.arange(40), 5)
    y = np.array(["jazz", "pop", "rock"])[artists % 3]
    genre = {"jazz": 0.0, "pop": 0.7, "rock": 1.4}
    sound = np.array([genre[g] for g in y])[:, None] + rng.normal(0, 1, (40, 4))[artists]
    return sound + rng.normal(0, 0.2, sound.shape), y, artists


def test_predictions_are_scikit_learns(clips):
    X, y, artists = clips
    model = make_pipeline(StandardScaler(), LogisticRegression())
    result = cross_validate(model, X, y, groups=artists, random_state=7)
    cv = StratifiedGroupKFold(5, shuffle=True, random_state=7)
    expected = cross_val_predict(model, X, y, groups=artists, cv=cv)
    frame = result.predictions().sort_values("sample")
    assert (frame["predicted"].to_numpy() == expected).all()
    assert result.score == pytest.approx(accuracy_score(y, expected))
    assert (result.confusion_matrix().sum(axis=1) == [np.sum(y == g) for g in result.classes]).all()


def test_artists_are_kept_apart_and_random_folds_are_refused(clips):
    X, y, artists = clips
    model = KNeighborsClassifier(1)
    honest = cross_validate(model, X, y, groups=artists)
    for _, fold in honest.predictions().groupby("fold"):
        rest = honest.predictions().drop(fold.index)
        assert not set(fold["group"]) & set(rest["group"])
    random = StratifiedKFold(5, shuffle=True, random_state=0)
    with pytest.raises(ValueError, match=r"fold 0: \d+ of 40 test clips are by artists"):
        cross_validate(model, X, y, groups=artists, cv=random)
    flattered = cross_validate(model, X, y, groups=artists, cv=random, allow_leakage=True)
    assert flattered.score > honest.score + 0.2
    assert "5 folds by group" in str(honest)
    assert "5 folds that share artists" in str(flattered)


def test_repeats_draw_new_folds_and_seed_networks(clips):
    X, y, artists = clips
    seen = []

    class Recorder(DummyClassifier):
        def __init__(self, random_state=None):
            super().__init__(strategy="stratified", random_state=random_state)

        def fit(self, X, y):
            seen.append((self.random_state, len(X)))
            return super().fit(X, y)

    result = cross_validate(Recorder(random_state=10), X, y, groups=artists, n_repeats=3)
    assert [state for state, _ in seen] == [10] * 5 + [11] * 5 + [12] * 5
    seen.clear()
    cross_validate(Recorder(), X, y, groups=artists, n_repeats=2, random_state=3)
    assert [state for state, _ in seen] == [3] * 5 + [4] * 5
    folds = [
        result.fold[result.repeat == r][np.argsort(result.sample[result.repeat == r])]
        for r in range(3)
    ]
    assert (folds[0] != folds[1]).any()
    assert all((np.sort(result.sample[result.repeat == r]) == range(200)).all() for r in range(3))
    assert "3 repeats" in result.protocol


def test_intervals_of_scores_that_are_no_shares_may_leave_0_and_1(clips):
    X, _, artists = clips
    y = np.random.default_rng(0).choice(["jazz", "pop"], 50)[artists % 50]
    scoring = ["f1_macro", "matthews_corrcoef", "neg_log_loss"]
    result = cross_validate(LogisticRegression(), X, y, groups=artists, scoring=scoring)
    assert result.interval("f1_macro")[1] > 0
    assert result.interval("matthews_corrcoef")[1] < 0  # y has nothing to do with X
    score, low, high = result.interval("neg_log_loss")
    assert high - score == pytest.approx(score - low)


def test_no_interval_goes_beyond_all_right():
    y = np.array(["jazz", "rock"] * 6)
    X = (y == "jazz")[:, None] + np.eye(12)[:, :1] * -3.0  # the first one sounds like the other
    loss = make_scorer(log_loss, response_method="predict_proba")
    scoring = {"mcc": "matthews_corrcoef", "less": "neg_log_loss", "loss": loss}
    result = cross_validate(LogisticRegression(C=100), X, y, cv=3, scoring=scoring)
    for name, end in (("mcc", 1), ("less", 0)):
        score, low, high = result.interval(name)
        assert low < score < high == end
    score, low, high = result.interval("loss")
    assert 0 == low < score < high


def test_one_artist_alone_in_a_genre_gives_an_interval_without_a_warning(clips):
    X, y, artists = clips
    y = np.where(artists == artists[0], "polka", y)
    result = cross_validate(
        DummyClassifier(strategy="stratified", random_state=0),
        X,
        y,
        groups=artists,
        cv=GroupKFold(5),
        scoring=["accuracy", "balanced_accuracy"],
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        score, low, high = result.interval("balanced_accuracy")
    assert 0 <= low < score < high < 1


def test_scores_are_those_of_the_predictions(clips):
    X, y, artists = clips
    scoring = ["accuracy", "balanced_accuracy", "f1_macro", "roc_auc_ovr"]
    result = cross_validate(LogisticRegression(), X, y, groups=artists, scoring=scoring)
    frame = result.predictions()
    f1 = f1_score(frame["true"], frame["predicted"], average="macro")
    proba = frame[["p(jazz)", "p(pop)", "p(rock)"]].to_numpy()
    auc = roc_auc_score(frame["true"], proba, multi_class="ovr")
    assert result.interval("f1_macro")[0] == pytest.approx(f1)
    assert result.interval("roc_auc_ovr")[0] == pytest.approx(auc)
    for name in scoring:
        score, low, high = result.interval(name)
        assert low < score < high
    fold = frame[frame["fold"] == 2]
    expected = accuracy_score(fold["true"], fold["predicted"])
    assert result.to_frame().loc[2, "accuracy"] == pytest.approx(expected)
    with pytest.raises(ValueError, match="no score 'recall'; there are accuracy"):
        result.interval("recall")


def test_decisions_serve_where_there_are_no_probabilities(clips):
    X, y, artists = clips
    two = y != "pop"
    result = cross_validate(SVC(), X[two], y[two], groups=artists[two], scoring="roc_auc")
    frame = result.predictions()
    assert result.score == pytest.approx(roc_auc_score(frame["true"] == "rock", frame["p(rock)"]))


def test_groups_reach_searches_and_early_stopping(clips, monkeypatch):
    X, y, artists = clips
    search = GridSearchCV(LogisticRegression(), {"C": [0.1, 1]}, cv=GroupKFold(3))
    assert cross_validate(search, X, y, groups=artists).score > 0.4
    model = make_pipeline(
        StandardScaler(), DNNClassifier((8,), max_epochs=3, early_stopping=True, random_state=0)
    )
    told = []
    fit = DNNClassifier.fit

    def spy(self, X, y, sample_weight=None, *, groups=None, X_val=None, y_val=None):
        told.append(len(groups))
        return fit(self, X, y, sample_weight, groups=groups)

    monkeypatch.setattr(DNNClassifier, "fit", spy)
    cross_validate(model, X, y, groups=artists)
    assert len(told) == 5 and sum(told) == 4 * 200


def test_params_are_cut_to_the_training_clips(clips):
    X, y, artists = clips
    weight = np.where(y == "jazz", 1e-6, 1.0)
    result = cross_validate(
        LogisticRegression(), X, y, groups=artists, params={"sample_weight": weight}
    )
    assert result.recalls()[0]["genre"] == "jazz" and result.recalls()[0]["recall"] < 0.05


def test_pairs_of_indices_and_held_out_clips(clips):
    X, y, artists = clips
    train, test = np.flatnonzero(artists < 25), np.flatnonzero(artists >= 32)
    result = cross_validate(LogisticRegression(), X, y, groups=artists, cv=[(train, test)])
    assert (np.sort(result.sample) == test).all()
    assert result.protocol.startswith(f"1 fold by group: {len(test)} clips of 3 genres by 8")
    several = cross_validate(
        LogisticRegression(), X, y, cv=ShuffleSplit(1, test_size=0.2, random_state=0), n_repeats=4
    )
    assert len(several.sample) == 160 and len(np.unique(several.sample)) > 80


def test_the_protocol_names_a_leak_whatever_the_folds(clips):
    X, y, artists = clips
    model = LogisticRegression()
    mixed = np.random.default_rng(0).permutation(200)
    leaking = [(mixed[:150], mixed[150:])]
    result = cross_validate(model, X, y, groups=artists, cv=leaking, allow_leakage=True)
    assert result.protocol.startswith("1 fold that shares artists: 50 clips")
    expected = int(np.isin(artists[mixed[150:]], artists[mixed[:150]]).sum())
    assert result.to_frame()["n_leaked"].tolist() == [expected]
    # Each half of an artist's clips is tested; no model has heard any of them.
    halves = [
        (np.flatnonzero(artists >= 20), np.flatnonzero((artists < 20) & (np.arange(200) % 2 == k)))
        for k in (0, 1)
    ]
    purged = cross_validate(model, X, y, groups=artists, cv=halves)
    assert purged.protocol.startswith("2 folds by group: 100 clips")
    assert "n_leaked" not in cross_validate(model, X, y).to_frame()


def test_a_generator_of_folds_serves_every_repeat(clips):
    X, y, artists = clips
    pairs = list(GroupKFold(4).split(X, y, artists))
    masks = [(np.isin(range(200), train), np.isin(range(200), test)) for train, test in pairs]
    expected = cross_validate(KNeighborsClassifier(), X, y, cv=pairs, n_repeats=3)
    assert expected.n_repeats == 3 and len(expected.sample) == 600
    for cv in (iter(pairs), masks):
        found = cross_validate(KNeighborsClassifier(), X, y, cv=cv, n_repeats=3)
        pd.testing.assert_frame_equal(found.predictions(), expected.predictions())


def test_a_genre_that_a_fold_does_not_know(clips):
    X, y, _artists = clips
    train, test = np.flatnonzero(y != "pop"), np.flatnonzero(y == "pop")
    result = cross_validate(LogisticRegression(), X, y, cv=[(train, test)])
    assert result.score == 0 and result.probabilities.shape == (len(test), 3)
    assert (result.probabilities[:, 1] == 0).all()


def test_from_paths_in_two_threads(tmp_path):
    music = make_music(
        24,
        genres=["jazz", "rock"],
        artists_per_genre=4,
        duration=1.0,
        folder=tmp_path,
        random_state=0,
    )
    model = make_pipeline(HandcraftedFeatures(), StandardScaler(), LogisticRegression())
    one = cross_validate(model, music.data, music.target, groups=music.groups, cv=3)
    with parallel_config("threading"):
        two = cross_validate(model, music.data, music.target, groups=music.groups, cv=3, n_jobs=2)
    pd.testing.assert_frame_equal(one.predictions(), two.predictions())
    assert one.predictions()["true"].isin(["jazz", "rock"]).all()


def test_shows_itself(clips):
    X, y, artists = clips
    result = cross_validate(LogisticRegression(), X, y, groups=artists)
    text = str(result)
    assert text.startswith("accuracy  0.") and "95 % CI" in text
    assert "200 clips of 3 genres by 40 artists" in text
    assert len(text.splitlines()) == 3 + 1 + 3
    row, (jazz, _, rock) = result.recalls()[1], result.confusion_matrix("true")[1]
    assert (row["taken_for"], row["share"]) == ("jazz" if jazz >= rock else "rock", max(jazz, rock))
    assert f"{row['taken_for']} ({100 * row['share']:.0f} %)" in text.splitlines()[-2]
    assert "<table>" in result._repr_html_()
    assert json.loads(json.dumps(result.to_dict()))["scores"]["accuracy"]["score"] == result.score
    left, right = result.plot().axes_
    assert [label.get_text() for label in left.get_yticklabels()] == ["jazz", "pop", "rock"]
    assert right.get_xlabel() == "predicted genre"
    shares = result.confusion_matrix("true")
    for text, share in zip(right.texts, shares[shares > 0], strict=True):
        assert text.get_text().startswith("<1 %" if share < 0.005 else f"{100 * share:.0f} %")


def test_plot_of_many_genres_and_of_one():
    names = [f"a long name of genre {i:02}" for i in range(26)]
    for genres in (names, names[:1]):
        y = np.repeat(genres, 4)
        X = np.random.default_rng(0).normal(size=(len(y), 2))
        result = cross_validate(DummyClassifier(), X, y, cv=2)
        left, right = result.plot().axes_
        assert [tick.get_text() for tick in right.get_xticklabels()] == genres
        assert len(right.texts) == (0 if len(genres) > 1 else 1)  # numbers would overlap
        assert left.figure.get_figheight() >= 0.3 * len(genres)


def test_bad_arguments(clips):
    X, y, artists = clips
    with pytest.raises(ValueError, match="groups has 199 entries, but y has 200"):
        cross_validate(LogisticRegression(), X, y, groups=artists[1:])
    with pytest.raises(ValueError, match="n_repeats must be at least 1"):
        cross_validate(LogisticRegression(), X, y, n_repeats=0)
    with pytest.raises(ValueError, match="cv gives no folds"):
        cross_validate(LogisticRegression(), X, y, cv=[])
    with pytest.raises(AttributeError, match="NoneType"):  # there is no X to score
        cross_validate(LogisticRegression(), X, y, scoring=lambda model, X, y: X.mean())

    class Untrained(DummyClassifier):
        def fit(self, X, y):
            raise AssertionError("trained before the scorers were tried")

    for scoring, genres in (("average_precision", ["jazz", "rock"]), ("roc_auc", ["a", "b", "c"])):
        with pytest.raises(ValueError, match="pos_label|multi_class"):
            cross_validate(Untrained(), X, np.resize(genres, len(X)), scoring=scoring)


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA], ids=str)
def test_unknown_artists_are_not_one_artist(clips, missing):
    X, y, artists = clips
    names = pd.Series([f"artist {a}" for a in artists], dtype=object)
    names[[3, 7]] = missing
    with pytest.raises(ValueError, match="no artist for 2 of 200 clips, such as clip 3"):
        cross_validate(LogisticRegression(), X, y, groups=names)


def test_what_is_not_known_is_none_in_json(clips):
    X, y, artists = clips
    model, half = DummyClassifier(strategy="uniform"), [(np.arange(100), np.arange(100, 200))]
    scoring = {"same": make_scorer(lambda true, told: -1.0)}
    result = cross_validate(model, X, y, groups=artists, cv=half, scoring=scoring)
    found = compare(result, result)
    assert np.isnan([result.interval()[1], found.p_folds]).all()
    for known, told in (
        (result, result.to_dict()["scores"]["same"]["low"]),
        (found, found.to_dict()["p_folds"]),
    ):
        assert told is None
        json.dumps(known.to_dict(), allow_nan=False)


def test_compare_says_which_is_better(clips):
    X, y, artists = clips
    good = cross_validate(LogisticRegression(), X, y, groups=artists, n_repeats=2)
    chance = cross_validate(DummyClassifier(), X, y, groups=artists, n_repeats=2)
    found = compare(good, chance, names=("regression", "chance"))
    assert found.difference == pytest.approx(good.score - chance.score)
    assert found.low > 0 and found.p_artists < 0.05
    assert found.verdict.startswith("regression is the better method: ahead of chance by")
    mirrored = compare(chance, good, names=("chance", "regression"))
    assert mirrored.verdict == found.verdict
    assert (mirrored.low, mirrored.high) == pytest.approx((-found.high, -found.low))
    assert found.n_only_a - found.n_only_b == pytest.approx(found.difference * len(good.sample))
    assert "McNemar" in str(found) and "corrected t" in str(found)
    json.dumps(found.to_dict(), allow_nan=False)
    assert repr(found) == f"<Comparison: {found.verdict}>"
    assert "&lt;b&gt;" in compare(good, chance, names=("<b>", "chance"))._repr_html_()


def test_compare_of_classifiers_is_that_of_their_results(clips):
    X, y, artists = clips
    models = LogisticRegression(), DummyClassifier()
    found = compare(*models, X, y, groups=artists, n_repeats=2)
    results = [cross_validate(m, X, y, groups=artists, n_repeats=2) for m in models]
    assert found == compare(*results)
    with pytest.raises(TypeError, match="two results .* or two classifiers"):
        compare(*models)
    with pytest.raises(TypeError, match="two results .* or two classifiers"):
        compare(*results, X, y)


def test_trained_models_that_differ_are_not_called_methods_that_differ(clips):
    X, y, artists = clips
    one_fold = list(GroupKFold(4).split(X, y, artists))[:1]
    results = [
        cross_validate(model, X, y, groups=artists, cv=one_fold)
        for model in (LogisticRegression(), DummyClassifier())
    ]
    verdict = compare(*results, names=("regression", "chance")).verdict
    assert verdict.startswith("These trained models of regression are better than those of chance")
    assert verdict.endswith("better method is not shown (a single fold cannot tell)")


def test_compare_does_not_call_noise_a_difference(clips):
    X, y, artists = clips
    a = cross_validate(LogisticRegression(C=1.0), X, y, groups=artists)
    b = cross_validate(LogisticRegression(C=0.9), X, y, groups=artists)
    assert compare(a, b).verdict.startswith("No difference is shown")
    other = cross_validate(LogisticRegression(), X, y, groups=artists, random_state=1)
    with pytest.raises(ValueError, match="other clips or other folds"):
        compare(a, other)
    pairs = list(GroupKFold(4).split(X, y, artists))
    known = cross_validate(LogisticRegression(), X, y, groups=artists, cv=pairs)
    unknown = cross_validate(LogisticRegression(), X, y, cv=pairs)
    with pytest.raises(ValueError, match="different groups, or one of them none"):
        compare(unknown, known)


def test_genres_and_artists_as_a_column(clips):
    X, y, artists = clips
    model = LogisticRegression()
    expected = cross_validate(model, X, y, groups=artists, cv=3)
    frame = pd.DataFrame({"genre": y, "artist": artists})
    with pytest.warns(DataConversionWarning, match="column-vector"):
        found = cross_validate(model, X, frame[["genre"]], groups=frame[["artist"]], cv=3)
    np.testing.assert_array_equal(found.right, expected.right)
    assert found.interval() == expected.interval()
    with pytest.raises(ValueError, match="1d array"):
        cross_validate(model, X, frame, cv=3)


def test_an_interval_that_is_not_known_is_not_printed_as_nan():
    y = np.repeat(["jazz", "rock"], 20)
    X = (y == "rock")[:, None] * 1000.0 + np.arange(40)[:, None] % 7
    result = cross_validate(
        GaussianNB(), X, y, groups=np.arange(40) // 2, cv=4, scoring=["neg_log_loss"]
    )
    assert "not known" in repr(result)
    assert "nan" not in repr(result)
