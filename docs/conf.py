"""Sphinx configuration."""

from __future__ import annotations

import sklearn_mgc

project = "sklearn_mgc"
author = "The sklearn_mgc developers"
release = version = sklearn_mgc.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
]
html_theme = "pydata_sphinx_theme"
html_title = "sklearn_mgc"
exclude_patterns = ["_build", "auto_examples/*.ipynb", "auto_examples/*.py", "**.md"]
autosummary_generate = True
numpydoc_show_class_members = False
sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": "/plot_",
    "abort_on_example_error": True,
    "show_memory": False,
}
# The inherited `score` documentation refers to labels of scikit-learn's own guide.
suppress_warnings = ["config.cache", "ref.ref", "ref.term"]
