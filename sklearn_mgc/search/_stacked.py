"""Training many networks at once: equal layers stacked, one batched product for all.

What a GPU needs: a step of one small network keeps it busy for microseconds. Networks of
different numbers of rows share a stack; where a batch of one is shorter, rows are masked, in
batch normalization too, and where one has no batch left, its weights rest.
"""

from __future__ import annotations

import copy
import time
import warnings
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch.nn.functional import log_softmax

from sklearn_mgc.search._nets import Net

_OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "not enough memory")


def train(nets: Sequence[Net], targets: Sequence[int], tick: Callable, device: str) -> None:
    """Train each network until it has done so many epochs.

    Parameters
    ----------
    nets : sequence of Net
        Changed in place.
    targets : sequence of int
        Epochs to reach.
    tick : callable
        Called with the number of epochs that were done.
    device : str
        Torch device.

    Warns
    -----
    UserWarning
        When a stack was too large for the memory and is halved.
    """
    groups: dict[tuple, list[Net]] = {}
    for net, target in zip(nets, targets, strict=True):
        if not net.done and net.epoch < target:
            size = int(net.ends[0])
            key = tuple(net.sizes), tuple(net.normed), size, net.epoch, target
            groups.setdefault(key, []).append(net)
    for (*_, target), group in groups.items():
        # Networks with many batches first: those that still have one are a prefix of the stack.
        group.sort(key=lambda net: -len(net.ends))
        size = _affordable(group[0], device)
        chunks = [group[i : i + size] for i in range(0, len(group), size)]
        while chunks:
            chunk = chunks.pop(0)
            before = [copy.copy(vars(net)) for net in chunk]
            try:
                _train_stack(chunk, target, tick, device)
            except RuntimeError as error:
                if len(chunk) == 1 or not any(text in str(error) for text in _OUT_OF_MEMORY):
                    raise
                for net, state in zip(chunk, before, strict=True):
                    vars(net).update(state)
                half = (len(chunk) + 1) // 2
                warnings.warn(
                    f"{len(chunk)} networks at once do not fit in the memory of {device}; "
                    f"going on with {half} at a time",
                    stacklevel=2,
                )
                chunks = [part for c in (chunk, *chunks) for part in (c[:half], c[half:]) if part]
                if device.startswith("cuda"):
                    torch.cuda.empty_cache()


