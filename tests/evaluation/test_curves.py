"""Training curves: every epoch is seen, also a single one, and epochs are whole numbers."""

from __future__ import annotations

import pytest

from sklearn_mgc.display import TrainingCurvesDisplay


@pytest.mark.parametrize("n_epochs", [1, 2, 7])
def test_epochs_are_whole_and_seen(n_epochs):
    history = [{"train_loss": 1 / (i + 1), "train_acc": i / 10} for i in range(n_epochs)]
    display = TrainingCurvesDisplay.from_history(history)
    assert [ax.get_ylabel() for ax in display.axes_] == ["cross-entropy loss", "accuracy"]
    for ax in display.axes_:
        low, high = ax.get_xlim()
        ticks = [tick for tick in ax.get_xticks() if low <= tick <= high]
        assert ticks and all(tick == round(tick) for tick in ticks)
        (line,) = ax.lines
        assert n_epochs > 1 or line.get_marker() == "o"
