# make setup            a virtual environment in .venv with the package (editable) and everything its tests need
# make types lit test   ruff and pyright; FileCheck tests; pytest
# make bench            latency beside onnxruntime and OpenVINO, where those are installed
#
# Another environment: make VENV=/path/to/venv test

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
JOBS ?= 2

.PHONY: setup types lit test bench

setup:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[dev]'

types:
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright --pythonpath $(BIN)/python

lit:
	$(BIN)/lit --quiet --workers $(JOBS) lit

test:
	$(BIN)/pytest --quiet --numprocesses $(JOBS)

bench:
	$(BIN)/python -m benchmarks.latency
