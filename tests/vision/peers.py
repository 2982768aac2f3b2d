"""One-node models, run natively beside onnxruntime (or the onnx package's reference) on the same inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import helper
from onnx.reference import ReferenceEvaluator
from onnx_models import Typed, make_model

import tilewright

Array = NDArray[Any]


def one_node(
    op: str,
    inputs: Sequence[Array | None],
    constants: Mapping[int, Array] | None = None,
    outputs: int = 1,
    opset: int = 22,
    dims: Mapping[int, Sequence[int | str]] | None = None,
    **attributes: Any,
) -> tuple[onnx.ModelProto, dict[str, Array]]:
    """A model of one node and its feeds. An input that is None is left out; `constants` and symbolic `dims` are by position."""
    constants, dims = constants or {}, dims or {}
    count = max([len(inputs), *(i + 1 for i in constants)])
    given = dict(enumerate(inputs)) | dict(constants)
    names = [f"x{i}" if given.get(i) is not None else "" for i in range(count)]
    node = helper.make_node(op, names, [f"y{i}" for i in range(outputs)], **attributes)
    feeds = {f"x{i}": a for i, a in enumerate(inputs) if a is not None and i not in constants}
    typed = {name: Typed(dims.get(int(name[1:]), a.shape), a.dtype) for name, a in feeds.items()}
    stored = {f"x{i}": a for i, a in constants.items()}
    return make_model([node], typed, [f"y{i}" for i in range(outputs)], stored, opset), feeds


def peer(model: onnx.ModelProto, feeds: Mapping[str, Array], reference: bool = False) -> list[Array]:
    if reference:
        return [np.asarray(y) for y in ReferenceEvaluator(model).run(None, dict(feeds))]  # pyright: ignore[reportUnknownMemberType]
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return list(session.run(None, dict(feeds)))


def assert_agrees(
    model: onnx.ModelProto, feeds: Mapping[str, Array], tolerance: float = 1e-5, reference: bool = False
) -> list[Array]:
    """Compile and run natively, buffers ending at protected pages; compare with the peer."""
    found = tilewright.compile(model, guard=True).run(dict(feeds))
    wanted = peer(model, feeds, reference)
    for (name, y), expected in zip(found.items(), wanted, strict=True):
        assert y.shape == expected.shape and y.dtype == expected.dtype, name
        np.testing.assert_allclose(y, expected, tolerance, tolerance, err_msg=name)
    return list(found.values())
