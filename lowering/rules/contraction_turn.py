"""Products of a matrix and a column: the same sums with the sides changed, so that the result's elements lie in lanes.

With one column a register block of `mr` rows would use one lane of each vector. The rows of the matrix become columns instead:
panels of them are transposed into scratch, and the column is the one row that they are multiplied with. Every sum is the same
chain of multiply-adds over the depth.
"""

from __future__ import annotations

from dataclasses import replace

from ...dialects import graph
from ..strided import ONE
from .contraction_problem import Access, Lhs, Problem, Rhs

LEAST_DEPTH = 16
"""A panel of fewer adjacent elements a row is gathered one by one, which gains nothing."""


def turned(problem: Problem) -> Problem:
    """The problem, with its sides changed where that puts a single column's elements into lanes."""
    if not _turns(problem):
        return problem
    lhs, rhs = problem.lhs, problem.rhs
    return replace(
        problem,
        rows=(),
        columns=problem.rows[0],
        lhs=Lhs(rhs.value, rhs.offset, rhs.batch, (), (), lhs.run, rhs.depth),
        rhs=Rhs(lhs.value, lhs.offset, lhs.batch, lhs.run_step, lhs.rows[0]),
        inputs={value: _turned(access) for value, access in problem.inputs.items()},
        out=_turned(problem.out),
    )


def _turns(problem: Problem) -> bool:
    lhs, rows = problem.lhs, problem.rows
    if not isinstance(problem.anchor, graph.MatmulOp) or problem.columns != ONE or problem.rhs.nr or len(rows) != 1:
        return False
    accesses = (problem.out, *problem.inputs.values())
    adjacent = lhs.rows == (ONE,) or (lhs.run_step == ONE and lhs.run.is_static and lhs.run.value >= LEAST_DEPTH)
    return lhs.extents == rows and adjacent and all(access.rows[0].is_static and access.rows[0].value <= 1 for access in accesses)


def _turned(access: Access) -> Access:
    return replace(access, rows=(), column=access.rows[0])
