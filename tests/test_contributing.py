"""The steps of CONTRIBUTING.md, taken literally on a copy of the package."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import sklearn_mgc
from tests.processes import finish, run_with_a_copy, start

PACKAGE = Path(sklearn_mgc.__file__).parent
ADDED = "from sklearn_mgc.classifiers.dnn import DNNClassifier\n"


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{file.name}: {old!r} is there {text.count(old)} times"
    file.write_text(text.replace(old, new), encoding="utf-8")


def add_descriptor(package: Path) -> None:
    edit(
        package / "features" / "descriptors.py",
        '    "spectral_flatness": Descriptor(\n',
        '    "loudest_bin": Descriptor(\n'
        '        lambda block, _: block.seen["power"].max(axis=1)[:, None],\n'
        "        lambda ref: (abs(ref.librosa.stft(ref.y, **ref.stft)) ** 2).max(axis=0)[None],\n"
        "    ),\n"
        '    "spectral_flatness": Descriptor(\n',
    )


def add_network(package: Path) -> None:
    (package / "networks" / "perceptron.py").write_text(
        "from torch import nn\n"
        "class Perceptron(nn.Sequential):\n"
        '    """One layer.\n\n    Parameters\n    ----------\n'
        '    dropout : float, default=0.1\n        Share of inputs dropped.\n    """\n\n'
        "    def __init__(self, input_shape, n_classes, dropout=0.1):\n"
        "        width = input_shape[0]\n"
        "        super().__init__(nn.Dropout(dropout), nn.Linear(width, n_classes))\n"
        "        self.largest_product = width * n_classes\n"
    )
    edit(
        package / "networks" / "__init__.py",
        "import ParallelCRNN\n",
        "import ParallelCRNN\nfrom sklearn_mgc.networks.perceptron import Perceptron\n",
    )
    text = (package / "classifiers" / "dnn.py").read_text(encoding="utf-8")
    for old, new in (
        ("DNNClassifier", "PerceptronClassifier"),
        ("import DNN\n", "import Perceptron\n"),
        ("_module = DNN\n", "_module = Perceptron\n"),
        ("    _net = DenseNet\n", ""),
        ("    hidden_sizes, dropout, lr", "    dropout, lr"),
        ('        "hidden_sizes",\n', ""),
        ('        "hidden_sizes": ["array-like"],\n', ""),
        ("        hidden_sizes=(256, 128, 64, 32),\n        *,\n", "        *,\n"),
    ):
        assert old in text
        text = text.replace(old, new)
    (package / "classifiers" / "perceptron.py").write_text(text, encoding="utf-8")
    init = package / "classifiers" / "__init__.py"
    edit(init, ADDED, ADDED + ADDED.replace("DNN", "Perceptron").replace("dnn", "perceptron"))
    edit(init, '    "DNNClassifier",\n', '    "DNNClassifier",\n    "PerceptronClassifier",\n')


def add_backbone(package: Path) -> None:
    (package / "features" / "backbones" / "loudness.py").write_text(
        "import numpy as np\n"
        "from sklearn_mgc.features.backbones.base import Backbone, Card\n"
        "CARDS = {'loudness': Card('loudness', 'Loudness', 'us', 8000, 1.0, {'rms': 1}, 'rms')}\n"
        "def owns(model):\n"
        "    return model in CARDS\n"
        "def location(model):\n"
        "    return None\n"
        "class Loudness(Backbone):\n"
        "    card, weights_hash = CARDS['loudness'], 'none'\n"
        "    def embed(self, y, n_windows, grid, layers, device):\n"
        "        return np.sqrt((grid.cut(y, n_windows) ** 2).mean(axis=1, keepdims=True))\n"
        "def load(model):\n"
        "    return Loudness()\n"
    )


USE = """
import numpy as np
import sklearn_mgc
from sklearn_mgc.discovery import all_estimators
from sklearn_mgc.features import HandcraftedFeatures, PretrainedEmbedding

y = [np.random.default_rng(0).standard_normal(22050).astype(np.float32)]
ours, librosas = (
    HandcraftedFeatures(["loudest_bin"], backend=backend).transform(y)
    for backend in ("fused", "librosa")
)
np.testing.assert_allclose(ours, librosas, rtol=1e-3)

model = dict(all_estimators("classifier"))["PerceptronClassifier"](max_epochs=2, random_state=0)
X = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
assert model.fit(X, ["jazz", "rock"] * 20).predict_proba(X).shape == (40, 2)

row = PretrainedEmbedding("loudness", statistics=["mean"]).transform(y)
np.testing.assert_allclose(row, 1, atol=0.1)
"""


@pytest.mark.slow
def test_a_descriptor_a_network_and_a_backbone(tmp_path):
    package = tmp_path / "sklearn_mgc"
    # What is compiled of it comes along, less what is being written.
    shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("*.tmp.*", "*.pyc.*"))
    for add in (add_descriptor, add_network, add_backbone):
        add(package)
    finish(start(run_with_a_copy, package, USE))
