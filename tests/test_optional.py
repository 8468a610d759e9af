"""What a package that is missing, or breaks while it is imported, says of itself."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier

from sklearn_mgc import load_audio
from sklearn_mgc._optional import require
from sklearn_mgc.datasets import check_audio
from sklearn_mgc.datasets.names import read_tags
from sklearn_mgc.datasets.readers import read_parquet
from sklearn_mgc.web import create_app
from tests.audio.conftest import encoded
from tests.display.test_displays import RESULTS

WAV = encoded(np.full(99, 0.1), format="WAV")
# Whatever upgrades of other packages leave behind, and what needs the package.
BROKEN = {
    "av": ("AttributeError('_ARRAY_API not found')", lambda: load_audio(b"\0\0\0\x18ftypM4A ")),
    "fastapi": ("TypeError('unhashable')", lambda: create_app(DummyClassifier())),
    "matplotlib": ("SystemError('initialization failed')", lambda: RESULTS[2].plot()),
    "mutagen": ("ImportError('cannot import name x')", lambda: read_tags("a.mp3")),
    "pandas": ("ValueError('numpy.dtype size changed')", lambda: check_audio("a.mp3")),
    "pyarrow": ("AttributeError('_ARRAY_API')", lambda: list(read_parquet("a.parquet"))),
    "soundfile": ("OSError('no libsndfile')", lambda: load_audio(WAV)),
}


@pytest.fixture
def packages(tmp_path, monkeypatch):
    """A function that puts a package of this text before any other of its name."""
    monkeypatch.syspath_prepend(tmp_path)

    def put(name, text):
        for module in [m for m in sys.modules if m.partition(".")[0] == name]:
            monkeypatch.delitem(sys.modules, module)
        (tmp_path / name).mkdir()
        if text is not None:
            (tmp_path / name / "__init__.py").write_text(text)
        return str(tmp_path)

    return put


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_package_shows_its_own_error(packages, name):
    error, use = BROKEN[name]
    packages(name, f"raise {error}")
    own = re.escape(error.replace("('", ": ").replace("')", ""))
    told = rf"need {name}, which is installed but cannot be imported \({own}\): pip install --force"
    for _ in range(2):
        with pytest.raises((ImportError, ValueError), match=told):
            use()


def test_whose_error_it_is(packages):
    packages("outer", "import inner")
    with pytest.raises(ImportError, match=r'need inner, .* not installed: .*"sklearn_mgc\[plot\]"'):
        require("outer", what="plots", extra="plot")
    packages("inner", "import os; os.gone")
    with pytest.raises(ImportError, match="need inner, which is installed but .*'gone'") as caught:
        require("outer", what="plots", extra="plot")
    assert caught.value.name == "inner"
    packages("a_folder", None)
    with pytest.raises(ImportError, match="need a_folder, which is not installed: pip install a_"):
        require("a_folder", what="plots")


COMMANDS = {
    "check": ("pandas", ["-m", "sklearn_mgc", "check", "."], 2),
    "check, by way of pandas": ("pyarrow", ["-m", "sklearn_mgc", "check", "."], 2),
    "demo": ("soundfile", ["-m", "sklearn_mgc", "demo"], 2),
    "lazy name": ("pandas", ["-c", "from sklearn_mgc import HandcraftedFeatures"], 1),
    "room": ("pandas", ["-c", "from sklearn_mgc.evaluation import compare"], 1),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_commands_and_lazy_names_say_it(packages, name):
    package, words, status = COMMANDS[name]
    place = packages(package, "raise AttributeError('_ARRAY_API not found')")
    run = subprocess.run(
        [sys.executable, *words],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([place, *sys.path])},
        cwd=place,
    )
    assert run.returncode == status
    last = run.stderr.splitlines()[-1]
    assert f"need {package}, which is installed but" in last and "_ARRAY_API not found" in last
