"""Real networks for tests: the zoo's skeletons, inflated once per run of the test suite."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
Network = tuple[Path, dict[str, Any], dict[str, Any]]
"""Path of the model, inputs by name, onnxruntime's outputs by name."""


def _inflate_module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("inflate", ROOT / "benchmarks" / "zoo" / "inflate.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def network(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Network]:
    """A function from the name of a zoo network to the network. `TILEWRIGHT_TEST_ZOO` names a folder to keep them in."""
    kept = os.environ.get("TILEWRIGHT_TEST_ZOO")
    folder = Path(kept) if kept else tmp_path_factory.mktemp("zoo")
    inflate = _inflate_module()

    def load(name: str) -> Network:
        if not (folder / f"{name}.npz").exists():
            inflate.main(folder, {name})
        data = np.load(folder / f"{name}.npz")
        inputs, outputs = (
            {n: data[f"{kind}{i}"] for i, n in enumerate(data[f"{kind}put_names"].tolist())} for kind in ("in", "out")
        )
        return folder / f"{name}.onnx", inputs, outputs

    return load
