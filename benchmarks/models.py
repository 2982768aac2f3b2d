"""The models that benchmarks run, with their inputs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper

Feeds = dict[str, NDArray[Any]]

HERE = Path(__file__).parent
INFLATED = HERE / "inflated"
"""Where the zoo's skeletons are inflated to by default; not under version control."""

NETWORKS = (
    *("resnet18", "resnet50", "resnet50_dyn", "vgg16", "squeezenet1_1", "shufflenet_v2_x1_0"),
    *("mobilenet_v2", "mobilenet_v3_large", "efficientnet_b0", "convnext_tiny", "unet", "espcn_x3"),
    *("deeplabv3_mobilenet_v3_large", "ssdlite320", "yolov8n_640"),
    *("vit_tiny", "vit_b_16", "swin_tiny"),
    *("tinybert", "bert_base", "bert_base_dyn", "gpt2"),
)
"""The networks of the standard comparison: convolutional ones, vision transformers, BERTs and gpt2."""


def model_paths(names: Iterable[str], folder: Path) -> list[Path]:
    """Files of models given by path or by the name of a zoo model; the latter are inflated into ``folder`` if needed."""
    wanted = list(names)
    zoo = [name for name in wanted if not name.endswith(".onnx")]
    if zoo:
        subprocess.run([sys.executable, str(HERE / "zoo" / "inflate.py"), str(folder), *zoo], check=True)
    return [Path(name) if name.endswith(".onnx") else folder / f"{name}.onnx" for name in wanted]


def feeds_for(path: Path) -> Feeds:
    """The inputs stored beside the model (NAME.npz, as inflate.py writes them), or else random ones with every symbol 1."""
    stored = path.with_suffix(".npz")
    if stored.exists():
        arrays = np.load(stored, allow_pickle=False)
        return {name: arrays[f"in{i}"] for i, name in enumerate(arrays["input_names"].tolist())}
    graph = onnx.ModelProto.FromString(path.read_bytes()).graph
    constants = {tensor.name for tensor in graph.initializer}
    rng = np.random.default_rng(0)
    return {value.name: _random(value, rng) for value in graph.input if value.name not in constants}


def _random(value: onnx.ValueInfoProto, rng: np.random.Generator) -> NDArray[Any]:
    """Standard normal floats, or integers 0 and 1."""
    tensor = value.type.tensor_type
    shape = [dim.dim_value or 1 for dim in tensor.shape.dim]
    dtype = np.dtype(helper.tensor_dtype_to_np_dtype(tensor.elem_type))
    return (rng.standard_normal(shape) if dtype.kind == "f" else rng.integers(0, 2, shape)).astype(dtype)
