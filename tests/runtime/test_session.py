"""Sessions: the input contract, outputs that own their memory, concurrent runs, and errors of kernels."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from xdsl.context import Context
from xdsl.parser import Parser

from tilewright.backends.load import load_executable
from tilewright.compiler import make_context
from tilewright.errors import BadInputError, RunError
from tilewright.passes.session import CompileSession
from tilewright.runtime.session import Session
from tilewright.runtime.weights import WeightStore
from tilewright.universe import TILEWRIGHT_UNIVERSE

# y = x + w + w for x of shape [n]; the kernel's sizes word carries n, its scratch is not used.
PROGRAM = """
builtin.module {
  kernel.program "main" symbols ["n"] inputs ["x"] : [tensor<?x4xf32, #graph.tensor<["n", 4]>>]
      outputs ["y"] : [tensor<?x4xf32, #graph.tensor<["n", 4]>>] {
    %x = kernel.input {index = 0 : i64}
    %w = kernel.weight <"w">
    %t = kernel.alloc {slot = 1 : i64, offset = 0 : i64, bytes = #graph.dim<"16*n">}
    %y = kernel.output {index = 0 : i64}
    kernel.invoke @tw_add(%x, %w, %t) sizes <["4*n"]> grid <"4*n"> scratch <0>
    kernel.invoke @tw_add(%t, %w, %y) sizes <["4*n"]> grid <"4*n"> scratch <0>
  }
  func.func @tw_add(%a: memref<?xf32>, %b: memref<?xf32>, %c: memref<?xf32>, %n: index,
      %scratch: memref<?xi8>, %lo: index, %hi: index) -> i32 {
    %one = arith.constant 1 : index
    %zero = arith.constant 0 : index
    %limit = arith.constant 400 : index
    scf.for %i = %lo to %hi step %one {
      %u = memref.load %a[%i] : memref<?xf32>
      %v = memref.load %b[%zero] : memref<?xf32>
      %s = arith.addf %u, %v : f32
      memref.store %s, %c[%i] : memref<?xf32>
    }
    %large = arith.cmpi sgt, %n, %limit : index
    %code = arith.extui %large : i1 to i32
    func.return %code : i32
  }
}
"""


def make_session(guard: bool = False) -> Session:
    store = WeightStore()
    store.add("w", np.array([0.5], np.float32))
    module = Parser(make_context(), PROGRAM).parse_module()
    with CompileSession(store).activate():
        for name in ("lower-plan", "lower-to-llvm", "lower-run"):
            TILEWRIGHT_UNIVERSE.all_passes[name]()().apply(Context(), module)
        module.verify()
        return Session(load_executable(module, store, {}), guard=guard)


@pytest.fixture(scope="module")
def session() -> Session:
    return make_session()


def ramp(rows: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.arange(rows * 4, dtype=np.float32).reshape(rows, 4)


@pytest.mark.parametrize("guard", [False, True])
def test_one_compile_serves_every_size(guard: bool) -> None:
    session = make_session(guard)
    for rows in (1, 2, 7, 50, 0, 3):
        np.testing.assert_array_equal(session.run([ramp(rows)])["y"], ramp(rows) + 1)


def test_inputs_may_be_strided_misaligned_or_read_only(session: Session) -> None:
    x = ramp(6)
    frozen = x.copy()
    frozen.flags.writeable = False
    shifted = np.frombuffer(b"\0" + x.tobytes(), np.uint8)[1:].view(np.float32).reshape(6, 4)
    for value in (np.asfortranarray(x), x[::-1][::-1], frozen, shifted):
        np.testing.assert_array_equal(session.run({"x": value})["y"], x + 1)


def test_outputs_own_their_memory(session: Session) -> None:
    first = session.run([ramp(3)])["y"]
    kept = first.copy()
    session.run([ramp(3) + 100])
    np.testing.assert_array_equal(first, kept)
    assert first.flags.owndata and first.flags.writeable


def test_dlpack_is_taken(session: Session) -> None:
    class Foreign:
        """An array of another library: nothing but the DLPack protocol."""

        def __init__(self, array: Any) -> None:
            self.array = array

        def __dlpack__(self, **options: Any) -> Any:
            return self.array.__dlpack__(**options)

        def __dlpack_device__(self) -> tuple[int, int]:
            return self.array.__dlpack_device__()

    np.testing.assert_array_equal(session.run([Foreign(ramp(2))])["y"], ramp(2) + 1)


@pytest.mark.parametrize(
    ("feeds", "words"),
    [
        ({"z": ramp(1)}, ["z", "unknown name"]),
        ({}, ["x", "nothing"]),
        ([], ["1 arrays", "0"]),
        ([ramp(1).astype(np.float64)], ["x", "float32", "float64"]),
        ([ramp(1)[0]], ["x", "rank 2", "rank 1"]),
        ([np.zeros((2, 5), np.float32)], ["x", "4 at dim 1", "5"]),
    ],
)
def test_bad_inputs_name_the_input_and_both_sides(session: Session, feeds: Any, words: list[str]) -> None:
    with pytest.raises(BadInputError) as caught:
        session.run(feeds)
    for word in words:
        assert word in str(caught.value)


def test_concurrent_runs_do_not_mix(session: Session) -> None:
    def one(rows: int) -> bool:
        return all(np.array_equal(session.run([ramp(rows) + k])["y"], ramp(rows) + k + 1) for k in range(30))

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(one, [5, 5, 5, 5, 9, 9, 40, 40]))


def test_a_kernel_error_names_kernel_and_reason(session: Session) -> None:
    with pytest.raises(RunError, match=r"tw_add.*index is out of range"):
        session.run([ramp(101)])
