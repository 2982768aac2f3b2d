"""Passes on the graph, kernels and memory stages."""
