# Everything runs in .venv, which `make install` makes.
PYTHON ?= python3.11
BIN := .venv/bin
export OPENBLAS_NUM_THREADS ?= 1
export TOKENIZERS_PARALLELISM ?= false

# A CPU build of torch: from PyTorch's own index where it can be reached, else the plain release.
# TORCH_INDEX= (empty) takes what the configured package index has.
TORCH ?= torch==2.13.0
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu

.PHONY: install demo test quick lint docs docs-serve bench clean

install: .venv/installed

.venv/installed: pyproject.toml
	command -v $(PYTHON) >/dev/null || { echo "Parley needs Python 3.11; set PYTHON=/path/to/python3.11" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	@if $(BIN)/python -c "import torch" 2>/dev/null; then :; \
	elif [ -e /proc/driver/nvidia/version ]; then $(BIN)/pip install --quiet "$(TORCH)"; \
	elif [ -n "$(TORCH_INDEX)" ] && $(BIN)/python -c "import urllib.request; urllib.request.urlopen('$(TORCH_INDEX)/torch/', timeout=5)" 2>/dev/null; \
	then $(BIN)/pip install --quiet "$(TORCH)" --index-url "$(TORCH_INDEX)"; \
	else $(BIN)/pip install --quiet "$(TORCH)"; fi
	$(BIN)/pip install --quiet --editable ".[dev]"
	touch $@

demo: install
	$(BIN)/parley demo --config configs/demo.yaml

test: install
	$(BIN)/python -m pytest

quick: install
	$(BIN)/python -m pytest -m "not slow"

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The warning is of MkDocs 2, which pyproject.toml keeps out.
docs docs-serve: export NO_MKDOCS_2_WARNING = 1

docs: install
	$(BIN)/mkdocs build --strict --quiet

docs-serve: install
	$(BIN)/mkdocs serve --strict --dev-addr 127.0.0.1:8080

bench: install
	$(BIN)/python -m benchmarks.turn
	$(BIN)/parley evaluate explain
	$(BIN)/python -m benchmarks.explain.checking --part test
	$(BIN)/python -m benchmarks.asking --part test
	$(BIN)/python -m benchmarks.feedback
	$(BIN)/python -m benchmarks.durability
	$(BIN)/parley evaluate intent
	$(BIN)/python -m benchmarks.classifiers
	$(BIN)/python -m benchmarks.opinions
	$(BIN)/python -m benchmarks.fuzz
	$(BIN)/python -m benchmarks.compression
	$(BIN)/python -m benchmarks.movielens
	$(BIN)/python -m benchmarks.workers

clean:
	rm -rf .venv .parley runs build site *.egg-info
