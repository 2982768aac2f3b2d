"""Measurements beside other runtimes; `python -m benchmarks.NAME --help`."""
