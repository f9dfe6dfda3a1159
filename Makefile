# `make demo` and `make test` do all their set-up themselves: python3 (3.11 or newer) with venv is all they need.
# The benchmarks and the tests on real data read SPPNET_VOC2007 (a VOC2007 folder) and SPPNET_TRUNK (a weights file)
# from the environment or from the command line: make bench-svm SPPNET_VOC2007=... SPPNET_TRUNK=...

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test lint types bench-choices bench-pooling bench-svm

demo: $(READY)
	$(BIN)/sppnet demo

test: $(READY)
	$(BIN)/python -m pytest

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

bench-choices bench-pooling bench-svm: bench-%: $(READY)
	$(BIN)/python -m tools.bench_$*

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "sppnet needs Python 3.11 or newer, not " + sys.version)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable ".[dev]"
	touch $@
