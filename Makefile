# `make demo` and `make test` do all their set-up themselves: python3 (3.11 or newer) with venv is all they need.
# The benchmarks and the tests on real data read SPPNET_VOC2007 (a VOC2007 folder) and SPPNET_TRUNK (a weights file)
# from the environment or from the command line: make bench-svm SPPNET_VOC2007=... SPPNET_TRUNK=... OPTIONS=--json

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
BENCH_VENV ?= .venv-bench
BENCH_READY := $(BENCH_VENV)/.ready
BENCH_PACKAGES := "click>=8.5" "lazy-loader>=0.6" "matplotlib>=3.11" "numba>=0.68" "numpy>=2.4" "opencv-contrib-python-headless>=5.0" \
    "pillow>=13.0" "rich>=15.0"

.PHONY: demo test lint types faults bench-choices bench-pooling bench-proposals bench-sizes bench-svm

demo: $(READY)
	$(BIN)/sppnet demo

test: $(READY)
	$(BIN)/python -m pytest

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

faults: $(READY)
	$(BIN)/python -m sppnet.tools.benchmarks.faults.table $(OPTIONS)

bench-choices bench-pooling bench-sizes bench-svm: bench-%: $(READY)
	$(BIN)/python -m sppnet.tools.benchmarks.$* $(OPTIONS)

bench-proposals: $(BENCH_READY)
	$(BENCH_VENV)/bin/python -m sppnet.tools.benchmarks.proposals $(OPTIONS)

# An environment of its own: OpenCV's selective search is in the build with the contributed modules, which brings the
# same package as the project's build, so that no environment can hold both.
$(BENCH_READY): Makefile
	$(PYTHON) -m venv $(BENCH_VENV)
	$(BENCH_VENV)/bin/python -m pip install --quiet $(BENCH_PACKAGES)
	touch $@

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "sppnet needs Python 3.11 or newer, not " + sys.version)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable ".[dev]"
	$(BIN)/sppnet doctor --warm > /dev/null
	touch $@
