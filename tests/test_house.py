"""The house keeps its rules: doors, one direction, no circle, nothing untested or unlisted."""

from __future__ import annotations

import ast
import graphlib
from functools import cache
from pathlib import Path

import sklearn_mgc
from sklearn_mgc.__main__ import COMMANDS

PACKAGE = Path(sklearn_mgc.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
# Root modules with an underscore are for the whole package.
SHARED = {file.stem for file in PACKAGE.glob("_[a-z]*.py")}
# What each room may import, from the ground up; a room may always import itself.
GROUND = {"audio"}
FEATURES = GROUND | {"features"}
CLASSIFIERS = {"networks", "classifiers"}
TOOLS = FEATURES | CLASSIFIERS | {"datasets"}
TOP = TOOLS | {"recipes", "inspection", "evaluation", "search", "display", "saving"}
ALLOWED = {
    "audio": GROUND,
    "features": FEATURES | {"networks"},
    "networks": {"networks"},
    "classifiers": CLASSIFIERS,
    "datasets": TOOLS,
    "recipes": TOP,
    "inspection": TOP,
    "evaluation": TOP,
    "search": TOP,
    "display": TOP,
    "saving": TOP,
    "web": TOP | {"web"},
    "commands": TOP | {"web", "commands"},
}


def module_of(file: Path) -> str:
    """Dotted name of a file of the package."""
    parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(file) for file in FILES}


@cache
def imports_of(file: Path, *, late: bool) -> set[tuple[str, str]]:
    """Pairs (module, name) imported from the package; late ones are inside functions."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for inner in ast.walk(node)
    }
    inside = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        for inner in ast.walk(node)
        if inner is not node
    }
    found = set()
    for node in ast.walk(tree):
        if id(node) in typing_only or (id(node) in inside and not late):
            continue
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sklearn_mgc"):
            found |= {(str(node.module), alias.name) for alias in node.names}
        if isinstance(node, ast.Import):
            found |= {(alias.name, "") for alias in node.names if "sklearn_mgc" in alias.name}
    return found


def target(module: str, name: str) -> str:
    """The module that an import needs: a submodule where the name is one."""
    return f"{module}.{name}" if f"{module}.{name}" in MODULES else module


def room(module: str) -> str:
    """First folder or file below the package."""
    return module.split(".")[1] if "." in module else ""


def test_no_room_imports_the_private_names_of_another():
    wrong = []
    for file in FILES:
        here = module_of(file)
        for module, name in imports_of(file, late=True):
            same_room = room(module) == room(here) and room(here) != ""
            private = [part for part in [*module.split(".")[1:], name] if part.startswith("_")]
            private = [part for part in private if part not in SHARED and part != "__version__"]
            if private and not same_room and module.split(".")[-1] not in SHARED:
                wrong.append(f"{here} imports {private} of {module}")
    assert not wrong


def test_the_import_graph_has_no_circle():
    graph = {
        module_of(file): {
            target(*pair)
            for pair in imports_of(file, late=True)
            # A result draws itself: `plot()` is the one late arrow up, to pictures that
            # know how to make the result.
            if room(pair[0]) != "display" or pair in imports_of(file, late=False)
        }
        for file in FILES
    }
    list(graphlib.TopologicalSorter(graph).static_order())


def test_arrows_point_down():
    wrong = [
        f"{module_of(file)} -> {module}"
        for file in FILES
        for module, _ in imports_of(file, late=True)
        if (here := room(module_of(file))) in ALLOWED
        and room(module) not in ALLOWED[here] | {here, ""} | SHARED
    ]
    assert not wrong


def test_every_command_is_listed():
    modules = {
        file.stem
        for file in (PACKAGE / "commands").glob("*.py")
        if "def add_arguments(" in file.read_text(encoding="utf-8")
    }
    assert set(COMMANDS) == modules
    assert list(COMMANDS) == sorted(COMMANDS)


def test_every_room_has_tests():
    tests = Path(__file__).parent
    rooms = {file.parent.name for file in PACKAGE.glob("*/__init__.py")} - {"commands"}
    assert {name for name in rooms if not list((tests / name).glob("test_*.py"))} == set()
