"""Whole networks compiled for AArch64 agree with onnxruntime, and with what this machine's code gives."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from networks.agreement import assert_matches
from networks.conftest import Network

import tilewright
from arm.emulator import EMULATED, LONG, EmulatedSession

pytestmark = EMULATED
NETWORKS = [("mobilenet_v2", "aarch64-neoverse-n1"), ("tinybert", "aarch64-neoverse-v1")]
MORE = [
    ("squeezenet1_1", "aarch64-neon"),
    ("shufflenet_v2_x1_0", "aarch64-neoverse-n2"),
    ("resnet50_fp16", "aarch64-neoverse-n1"),
]
QUANTIZED = [("resnet50_int8_qdq", target) for target in ("aarch64-neoverse-n1", "aarch64-neoverse-n2")]


@pytest.mark.parametrize(("name", "target"), NETWORKS + (MORE if LONG else []))
def test_network(network: Callable[[str], Network], name: str, target: str) -> None:
    pytest.importorskip("onnxruntime", reason="the expected outputs are onnxruntime's")
    path, inputs, expected = network(name)
    assert_matches(EmulatedSession(path, target).run(inputs), expected)


@pytest.mark.skipif(not LONG, reason="takes minutes; `make test-arm` runs it")
@pytest.mark.parametrize(("name", "target"), QUANTIZED)
def test_quantized_network(network: Callable[[str], Network], name: str, target: str) -> None:
    """The sums of integers are the same everywhere; floats between them round alike."""
    pytest.importorskip("onnxruntime", reason="inflating a network runs it")
    path, inputs, _ = network(name)
    assert_matches(EmulatedSession(path, target).run(inputs), tilewright.compile(path).run(inputs), 2e-2)
