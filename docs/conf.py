"""Sphinx configuration."""

from __future__ import annotations

from http.client import HTTPException
from pathlib import Path
from urllib.request import urlopen

from sphinx_gallery.sorting import FunctionSortKey

import sklearn_mgc

project = "sklearn_mgc"
author = "The sklearn_mgc developers"
copyright = f"%Y, {author}"
release = version = sklearn_mgc.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.intersphinx",
    "sphinx.ext.viewcode",
    "myst_parser",
    "sphinx_copybutton",
    "sphinx_design",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
]
html_theme = "pydata_sphinx_theme"
html_title = "sklearn_mgc"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = ["site.js"]
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
    "navbar_end": ["version-switcher", "theme-switcher"],
    "switcher": {"json_url": "_static/versions.json", "version_match": version},
}
html_sidebars = {
    page: [] for page in ("index", "install", "command_line", "faq", "whats_new", "contributing")
}
exclude_patterns = ["_build", "_templates", "auto_examples/*.ipynb", "auto_examples/*.py", "**.md"]
autosummary_generate = True
# What a class inherits is on its page, down to what scikit-learn, torch or Python add to all.
autodoc_default_options = {
    "members": True,
    "inherited-members": "BaseEstimator,Module,Exception,ValueError,OSError,tuple,StrEnum,Enum",
    "exclude-members": "get_metadata_routing,set_fit_request,set_partial_fit_request,"
    "set_score_request,set_predict_request,set_transform_request",
}
toc_object_entries_show_parents = "hide"  # or methods are clipped beside the page
templates_path = ["_templates"]
numpydoc_show_class_members = False
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
INVENTORIES = {
    "sklearn": "https://scikit-learn.org/stable",
    "skorch": "https://skorch.readthedocs.io/en/stable",
    "librosa": "https://librosa.org/doc/latest",
    "torch": "https://docs.pytorch.org/docs/stable",
}


def fetched(folder: Path) -> dict:
    """Inventories that can be had; without a network, links to other projects are plain text.

    Sphinx would warn of those that cannot, and warnings are errors.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found = {}
    for name, address in INVENTORIES.items():
        file = folder / f"{name}.inv"
        try:
            with urlopen(f"{address}/objects.inv", timeout=3) as answer:
                file.write_bytes(answer.read())
        except (OSError, HTTPException):
            continue
        found[name] = (address, str(file))
    return found


# Names of this package must lead somewhere, but for what annotations alone name; those of others do
# where their inventories are.
nitpicky = True
nitpick_ignore_regex = [
    (r"py:.*", r"(?!sklearn_mgc\.).*"),
    (r"py:class", r"sklearn_mgc\..*\.(Backbone|Block|FrameParams)"),
]
intersphinx_mapping = fetched(Path(__file__).parent / "_build" / "inventories")
# In the gallery as somebody would read them.
EXAMPLES = [
    f"plot_{name}.py"
    for name in (
        "quickstart",
        "own_folder",
        "descriptors",
        "mel_spectrograms",
        "embeddings",
        "three_networks",
        "learning_curves",
        "segments",
        "leak",
        "compare",
        "robustness",
        "calibration",
        "grid_search",
        "optuna",
        "explanation",
        "genre_over_time",
        "music_map",
        "saving",
    )
]
sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": "/plot_",
    "abort_on_example_error": True,
    "within_subsection_order": FunctionSortKey(EXAMPLES.index),
    "capture_repr": ("_repr_html_",),
    "remove_config_comments": True,
    "show_memory": False,
    "backreferences_dir": "api/generated/backreferences",
    "doc_module": ("sklearn_mgc",),
}
# The inherited `score` documentation refers to labels of scikit-learn's own guide.
suppress_warnings = ["config.cache", "ref.ref", "ref.term"]


def linked_wherever_imported(app, env, node, text):
    """Find names of this package that are written without their room, or with the file in it."""
    package, _, name = node.get("reftarget", "").rpartition(".")
    if node.get("refdomain") != "py" or (package and not package.startswith("sklearn_mgc")):
        return None
    domain = env.get_domain("py")
    found = [n for n, o in domain.objects.items() if n.endswith(f".{name}") and not o.aliased]
    if len(found) != 1:
        return None
    return domain.resolve_xref(env, node["refdoc"], app.builder, "obj", found[0], node, text)


def setup(app):
    app.connect("missing-reference", linked_wherever_imported)
