"""Networks of the zoo agree with onnxruntime, with ordinary buffers and with guarded ones."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from zoo import ZOO

import tilewright
from benchmarks.agreement import tolerance_of

from .agreement import assert_matches
from .conftest import Network

NETWORKS = (
    "bert_base",
    "bert_base_dyn",
    "bilstm",
    "branchy_if",
    "convnext_tiny",
    "deeplabv3_mobilenet_v3_large",
    "espcn_x3",
    "gpt2",
    pytest.param("gpt2_decode", marks=pytest.mark.slow),
    pytest.param("llama_small_prefill", marks=pytest.mark.slow),
    "mixtral_tiny",
    "mobilenet_v2",
    "mobilenet_v3_large",
    "moe_dense",
    "resnet18",
    "resnet50",
    "resnet50_dyn",
    "resnet50_fp16",
    "seq2seq_loop",
    "shufflenet_v2_x1_0",
    "squeezenet1_1",
    "ssdlite320",
    "swin_tiny",
    "tinybert",
    "unet",
    "vgg16",
    "vit_b_16",
    "vit_tiny",
    pytest.param("whisper_tiny_encoder", marks=pytest.mark.slow),
    "yolov8n_640",
)

QUANTIZED = ("bert_base_int8_dynamic", "resnet50_int8_qdq")
"""Networks whose outputs agree only roughly; benchmarks/agreement.py says why. `test_quantized.py` compares the integers."""

ELSEWHERE = {"efficientnet_b0": "test_exactness.py"}
"""Networks that another test compares."""


def test_every_network_of_the_zoo_is_compared() -> None:
    names = {p if isinstance(p, str) else str(p.values[0]) for p in NETWORKS}
    assert names | set(QUANTIZED) | ELSEWHERE.keys() == ZOO.keys()


@pytest.mark.parametrize("name", QUANTIZED)
def test_quantized_network_agrees_with_onnxruntime(network: Callable[[str], Network], name: str) -> None:
    pytest.importorskip("onnxruntime", reason="the expected outputs are onnxruntime's")
    path, inputs, expected = network(name)
    session = tilewright.compile(path)
    outputs = session.run(inputs)
    assert_matches(outputs, expected, tolerance_of(name))
    assert_matches(session.with_guard().run(inputs), outputs, 0.0)


@pytest.mark.parametrize("name", NETWORKS)
def test_network_agrees_with_onnxruntime(network: Callable[[str], Network], name: str) -> None:
    pytest.importorskip("onnxruntime", reason="the expected outputs are onnxruntime's")
    path, inputs, expected = network(name)
    session = tilewright.compile(path)
    assert_matches(session.run(inputs), expected)
    assert_matches(session.with_guard().run(inputs), expected)
