# make setup            a virtual environment in .venv with the package (editable) and everything its tests need
# make demo             compile a real network, show its outputs, and its time beside onnxruntime's
# make check            all checks: types (ruff and pyright), lit (FileCheck tests) and test (pytest)
# make test-zoo         the large networks of the zoo beside onnxruntime, the dynamic ones at many sizes
# make test-arm         AArch64 under emulation: all of the ONNX backend test suite, networks, and the compiler itself (long)
# make bench            latency beside onnxruntime and OpenVINO, where those are installed
# make conformance      how much of the ONNX backend test suite passes, by op
#
# Another environment: make VENV=/path/to/venv test

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
JOBS ?= 2

MODEL ?= resnet50

.PHONY: setup demo check types lit test test-zoo test-arm bench conformance

setup:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --editable '.[dev]'

demo:
	$(BIN)/python benchmarks/zoo/inflate.py benchmarks/inflated $(MODEL)
	cd benchmarks/inflated && $(abspath $(BIN))/tilewright run $(MODEL).onnx --input $(MODEL).npz
	cd benchmarks/inflated && $(abspath $(BIN))/tilewright bench $(MODEL).onnx --input $(MODEL).npz

check: types lit test

types:
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright --pythonpath $(BIN)/python

lit:
	$(BIN)/lit --quiet --workers $(JOBS) lit

test:
	$(BIN)/pytest --quiet --numprocesses $(JOBS)

test-zoo:
	$(BIN)/pytest --quiet -m slow tests/networks

test-arm:
	TILEWRIGHT_TEST_ARM=all $(BIN)/pytest --quiet --numprocesses $(JOBS) tests/arm

bench:
	$(BIN)/python -m benchmarks.latency --threads 1,2 --runs 3

conformance:
	$(BIN)/python -m benchmarks.conformance
