"""The ONNX node and model cases: what import makes of them, evaluated by the reference interpreter, agrees with their outputs."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper
from reference import evaluate
from xdsl.dialects.builtin import ModuleOp

from tilewright.errors import UnsupportedOpError
from tilewright.frontend.importer import import_model
from tilewright.runtime.weights import WeightStore

Array = NDArray[Any]
Case = tuple[str, onnx.ModelProto, Sequence[tuple[Sequence[Any], Sequence[Any]]]]

DIFFERENT = {
    "test_reduce_max_empty_set": "numpy has no maximum of nothing",
    "test_reduce_max_empty_set_bool": "numpy has no maximum of nothing",
    "test_reduce_min_empty_set": "numpy has no minimum of nothing",
    **dict.fromkeys(
        (
            "test_bernoulli",
            "test_bernoulli_double",
            "test_bernoulli_seed",
            "test_training_dropout",
            "test_training_dropout_default",
            "test_training_dropout_default_mask",
            "test_training_dropout_mask",
        ),
        "numpy's random numbers",
    ),
    "test_top_k_uint64": "the interpreter computes in float64",
}
LEAST = 1150  # cases that agreed when this was written
SIZES = ("scales", "roi", "start", "limit", "delta", "depth")
"""Float operands that sizes depend on."""


def cases() -> Iterator[Case]:
    from onnx.backend.test.case.node import collect_testcases

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rows: Any = collect_testcases(None)  # pyright: ignore[reportArgumentType]  # None: of every op
    for row in rows:
        if not row.name.endswith("_expanded"):  # function bodies written out: nothing new to import
            yield row.name, row.model, row.data_sets
    for kind in ("pytorch-operator", "pytorch-converted", "simple"):
        for folder in sorted((Path(onnx.__file__).parent / "backend/test/data" / kind).iterdir()):
            model = onnx.ModelProto.FromString((folder / "model.onnx").read_bytes())
            yield f"{kind}/{folder.name}", model, [_arrays(d) for d in sorted(folder.glob("test_data_set_*"))]


def _arrays(folder: Path) -> tuple[list[Array], list[Array]]:
    def read(prefix: str) -> list[Array]:
        files = [folder / f"{prefix}_{i}.pb" for i in range(len(list(folder.glob(f"{prefix}_*.pb"))))]
        return [numpy_helper.to_array(onnx.TensorProto.FromString(f.read_bytes())) for f in files]

    return read("input"), read("output")


def plain(value: Any) -> Any:
    if isinstance(value, onnx.TensorProto):
        return numpy_helper.to_array(value)
    return np.asarray(cast(Any, value)) if isinstance(value, np.generic) else value


def known_values(model: onnx.ModelProto, arrays: Sequence[Any]) -> dict[str, Array]:
    """The operands that may be sizes: small, and integers or of a telling name."""
    pairs = zip((i.name for i in model.graph.input), arrays, strict=False)
    small = {n: cast(Array, a) for n, a in pairs if isinstance(a, np.ndarray) and cast(Array, a).size <= 64}
    return {n: a for n, a in small.items() if a.dtype.kind in "iu" or (a.dtype.kind == "f" and n in SIZES)}


def import_case(model: onnx.ModelProto, arrays: Sequence[Any]) -> tuple[ModuleOp, WeightStore, dict[str, Array]]:
    """Import; a second time with sizes as constants if shapes depend on inputs."""
    try:
        store = WeightStore()
        return import_model(model, store), store, {}
    except UnsupportedOpError as error:
        values = known_values(model, arrays)
        if not any("depends on data" in row.reason for row in error.nodes):
            raise
        store = WeightStore()
        return import_model(model, store, values=values), store, values


def differs(found: Any, wanted: Any) -> str:
    """What is wrong with a value: an array, a list of values, or None for an optional without an element."""
    if wanted is None or isinstance(wanted, list):
        return _differs_as_list(found, cast("list[Any] | None", wanted))
    if np.asarray(wanted).dtype == np.dtype(object):
        return "" if np.array_equal(found, wanted) else "strings"
    return _differs_as_array(np.asarray(found), wanted)


def _differs_as_list(found: Any, wanted: list[Any] | None) -> str:
    if wanted is None or not isinstance(found, list):
        return "" if found is wanted else f"{type(found).__name__}, expected {type(wanted).__name__}"
    items = cast("list[Any]", found)
    if len(items) != len(wanted):
        return f"{len(items)} elements, expected {len(wanted)}"
    return next((d for f, w in zip(items, wanted, strict=True) if (d := differs(f, w))), "")


def _differs_as_array(found: Array, wanted: Array) -> str:
    if (found.shape, found.dtype) != (wanted.shape, wanted.dtype):
        return f"{found.dtype}{list(found.shape)}, expected {wanted.dtype}{list(wanted.shape)}"
    if wanted.dtype.kind in "biu":
        return "" if np.array_equal(found, wanted) else "values"
    loose = wanted.dtype.itemsize < 4
    close = np.allclose(found.astype(float), wanted.astype(float), 2e-2 if loose else 2e-3, 1e-2 if loose else 1e-4, True)
    return "" if close else "values"


def test_cases_agree():
    agreed, wrong = 0, dict[str, str]()
    for name, model, sets in cases():
        for inputs, outputs in sets:
            arrays, wanted = [plain(v) for v in inputs], [plain(v) for v in outputs]
            try:
                module, store, values = import_case(model, arrays)
            except UnsupportedOpError:
                continue
            names = [i.name for i in model.graph.input]
            feeds = {n: a for n, a in zip(names, arrays, strict=False) if n not in values}
            try:
                found = evaluate(module, feeds, store)
                problem = next((d for f, w in zip(found, wanted, strict=True) if (d := differs(f, w))), "")
            except Exception as error:
                problem = repr(error)
            agreed += not problem
            if problem and name not in DIFFERENT:
                wrong[name] = problem
    assert not wrong
    assert agreed >= LEAST
