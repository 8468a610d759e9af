"""Committed results come out again, and the check of it can fail."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def check():
    path = _ROOT / "experiments" / "check.py"
    if not path.exists():
        pytest.skip("experiments/check.py is not there")
    spec = importlib.util.spec_from_file_location("check", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["check"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    yield module
    del sys.modules["check"]


@pytest.mark.realdata
@pytest.mark.slow
def test_a_sample_of_the_committed_cells(check, shared_data):
    assert check.main([str(shared_data / "gtzan"), "--cells", "6", "--networks", "1"]) == 0


@pytest.mark.realdata
def test_a_cell_that_moved_is_told(check, shared_data, tmp_path, capsys):
    about = json.loads((check.RESULTS / "gtzan.json").read_text())
    about["rows"] = [
        row for row in about["rows"] if (row["system"], row["protocol"]) == ("logreg", "paper")
    ]
    for row in about["rows"]:
        row["accuracies"] = [accuracy - 0.04 for accuracy in row["accuracies"]]
    (tmp_path / "gtzan.json").write_text(json.dumps(about))
    (tmp_path / "gtzan_tags.json").write_text('{"rows": []}')
    (tmp_path / "vote.json").write_text('{"test": {}}')
    arguments = [str(shared_data / "gtzan"), "--results", str(tmp_path), "--cells", "2"]
    assert check.main(arguments) == 1
    assert "2 of 2 cells moved" in capsys.readouterr().out
