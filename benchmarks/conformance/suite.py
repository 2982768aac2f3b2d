"""The cases of the ONNX backend test suite, and what is asked of each.

A case is run by `onnx.backend.test.runner.Runner`: it makes the inputs, drives `tilewright.onnx_backend`, and compares with the
expected outputs within the case's tolerances. Here every compiled model runs three times for one run of the runner: twice, which
must give the same bits, and in guard mode, where an access past the end of a buffer stops the process.
"""

from __future__ import annotations

import math
import os
import re
import tempfile
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import numpy as np
import onnx
from onnx.backend.test.loader import load_model_tests
from onnx.backend.test.runner import Runner

from benchmarks.conformance.host import host_ops, may_run_on_host
from tilewright.onnx_backend import TilewrightBackend
from tilewright.runtime.session import Session

EXCLUDED = {
    **dict.fromkeys(
        (f"test_bernoulli{kind}{form}" for kind in ("", "_double", "_seed") for form in ("", "_expanded")),
        "the expected values are what numpy's random generator drew",
    ),
    **dict.fromkeys(
        (f"test_training_dropout_{kind}" for kind in ("default", "default_mask", "mask")),
        "the expected values drop what numpy's random generator drew",
    ),
    "test_training_dropout": "the expected values drop what numpy's random generator drew",
}
"""Cases whose outputs are not compared with the expected ones but for shape and dtype, and why."""


@dataclass(frozen=True)
class Case:
    """One case.

    Attributes:
        kind: "Node", "Simple", "PyTorchOperator", "PyTorchConverted" or "Real".
        op: the op that a node case is about, "" for the other kinds.
        run: has onnx's runner run it.
    """

    name: str
    kind: str
    op: str
    run: Callable[[], None]


class CheckedRep:
    """A compiled model that runs three times when the runner asks for one run."""

    def __init__(self, session: Session) -> None:
        self._sessions = (session, session, session.with_guard())
        self.runs = 0

    def run(self, inputs: Sequence[Any]) -> list[Any]:
        """The outputs of the first run; AssertionError where another gives other bits."""
        self.runs += 1
        first, second, guarded = (list(session.run(inputs).values()) for session in self._sessions)
        assert same_bits(first, second), "a second run gives other bits"
        assert same_bits(first, guarded), "the run in guard mode gives other bits"
        return first


class CheckedBackend:
    """What onnx's runner drives: code for `target`.

    Attributes:
        case: name of the case under way.
        host: how many ops of its model run on the host.
        rep: its compiled model, once there is one.
    """

    def __init__(self, target: str = "host") -> None:
        self.target = target
        self.begin("")

    def begin(self, case: str) -> None:
        self.case, self.host = case, 0
        self.rep: CheckedRep | None = None

    def prepare(self, model: onnx.ModelProto, device: str = "CPU", **tolerances: float) -> CheckedRep:
        session = TilewrightBackend.prepare(model, device, target=self.target).session
        self.host = host_ops(model)
        assert not self.host or may_run_on_host(model), f"{self.host} nodes of a numeric model run on the host"
        self.rep = CheckedRep(session)
        return self.rep

    def is_compatible(self, model: onnx.ModelProto) -> bool:
        """Always: the runner passes over what isn't, and here that is to be seen."""
        return True

    def supports_device(self, device: str) -> bool:
        return device == "CPU"


def same_bits(a: Any, b: Any) -> bool:
    """Whether two outputs are the same to the last bit: arrays, strings, None, or lists of them."""
    if isinstance(a, list | tuple):
        rows = cast("Sequence[Any]", a)
        return len(rows) == len(b) and all(same_bits(x, y) for x, y in zip(rows, b, strict=True))
    if a is None or b is None:
        return a is b
    x, y = np.asarray(a), np.asarray(b)
    if (x.dtype, x.shape) != (y.dtype, y.shape):
        return False
    return bool((x == y).all()) if x.dtype == object else x.tobytes() == y.tobytes()


class Suite:
    """All cases of the installed `onnx` package by name; the data that they draw is the same in every process."""

    def __init__(self, backend: CheckedBackend | None = None) -> None:
        self.backend = backend or CheckedBackend()
        unchecked = {name: {"rtol": 0.0, "atol": math.inf} for name in EXCLUDED}
        np.random.seed(0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tests = Runner(cast(Any, self.backend), test_kwargs=unchecked).test_cases
        ops = _ops()
        self.cases: dict[str, Case] = {}
        for group, test in tests.items():
            kind = group.removeprefix("OnnxBackend").removesuffix("ModelTest")
            for method in (m for m in vars(test) if m.endswith("_cpu")):
                name = method.removesuffix("_cpu")
                op = ops.get(re.sub(r"_expanded(_ver\d+)?$", "", name), "") if kind == "Node" else ""
                self.cases[name] = Case(name, kind, op, partial(getattr(test, method), None))

    def run(self, name: str) -> None:
        """Run one case; raises what the backend or onnx's comparison raises."""
        self.backend.begin(name)
        with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
            warnings.simplefilter("ignore")
            os.environ["ONNX_MODELS"] = folder  # where the runner puts the inputs of the light models
            self.cases[name].run()
        assert self.backend.rep is not None and self.backend.rep.runs, "the runner ran nothing"


def _ops() -> dict[str, str]:
    """The op that each node case is about, by the name of the case; cases with the function written out are named after it."""
    cases = load_model_tests(kind="node")
    return {case.name: case.model.graph.node[-1].op_type for case in cases if case.model is not None}