def _affordable(net: Net, device: str) -> int:
    """Networks of this size that half of the memory holds."""
    floats = 10 * net.params.size + 12 * int(net.ends[0]) * int(net.sizes.sum())
    on_gpu = device.startswith("cuda")
    free = torch.cuda.mem_get_info(device)[0] // 2 if on_gpu else 2**30
    return max(1, int(free // (4 * floats)))


def _train_stack(nets: list[Net], target: int, tick: Callable, device: str) -> None:
    stack = Stack(nets, device)
    watched = any(net.validation is not None for net in nets)
    for epoch in range(nets[0].epoch, target):
        started = time.perf_counter()
        loss, right = stack.epoch(epoch)
        if watched:
            stack.store()
        share = (time.perf_counter() - started) / len(nets)
        for net, net_loss, net_right in zip(nets, loss, right, strict=True):
            net.end_epoch(net_loss, net_right, share)
        tick(len(nets))
        going = [net for net in nets if not net.done]
        if len(going) < len(nets):
            stack.store()
            if not going:
                return
            nets, stack = going, Stack(going, device)
    stack.store()


class Stack:
    """Weights and moments of networks with equal layers, one row each.

    Parameters
    ----------
    nets : list of Net
        In falling order of their number of batches.
    device : str
        Torch device.
    """

    def __init__(self, nets: list[Net], device: str):
        self.nets, self.device = nets, device
        first = nets[0]
        self.sizes = [int(size) for size in first.sizes]
        self.normed = first.normed.tolist()
        self.params = self._rows([net.params for net in nets])
        self.mean1 = self._rows([net.mean1 for net in nets])
        self.mean2 = self._rows([net.mean2 for net in nets])
        self.stats = self._rows([net.stats for net in nets])
        drop = np.array([net.drop for net in nets])
        self.keep, self.dropped = self._rows(1 - drop), [bool(any(ps)) for ps in drop.T]
        beta1, beta2, eps, decay = self._rows([net.adam for net in nets], torch.float64).T
        self.beta1, self.beta2 = beta1, beta2
        self.new1, self.new2 = (1 - beta1).float()[:, None], (1 - beta2).float()[:, None]
        self.eps, self.decay, self.decays = eps.float()[:, None], decay, bool(decay.any())
        self.smoothing = self._rows([[net.smoothing] for net in nets])
        self.steps = torch.tensor([net.steps for net in nets], device=device)
        # Rows of a fold are there once, however many candidates read them.
        self.offsets, tables, at = [], {}, 0
        for net in nets:
            key = net.X.ctypes.data, net.X.shape
            if key not in tables:
                tables[key] = at, net.X
                at += len(net.X)
            self.offsets.append(tables[key][0])
        self.X = torch.from_numpy(np.concatenate([X for _, X in tables.values()])).to(device)

    def _rows(self, values, dtype=torch.float32) -> torch.Tensor:
        return torch.from_numpy(np.array(values)).to(self.device, dtype)

    def store(self) -> None:
        """Give the networks their weights, moments and statistics."""
        for name in ("params", "mean1", "mean2", "stats"):
            values = getattr(self, name).cpu().numpy()
            for net, row in zip(self.nets, values, strict=True):
                setattr(net, name, row.copy())
        for net, steps in zip(self.nets, self.steps.tolist(), strict=True):
            net.steps = steps

    def epoch(self, epoch: int) -> tuple[list[float], list[float]]:
        """Train all for an epoch; give the summed loss and the rows that were right."""
        nets = self.nets
        size, most = int(nets[0].ends[0]), max(len(net.labels) for net in nets)
        rows = np.zeros((len(nets), most), np.int64)
        labels, weight = np.zeros_like(rows), np.zeros(rows.shape, np.float32)
        ends = np.zeros((len(nets), len(nets[0].ends)), np.int64)
        lrs = np.zeros(ends.shape)
        for i, net in enumerate(nets):
            n, steps = len(net.labels), len(net.ends)
            generator = torch.Generator().manual_seed(net.estimator._seed + 1 + epoch)
            order = torch.randperm(n, generator=generator).numpy()
            rows[i, :n] = self.offsets[i] + order
            labels[i, :n], weight[i, :n] = net.labels[order], net.weight[order]
            ends[i, :steps], lrs[i, :steps] = net.ends, net.lrs(epoch)
        there = [torch.from_numpy(a).to(self.device) for a in (rows, labels, weight, lrs)]
        # Units are dropped by one generator of the device: as likely as when each network is
        # trained alone, but not the same ones.
        generator = torch.Generator(self.device).manual_seed(nets[0].estimator._seed + 1 + epoch)
        total = torch.zeros(2, len(nets), dtype=torch.float64, device=self.device)
        for step in range(ends.shape[1]):
            k = int(np.count_nonzero(ends[:, step]))  # networks that have this batch
            begin, last = step * size, ends[:k, step]
            own = slice(None, k), slice(begin, int(last.max()))
            mask = None
            if last.min() < last.max():
                columns = np.arange(begin, last.max())
                mask = torch.from_numpy(columns < last[:, None]).to(self.device)
            r, y, w, lr = there[0][own], there[1][own], there[2][own], there[3][:k, step]
            total[:, :k] += self._step(k, self.X[r], y, w, mask, lr, generator)
        loss, right = total.tolist()
        return loss, right

    def _step(self, k: int, X, labels, weight, mask, lr, generator) -> torch.Tensor:
        """One step of the first ``k`` networks on (k, batch, n_features) rows."""
        leaves, logits = self._forward(k, X, mask, generator)
        log_p = log_softmax(logits, dim=2)
        hit = log_p.gather(2, labels[:, :, None])[:, :, 0]
        smoothing = self.smoothing[:k]
        loss = -((1 - smoothing) * hit + smoothing * log_p.mean(2)) * weight
        right = logits.argmax(2) == labels
        if mask is None:
            rows = torch.full((k,), X.shape[1], device=self.device)
        else:
            loss, right, rows = loss * mask, right & mask, mask.sum(1)
        per_net = loss.sum(1)
        grads = torch.autograd.grad((per_net / rows).sum(), leaves)
        self._adamw(k, torch.cat([grad.reshape(k, -1) for grad in grads], dim=1), lr)
        return torch.stack([per_net.detach(), right.sum(1)])

    def _forward(self, k: int, x, mask, generator) -> tuple[list[torch.Tensor], torch.Tensor]:
        leaves: list[torch.Tensor] = []
        at = s = 0

        def take(*shape: int) -> torch.Tensor:
            nonlocal at
            n = int(np.prod(shape))
            leaf = self.params[:k, at : at + n].detach().view(k, *shape).requires_grad_()
            leaves.append(leaf)
            at += n
            return leaf

        for i, (n_in, n_out) in enumerate(zip(self.sizes[:-1], self.sizes[1:], strict=True)):
            W, b = take(n_out, n_in), take(n_out)
            x = torch.baddbmm(b[:, None], x, W.transpose(1, 2))
            if self.normed[i]:
                gamma, beta = take(n_out), take(n_out)
                mean, var = self.stats[:k, s : s + n_out], self.stats[:k, s + n_out :][:, :n_out]
                x = _normalize(x, mask, mean, var) * gamma[:, None] + beta[:, None]
                s += 2 * n_out
            if i < len(self.sizes) - 2:
                x = x.relu()
            if self.dropped[i]:
                keep = self.keep[:k, i, None, None]
                drawn = torch.rand(x.shape, generator=generator, device=self.device)
                x = x * ((drawn < keep) / keep)
        return leaves, x

    def _adamw(self, k: int, grads: torch.Tensor, lr: torch.Tensor) -> None:
        self.steps[:k] += 1
        length = lr / (1 - self.beta1[:k] ** self.steps[:k])
        root = (1 - self.beta2[:k] ** self.steps[:k]).rsqrt().float()[:, None]
        mean1, mean2, params = self.mean1[:k], self.mean2[:k], self.params[:k]
        mean1.lerp_(grads, self.new1[:k])
        mean2.lerp_(grads.square(), self.new2[:k])
        if self.decays:
            params.mul_((1 - lr * self.decay[:k]).float()[:, None])
        size = mean2.sqrt().mul_(root).add_(self.eps[:k])
        params.sub_(mean1.div(size).mul_(length.float()[:, None]))


def _normalize(
    x: torch.Tensor, mask: torch.Tensor | None, running_mean, running_var
) -> torch.Tensor:
    """Rows in units of their deviation over the batch; updates the running statistics."""
    if mask is None:
        n = x.new_full((1, 1, 1), x.shape[1])
        mean = x.mean(1, keepdim=True)
        centered = x - mean
    else:
        n = mask.sum(1).to(x.dtype)[:, None, None]
        mean = (x * mask[:, :, None]).sum(1, keepdim=True) / n
        centered = (x - mean) * mask[:, :, None]
    squares = centered.square().sum(1, keepdim=True)
    with torch.no_grad():
        running_mean.lerp_(mean[:, 0], 0.1)
        running_var.lerp_((squares / (n - 1))[:, 0], 0.1)
    return centered * (squares / n + 1e-5).rsqrt()
