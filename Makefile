# Two commands do everything on a fresh machine with Python 3.11+:
#   make demo    hear-see-believe: train and compare the networks on generated music
#   make test    linters, doctests and the test suite
# Each makes its own virtual environment in .venv when it is missing.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# One thread per test process: two of them run side by side.
TEST_ENV := OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 MPLBACKEND=Agg

.PHONY: demo test lint docs clean

$(VENV)/.demo: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q -c constraints.txt "torch==2.13.0"
	$(BIN)/pip install -q -c constraints.txt -e ".[plot]"
	touch $@

$(VENV)/.dev: $(VENV)/.demo
	$(BIN)/pip install -q -c constraints.txt -e ".[dev,av]"
	touch $@

demo: $(VENV)/.demo
	$(BIN)/python -m sklearn_mgc demo $(FOLDER)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m numpydoc.hooks.validate_docstrings $$(git ls-files 'sklearn_mgc/*.py' | grep -v -e '/_' -e '/commands/')

test: $(VENV)/.dev
	$(TEST_ENV) $(BIN)/python -m pytest -n 2 --dist worksteal --doctest-modules --doctest-glob='*.rst' \
	  tests sklearn_mgc docs

docs: $(VENV)/.dev
	$(BIN)/sphinx-build -W --keep-going -q docs docs/_build/html

clean:
	rm -rf $(VENV) build dist *.egg-info docs/_build docs/auto_examples docs/api/generated
