"""Print the declared lower bounds of pyproject.toml as exact versions, for pip's -c."""

import re
import tomllib
from pathlib import Path

project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
runtime = ("av", "data", "explain", "hub", "plot", "optuna", "onnx", "skops", "web")
declared = [
    *project["dependencies"],
    *(line for extra in runtime for line in project["optional-dependencies"][extra]),
]
for line in declared:
    name, version = re.match(r"([\w.-]+)(?:\[\w+\])?>=([\w.]+)", line).groups()
    print(f"{name}=={version}")
