"""Ops of image models beside onnxruntime."""
