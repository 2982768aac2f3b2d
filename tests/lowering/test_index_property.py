"""Random loop nests over random index arithmetic, natively against Python: folding, hoisting and caching change no value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tilewright.backends.targets import host_target

from .loops_text import checked

SIZES = ("d0", "d1")
Environment = dict[str, int]
Expression = tuple[str, Callable[[Environment], int]]
"""The name of a value in the kernel, and what it is."""


def _truncated(a: int, b: int) -> int:
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


OPERATIONS: dict[str, Callable[[int, int], int]] = {
    "addi": int.__add__,
    "subi": int.__sub__,
    "muli": int.__mul__,
    "minsi": min,
    "maxsi": max,
    "divsi": _truncated,
    "remsi": lambda a, b: a - b * _truncated(a, b),
    "floordivsi": int.__floordiv__,
    "ceildivsi": lambda a, b: -(-a // b),
}
DIVISIONS = ("divsi", "remsi", "floordivsi", "ceildivsi")


@dataclass
class Program:
    """A kernel under construction; `run` collects what it would store."""

    data: st.DataObject
    lines: list[str] = field(default_factory=list[str])
    count: int = 0
    stores: int = 0

    def name(self) -> str:
        self.count += 1
        return f"v{self.count}"

    def constant(self, value: int) -> Expression:
        name = self.name()
        self.lines.append(f"%{name} = arith.constant {value} : index")
        return name, lambda env: value

    def expression(self, visible: list[str], depth: int) -> Expression:
        kind = self.data.draw(st.sampled_from(["variable", "constant", *["op"] * 2 * depth]))
        if kind == "variable":
            chosen = self.data.draw(st.sampled_from(visible))
            return chosen, lambda env: env[chosen]
        if kind == "constant":
            return self.constant(self.data.draw(st.integers(-3, 9)))
        op = self.data.draw(st.sampled_from(list(OPERATIONS)))
        left, left_value = self.expression(visible, depth - 1)
        right, right_value = self.divisor(visible) if op in DIVISIONS else self.expression(visible, depth - 1)
        name, compute = self.name(), OPERATIONS[op]
        self.lines.append(f"%{name} = arith.{op} %{left}, %{right} : index")
        return name, lambda env: compute(left_value(env), right_value(env))

    def divisor(self, visible: list[str]) -> Expression:
        """A constant, or a size, which is never 0."""
        if self.data.draw(st.booleans()):
            return self.constant(self.data.draw(st.sampled_from([-3, -1, 1, 2, 4, 7])))
        chosen = self.data.draw(st.sampled_from(SIZES))
        return chosen, lambda env: env[chosen]

    def block(self, visible: list[str], depth: int) -> Callable[[Environment, list[int]], None]:
        parts = [self.statement(visible, depth) for _ in range(self.data.draw(st.integers(1, 3)))]

        def run(env: Environment, out: list[int]) -> None:
            for part in parts:
                part(env, out)

        return run

    def statement(self, visible: list[str], depth: int) -> Callable[[Environment, list[int]], None]:
        kind = self.data.draw(st.sampled_from(["store", *["for", "for", "if"] * (depth > 0)]))
        return getattr(self, f"_{kind}")(visible, depth)

    def _store(self, visible: list[str], depth: int) -> Callable[[Environment, list[int]], None]:
        """Append the value to the output, at the place counted in its last element."""
        name, value = self.expression(visible, 3)
        at, new, stored = self.name(), self.name(), self.name()
        self.lines += [
            f"%{at}_i = memref.load %y[%last] : memref<?xi64>",
            f"%{at} = arith.index_cast %{at}_i : i64 to index",
            f"%{stored} = arith.index_cast %{name} : index to i64",
            f"memref.store %{stored}, %y[%{at}] : memref<?xi64>",
            f"%{new} = arith.addi %{at}_i, %one : i64",
            f"memref.store %{new}, %y[%last] : memref<?xi64>",
        ]
        return lambda env, out: out.append(value(env))

    def _for(self, visible: list[str], depth: int) -> Callable[[Environment, list[int]], None]:
        low, low_value = self.expression(visible, 1)
        trips = self.constant(self.data.draw(st.integers(0, 4)))[0]
        size = self.data.draw(st.sampled_from(SIZES))
        high, span = self.name(), self.name()
        short, short_value = self.data.draw(st.sampled_from([(trips, self.lines[-1]), (size, "")]))
        self.lines += [f"%{span} = arith.minsi %{short}, %four : index", f"%{high} = arith.addi %{low}, %{span} : index"]
        step = self.data.draw(st.integers(1, 2))
        counter, step_name = self.name(), self.constant(step)[0]
        self.lines.append(f"scf.for %{counter} = %{low} to %{high} step %{step_name} {{")
        body = self.block([*visible, counter], depth - 1)
        self.lines.append("}")
        known = int(short_value.split("constant ")[1].split(" ")[0]) if short_value else None

        def run(env: Environment, out: list[int]) -> None:
            start = low_value(env)
            for i in range(start, start + min(env[size] if known is None else known, 4), step):
                body(env | {counter: i}, out)

        return run

    def _if(self, visible: list[str], depth: int) -> Callable[[Environment, list[int]], None]:
        left, left_value = self.expression(visible, 1)
        right, right_value = self.expression(visible, 1)
        cond = self.name()
        self.lines += [f"%{cond} = arith.cmpi slt, %{left}, %{right} : index", f"scf.if %{cond} {{"]
        then_run = self.block(visible, depth - 1)
        self.lines.append("} else {")
        else_run = self.block(visible, depth - 1)
        self.lines.append("}")

        def run(env: Environment, out: list[int]) -> None:
            (then_run if left_value(env) < right_value(env) else else_run)(env, out)

        return run


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_random_loop_nests(data: st.DataObject) -> None:
    program = Program(data)
    run = program.block([*SIZES, "lo"], 3)
    head = "%one = arith.constant 1 : i64\n%four = arith.constant 4 : index\n%last = arith.subi %size, %c1 : index\n"
    k = checked("%y: memref<?xi64>, %size: index, %d0: index, %d1: index", head + "\n".join(program.lines), host_target())
    sizes = {name: data.draw(st.sampled_from([1, 2, 3, 5, -2])) for name in SIZES}
    expected: list[int] = []
    run({**sizes, "lo": 2}, expected)
    y = np.zeros(len(expected) + 1, np.int64)
    k([y], [y.size, *sizes.values()], 2, 3)
    wrapped = [(v + 2**63) % 2**64 - 2**63 for v in expected]
    assert y.tolist() == [*wrapped, len(expected)]
