"""Networks of recipes, and how large they are."""

from __future__ import annotations


def module_of(estimator, shape, n_classes):
    """The network that the estimator would train, without training it."""
    params = {name: getattr(estimator, name) for name in estimator._module_params}
    return estimator._module(shape, n_classes, **params).eval()


def n_parameters(module) -> int:
    return sum(weight.numel() for weight in module.parameters())
