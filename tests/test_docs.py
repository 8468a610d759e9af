"""The site has every page in its contents and every public name on its API pages."""

import json
import re
from importlib import import_module
from inspect import signature
from pathlib import Path
from types import ModuleType

import pytest
from sklearn.utils import estimator_html_repr

import sklearn_mgc
from sklearn_mgc import DNNClassifier
from sklearn_mgc.discovery import all_estimators

DOCS = Path(__file__).parents[1] / "docs"
LISTED = {
    name
    for page in (DOCS / "api").glob("*.rst")
    for name in re.findall(r"^   ~sklearn_mgc\.(\S+)$", page.read_text("utf-8"), re.M)
}
ROOMS = [n for n in sklearn_mgc.__all__ if isinstance(getattr(sklearn_mgc, n), ModuleType)]


def pages() -> set[str]:
    """Sources that are not made by the build."""
    made = ("_build/", "_templates/", "auto_examples/", "api/generated/")
    names = (str(path.relative_to(DOCS).with_suffix("")) for path in DOCS.rglob("*.rst"))
    return {n for n in names if not n.startswith(made) and n != "sg_execution_times"}


def contents_of(page: str) -> set[str]:
    """Pages in the toctrees of a page."""
    if page.startswith("auto_examples"):
        return set()
    text = (DOCS / f"{page}.rst").read_text("utf-8")
    found = set()
    for block in re.findall(r"^\.\. toctree::\n((?:   .*\n|\n)*)", text, re.M):
        for entry in (line.strip() for line in block.splitlines()):
            if not entry or entry.startswith(":"):
                continue
            folder = DOCS if entry.startswith("/") else (DOCS / page).parent
            matches = folder.glob(f"{entry.lstrip('/')}.rst")
            found |= {str(path.relative_to(DOCS).with_suffix("")) for path in matches}
    return found


def test_every_page_is_in_the_contents():
    reached, left = {"index"}, ["index"]
    while left:
        new = contents_of(left.pop()) - reached
        reached |= new
        left += new
    assert pages() - reached == set()


@pytest.mark.parametrize("name", ["search", "genindex", "py-modindex"])
def test_no_page_hides_one_of_sphinx(name):
    assert not (DOCS / f"{name}.rst").exists()


def test_this_version_can_be_chosen():
    versions = json.loads((DOCS / "_static" / "versions.json").read_text("utf-8"))
    assert sklearn_mgc.__version__ in {entry["version"] for entry in versions}


@pytest.mark.parametrize("room", [*ROOMS, "web"])
def test_every_public_name_is_on_an_api_page(room):
    if room == "web":
        pytest.importorskip("fastapi")
    module = import_module(f"sklearn_mgc.{room}")
    for name in module.__all__:
        value = getattr(module, name)
        if isinstance(value, ModuleType):
            public = [
                n
                for n, v in vars(value).items()
                if not n.startswith("_") and getattr(v, "__module__", None) == value.__name__
            ]
            assert {f"{room}.{name}.{n}" for n in public} <= LISTED
        else:
            assert {f"{room}.{name}", name} & LISTED, f"{room}.{name} is on no page of docs/api"


def test_names_of_the_line_are_listed_where_they_are_imported_from():
    line = {n for n in sklearn_mgc.__all__ if n not in ROOMS and n != "__version__"}
    assert line <= LISTED


def named(name: str) -> object:
    """What a name on an API page is."""
    *path, last = name.split(".")
    if path[:1] == ["web"]:
        pytest.importorskip("fastapi")
    return getattr(import_module(".".join(["sklearn_mgc", *path])), last)


@pytest.mark.parametrize("name", sorted(LISTED))
def test_listed_names_exist(name):
    assert named(name) is not None


@pytest.mark.parametrize("url", ["https://docs.example/stable/", None])
@pytest.mark.parametrize("kind", [kind for _, kind in all_estimators()], ids=lambda k: k.__name__)
def test_html_of_an_estimator_links_to_its_page(kind, url, tmp_path, monkeypatch):
    about = tmp_path / "sklearn_mgc-0.1.0.dist-info" / "METADATA"
    about.parent.mkdir()
    urls = {"Source": "https://code.example", **({"Documentation": url} if url else {})}
    lines = ["Metadata-Version: 2.1", "Name: sklearn_mgc", "Version: 0.1.0"]
    about.write_text("\n".join(lines + [f"Project-URL: {k}, {v}" for k, v in urls.items()]))
    monkeypatch.syspath_prepend(tmp_path)
    wrapped = [DNNClassifier()] * ("estimator" in signature(kind).parameters)
    html = estimator_html_repr(kind(*wrapped))
    found = re.findall(r'href="([^"]*)/api/generated/sklearn_mgc\.([\w.]+)\.html"', html)
    expected = [kind, *map(type, wrapped)] if url else []
    assert [(address, named(name)) for address, name in found] == [
        ("https://docs.example/stable", k) for k in expected
    ]
