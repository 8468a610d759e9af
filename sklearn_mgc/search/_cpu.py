"""Training many networks on the CPU: one after the other, epoch by epoch, in threads."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Sequence

import numpy as np
from joblib import Parallel, delayed
from torch import nn

from sklearn_mgc.networks import draws
from sklearn_mgc.search._nets import Net


def train(
    nets: Sequence[Net], targets: Sequence[int], tick: Callable, n_jobs: int | None = None
) -> None:
    """Train each network until it has done so many epochs.

    Networks with the same seed, rows and dropout draw the same order and the same units, as
    they do when each is trained alone: these draws are made once for all of them.

    Parameters
    ----------
    nets : sequence of Net
        Changed in place.
    targets : sequence of int
        Epochs to reach.
    tick : callable
        Called with the number of epochs that were done.
    n_jobs : int, default=None
        Threads.
    """
    bundles: dict[tuple, list[tuple[Net, int]]] = {}
    for net, target in zip(nets, targets, strict=True):
        bundles.setdefault((net.stream, net.epoch), []).append((net, target))
    # Long ones first, so that the last thread to end is not one that began late.
    ordered = sorted(bundles.values(), key=lambda b: -sum(net.params.size for net, _ in b))
    Parallel(n_jobs=n_jobs, require="sharedmem")(
        delayed(_train_bundle)(part, tick) for bundle in ordered for part in _parts(bundle)
    )


def _parts(bundle: list, size: int = 30) -> list[list]:
    """Bundles short enough to be shared out among threads."""
    return [bundle[i : i + size] for i in range(0, len(bundle), size)]


def _train_bundle(bundle: list[tuple[Net, int]], tick: Callable) -> None:
    from sklearn_mgc.search._compiled import train_epoch

    for epoch in itertools.count(bundle[0][0].epoch):
        going = [net for net, target in bundle if epoch < target and not net.done]
        if not going:
            return
        started = time.perf_counter()
        first = going[0]
        order, masks = draw(first, epoch)
        drawing = (time.perf_counter() - started) / len(going)
        for net in going:
            started = time.perf_counter()
            loss, right, net.steps = train_epoch(
                net.sizes,
                net.normed,
                net.drop,
                net.params,
                net.mean1,
                net.mean2,
                net.stats,
                net.X[order],
                net.labels[order],
                net.weight[order],
                net.ends,
                masks,
                net.lrs(epoch),
                np.array(net.adam),
                net.smoothing,
                net.steps,
            )
            net.end_epoch(loss, right, time.perf_counter() - started + drawing)
            tick(1)


def draw(net: Net, epoch: int) -> tuple[np.ndarray, np.ndarray]:
    """Order of the rows and kept units of an epoch, as `DNNClassifier` draws them."""
    seed, n = net.estimator._seed, int(net.ends[-1])
    layers = [draws.Dropout(float(p)) for p in net.drop if p > 0]
    draws.seed_layers(nn.ModuleList(layers), seed, epoch)
    widths = [int(w) for w, p in zip(net.sizes[1:], net.drop, strict=True) if p > 0]
    kept = [layer.kept(n * width) for layer, width in zip(layers, widths, strict=True)]
    masks = np.concatenate([np.zeros(0, bool), *kept]).view(np.uint8)
    return draws.generator(seed, epoch).permutation(n), masks
