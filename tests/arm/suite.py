"""Cases of the ONNX backend test suite on code for other targets than the host's: AArch64 in the emulator, lower x86-64 levels.

`PYTHONPATH=tests:. python -m arm.suite TARGET REGEX [N]` runs every Nth of those whose names match, and lists the ones that fail.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Sequence
from typing import Any
from unittest import SkipTest

import numpy as np
import onnx

from arm.emulator import EmulatedSession
from benchmarks.conformance import not_yet
from benchmarks.conformance.suite import CheckedBackend, Suite
from tilewright.backends.targets import get_target, runs_here
from tilewright.errors import TilewrightError


class EmulatedRep:
    """A model in the emulator, as onnx's runner wants it."""

    def __init__(self, session: EmulatedSession) -> None:
        self._session = session
        self.runs = 0

    def run(self, inputs: Sequence[Any]) -> list[Any]:
        self.runs += 1
        return list(self._session.run([np.asarray(x) for x in inputs]).values())


class EmulatedBackend(CheckedBackend):
    """What onnx's runner drives."""

    def prepare(self, model: onnx.ModelProto, device: str = "CPU", **tolerances: float) -> Any:
        try:
            self.rep = EmulatedRep(EmulatedSession(model, self.target))  # pyright: ignore[reportAttributeAccessIssue]  # another Rep
        except NotImplementedError as error:
            raise SkipTest(str(error)) from error
        return self.rep


def suite_of(target: str) -> Suite:
    """The suite on code for a target."""
    return Suite(CheckedBackend(target) if runs_here(get_target(target)) else EmulatedBackend(target))


def names_of(suite: Suite, pattern: str, step: int = 1) -> list[str]:
    """Every `step`th of the cases that pass on the host and whose names match; real networks are too long to be among many."""
    known = not_yet.read()
    fit = [name for name in suite.cases if re.search(pattern, name) and name not in known]
    return [name for name in fit if step == 1 or suite.cases[name].kind != "Real"][::step]


def main(target: str, pattern: str, step: str = "1") -> int:
    """Run every `step`th of the cases whose names match; 1 where one fails."""
    suite, failed, passed, skipped = suite_of(target), list[str](), 0, 0
    for name in names_of(suite, pattern, int(step)):
        started = time.perf_counter()
        try:
            suite.run(name)
            passed += 1
            print(f"{name} passed", file=sys.stderr, flush=True)
        except SkipTest:
            skipped += 1
        except (AssertionError, RuntimeError, TilewrightError) as error:
            failed.append(name)
            print(f"{name} ({time.perf_counter() - started:.1f} s): {str(error).strip()[:600]}", flush=True)
    print(f"{target}: {passed} passed, {len(failed)} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
