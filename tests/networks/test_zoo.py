"""Networks of the zoo agree with onnxruntime, with ordinary buffers and with guarded ones."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import tilewright

from .agreement import assert_matches
from .conftest import Network

NETWORKS = (
    "bert_base",
    "bert_base_dyn",
    "convnext_tiny",
    "deeplabv3_mobilenet_v3_large",
    "espcn_x3",
    "gpt2",
    "mobilenet_v2",
    "mobilenet_v3_large",
    "resnet18",
    "resnet50",
    "resnet50_dyn",
    "resnet50_fp16",
    "shufflenet_v2_x1_0",
    "squeezenet1_1",
    "ssdlite320",
    "swin_tiny",
    "tinybert",
    "unet",
    "vgg16",
    "vit_b_16",
    "vit_tiny",
    "yolov8n_640",
)

QUANTIZED = {"bert_base_int8_dynamic": 0.15, "resnet50_int8_qdq": 2e-2}
"""Rounding to 8 bits makes steps of the last bits of f32, and what follows adds them up: with and without its optimizations
onnxruntime differs from itself by 6e-2 and 7.5e-3 of the largest output. `test_quantized.py` compares the integers."""


@pytest.mark.parametrize("name", QUANTIZED)
def test_quantized_network_agrees_with_onnxruntime(network: Callable[[str], Network], name: str) -> None:
    pytest.importorskip("onnxruntime", reason="the expected outputs are onnxruntime's")
    path, inputs, expected = network(name)
    session = tilewright.compile(path)
    outputs = session.run(inputs)
    assert_matches(outputs, expected, QUANTIZED[name])
    assert_matches(session.with_guard().run(inputs), outputs, 0.0)


@pytest.mark.parametrize("name", NETWORKS)
def test_network_agrees_with_onnxruntime(network: Callable[[str], Network], name: str) -> None:
    pytest.importorskip("onnxruntime", reason="the expected outputs are onnxruntime's")
    path, inputs, expected = network(name)
    session = tilewright.compile(path)
    assert_matches(session.run(inputs), expected)
    assert_matches(session.with_guard().run(inputs), expected)
