# Two commands do everything on a fresh machine with Python 3.11+:
#   make demo    hear-see-believe: train and compare the networks on generated music
#   make test    the test suite, doctests included
# Each makes its own virtual environment in .venv when it is missing. On Linux, torch comes as
# pip finds it; where pip knows an index of CPU builds (PIP_EXTRA_INDEX_URL), the smaller one.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# One thread per test process: two of them run side by side.
TEST_ENV := OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 MPLBACKEND=Agg
# As the oldest processor computes: no wide vectors in torch, numba and OpenBLAS.
OLD_ENV := ATEN_CPU_CAPABILITY=default NUMBA_CPU_NAME=generic NUMBA_CPU_FEATURES="" \
  OPENBLAS_CORETYPE=Nehalem

.PHONY: demo test test-old lint docs clean

$(VENV)/.demo: pyproject.toml constraints.txt
	@echo "Installing into $(VENV): some minutes, most of them for torch."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q -c constraints.txt "torch==2.13.0"
	$(BIN)/pip install -q -c constraints.txt -e ".[data,plot]"
	touch $@

$(VENV)/.dev: $(VENV)/.demo
	$(BIN)/pip install -q -c constraints.txt -e ".[dev,av]"
	touch $@

# Pretrained weights, where the package index is reachable; without them, what needs them says so.
$(VENV)/.weights: $(VENV)/.demo
	-$(BIN)/python -m sklearn_mgc models fetch musicnn
	touch $@

demo: $(VENV)/.demo $(VENV)/.weights
	$(BIN)/python -m sklearn_mgc demo $(FOLDER)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/codespell
	$(BIN)/vulture
	$(BIN)/python .ci/docstrings.py

test: $(VENV)/.dev $(VENV)/.weights
	$(TEST_ENV) $(BIN)/python -m pytest -n 2 --dist worksteal --doctest-modules --doctest-glob='*.rst' \
	  tests sklearn_mgc docs

# The numerical tests once more, for processors that are not the developer's.
test-old: $(VENV)/.dev
	$(TEST_ENV) $(OLD_ENV) NUMBA_CACHE_DIR=$(VENV)/numba-old $(BIN)/python -m pytest -n 2 \
	  --dist worksteal -q tests/features tests/networks tests/classifiers/test_engines.py \
	  tests/classifiers/test_rda.py tests/audio/test_load.py

docs: $(VENV)/.dev
	$(BIN)/sphinx-build -W --keep-going -q docs docs/_build/html

clean:
	rm -rf $(VENV) build dist *.egg-info docs/_build docs/auto_examples docs/api/generated
