"""Teams of threads: none for small operations, none left behind in a child, none shared."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from torch import nn

from sklearn_mgc import CRNNClassifier, DNNClassifier
from sklearn_mgc import _threads as threads
from sklearn_mgc.networks import CNN2D, CRNN, DNN, ParallelCRNN

PRODUCTS = {
    "dnn": DNN((25,), 10),
    "cnn2d": CNN2D((64, 32), 10, dense_sizes=(16,)),
    "crnn": CRNN((64, 32), 10),
    "image crnn": CRNN((64, 32), 10, convolution="2d", channels=(8, 4, 4)),
    "parallel": ParallelCRNN((64, 32), 10),
}


@pytest.mark.parametrize("name", PRODUCTS)
def test_largest_product_is_what_the_layers_do(name):
    """Weights times the places where they are applied, of the layers that ran."""
    network, products = PRODUCTS[name].eval(), []

    def look(layer, inputs, out):
        places = out[0, 0].numel() if out.ndim > 2 else 1
        products.append(layer.weight.numel() * places)

    for layer in network.modules():
        if isinstance(layer, (nn.Linear, nn.Conv1d, nn.Conv2d)):
            layer.register_forward_hook(look)
    network(torch.zeros(1, *((25,) if name == "dnn" else (64, 32))))
    assert network.largest_product == max(products)


def test_limit_is_the_threads_own_and_is_put_back():
    before = torch.get_num_threads()
    elsewhere = []
    with threads.team(threads.PAYS - 1):
        assert torch.get_num_threads() == 1
        other = threading.Thread(target=lambda: elsewhere.append(torch.get_num_threads()))
        other.start()
        other.join()
    assert elsewhere == [before]
    assert torch.get_num_threads() == before
    with threads.team(threads.PAYS):
        assert torch.get_num_threads() == before


_COUNT_AND_FORK = """
import os, time, numpy as np, torch
from sklearn_mgc import CRNNClassifier, DNNClassifier
rng = np.random.default_rng(0)
for model, shape in [(DNNClassifier(max_epochs=1, callbacks=[]), (64, 25)),
                     (CRNNClassifier(max_epochs=1), (16, 64, 32))]:
    X, y = rng.normal(size=shape), np.arange(shape[0]) % 2
    before = len(os.listdir("/proc/self/task"))
    model.fit(X, y).predict(X)
    time.sleep(0.1)  # the notice of compiling ends
    print(len(os.listdir("/proc/self/task")) - before)
before = len(os.listdir("/proc/self/task"))
torch.set_num_threads(3)
torch.randn(1000, 1000).exp()  # a team, as of a large network
torch.randn(500, 500) @ torch.randn(500, 500)
print(len(os.listdir("/proc/self/task")) > before)
pid = os.fork()
if pid == 0:
    model.predict(X)
    torch.randn(1000, 1000).exp()
    os._exit(7)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="counts threads in /proc")
def test_small_networks_start_no_team_and_a_child_of_a_team_predicts():
    done = subprocess.run(
        [sys.executable, "-c", _COUNT_AND_FORK],
        env={**os.environ, "OMP_NUM_THREADS": "4"},
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    assert done.stdout.split() == ["0", "0", "True", "7"]


@pytest.mark.parametrize(
    ("model", "shape"),
    [
        (DNNClassifier((16,), max_epochs=1), (40, 6)),
        (CRNNClassifier((4, 4, 4), max_epochs=1), (40, 24, 6)),
    ],
)
def test_predict_in_threads(model, shape):
    X = np.random.default_rng(0).normal(size=shape)
    model.fit(X, np.arange(40) % 2)
    parts = [X[i % 5 :] for i in range(24)]
    expected = [model.predict_proba(part) for part in parts]
    with ThreadPoolExecutor(8) as pool:
        for found, alone in zip(pool.map(model.predict_proba, parts), expected, strict=True):
            np.testing.assert_array_equal(found, alone)
