"""Threads that compute at a time, and that none of them waits for ever."""

import threading

import numpy as np
from joblib import cpu_count

from sklearn_mgc import HandcraftedFeatures
from sklearn_mgc.features import AudioTransformer
from sklearn_mgc.features.workers import turn


def test_no_more_threads_compute_than_there_are_cores():
    running, most, lock = 0, 0, threading.Lock()

    def compute():
        nonlocal running, most
        with turn():
            with lock:
                running += 1
                most = max(most, running)
            threading.Event().wait(0.02)
            with lock:
                running -= 1

    threads = [threading.Thread(target=compute) for _ in range(4 * cpu_count())]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most <= cpu_count()


class Inner(AudioTransformer):
    """A transformer that uses another while it has its turn."""

    def output_shape(self):
        return (25,)

    def extract(self, y):
        return HandcraftedFeatures().transform([y])[0]


def test_a_transformer_may_use_another():
    clips = np.random.default_rng(0).normal(size=(2, 22050)).astype(np.float32)
    expected = HandcraftedFeatures().transform(clips)
    found = [np.empty(0)] * (cpu_count() + 1)

    def transform(i):
        found[i] = Inner().transform(clips)

    threads = [threading.Thread(target=transform, args=(i,)) for i in range(len(found))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert all(np.array_equal(rows, expected) for rows in found)
