"""What the networks share is the same in each: found by inspection."""

from __future__ import annotations

import ast
import inspect

import pytest
from sklearn.base import clone

from sklearn_mgc import classifiers
from sklearn_mgc.classifiers.parameters import TrainingParameters

ClassDoc = pytest.importorskip("numpydoc.docscrape").ClassDoc
EXPORTED = [getattr(classifiers, name) for name in classifiers.__all__]
NETWORKS = [
    found for found in EXPORTED if isinstance(found, type) and issubclass(found, TrainingParameters)
]
# Chosen by measurement for each network (docs/guide/networks.rst).
OWN_DEFAULTS = {"dropout", "lr", "max_epochs", "weight_decay"}
OWN_WORDS = {"dropout"}


def shared() -> list[str]:
    names = inspect.get_annotations(TrainingParameters)
    return [name for name in names if not name.startswith("_")]


def defaults(network) -> dict:
    return {
        name: parameter.default
        for name, parameter in inspect.signature(network).parameters.items()
        if name in shared()
    }


def words(network) -> dict:
    """Type without the default, and text, of each parameter."""
    return {
        entry.name: (entry.type.split(", default=")[0], *entry.desc)
        for entry in ClassDoc(network)["Parameters"]
        if entry.name in shared()
    }


def test_all_networks_are_found():
    assert len(NETWORKS) == 4
    assert set().union(*map(defaults, NETWORKS)) == set(shared())


@pytest.mark.parametrize("network", NETWORKS)
def test_shared_parameters_are_told_in_the_same_words_and_order(network):
    reference = {name: text for other in NETWORKS for name, text in words(other).items()}
    for name, text in words(network).items():
        if name not in OWN_WORDS:
            assert text == reference[name], name
    trained = [name for name in shared() if name != "dropout"]
    for names in (defaults(network), words(network)):
        assert [name for name in names if name != "dropout"] == [n for n in trained if n in names]
    assert list(defaults(network)) == list(words(network))


@pytest.mark.parametrize("network", NETWORKS)
def test_shared_parameters_have_the_same_defaults(network):
    reference = {name: value for other in NETWORKS for name, value in defaults(other).items()}
    for name, value in defaults(network).items():
        if name not in OWN_DEFAULTS:
            assert value == reference[name], name


@pytest.mark.parametrize("network", NETWORKS)
def test_documented_defaults_are_those_of_the_signature(network):
    signature = inspect.signature(network).parameters
    for entry in ClassDoc(network)["Parameters"]:
        name = entry.name.lstrip("*")
        if ", default=" in entry.type:
            said = ast.literal_eval(entry.type.split(", default=")[1])
            assert said == signature[name].default, name
        else:
            assert signature[name].default in (inspect.Parameter.empty, None), name


@pytest.mark.parametrize("network", NETWORKS)
def test_parameters_are_kept_as_they_are_given(network):
    model = network(lr=0.5, callbacks=[], optimizer__betas=(0.5, 0.9))
    assert vars(model) == model.get_params() == clone(model).get_params()
    assert model.get_params()["optimizer__betas"] == (0.5, 0.9)
    assert set(inspect.signature(network).parameters) - {"net_params"} < set(model.get_params())


@pytest.mark.parametrize("network", NETWORKS)
def test_modules_have_the_same_defaults(network):
    module = inspect.signature(network._module).parameters
    own = inspect.signature(network).parameters
    names = [name for name in network._module_params if name in module]
    assert names
    assert {name: module[name].default for name in names} == {
        name: own[name].default for name in names
    }
