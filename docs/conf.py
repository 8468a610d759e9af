"""Sphinx configuration."""

from __future__ import annotations

import sklearn_mgc

project = "sklearn_mgc"
author = "The sklearn_mgc developers"
release = version = sklearn_mgc.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.intersphinx",
    "sphinx_copybutton",
    "sphinx_design",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
]
html_theme = "pydata_sphinx_theme"
html_title = "sklearn_mgc"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_logo = "_static/logo.svg"
html_favicon = "_static/logo.svg"
html_theme_options = {
    "logo": {"text": "sklearn_mgc"},
    "navbar_align": "left",
    "header_links_before_dropdown": 5,
    "show_toc_level": 2,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": ["theme-version"],
}
html_sidebars = {"index": [], "install": [], "whats_new": []}
exclude_patterns = ["_build", "auto_examples/*.ipynb", "auto_examples/*.py", "**.md"]
autosummary_generate = True
autodoc_default_options = {"members": True, "inherited-members": False}
numpydoc_show_class_members = False
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
# Found on the network where there is one; without it, links to other projects are plain text.
intersphinx_mapping = {
    "sklearn": ("https://scikit-learn.org/stable", None),
    "skorch": ("https://skorch.readthedocs.io/en/stable", None),
    "librosa": ("https://librosa.org/doc/latest", None),
    "torch": ("https://docs.pytorch.org/docs/stable", None),
}
intersphinx_timeout = 3
sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": "/plot_",
    "abort_on_example_error": True,
    "show_memory": False,
    "backreferences_dir": "api/generated/backreferences",
    "doc_module": ("sklearn_mgc",),
}
# The inherited `score` documentation refers to labels of scikit-learn's own guide.
suppress_warnings = ["config.cache", "ref.ref", "ref.term"]
