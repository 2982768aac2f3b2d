"""The rewrite driver: dispatch, worklist, dead ops, locations, limits."""

from __future__ import annotations

import time
from typing import Any

import pytest
from xdsl.dialects.builtin import ModuleOp, f32
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue

from tilewright.dialects.graph.base import GraphOp
from tilewright.dialects.graph.elementwise import AbsOp, AddOp, BinaryOp, ExpOp, IdentityOp, MulOp, NegOp, ReluOp, UnaryOp
from tilewright.dialects.graph.location import location_of, set_location
from tilewright.dialects.graph.types import tensor
from tilewright.errors import CompileError
from tilewright.passes.driver import Pattern, Rewriter, producer, rewrite
from tilewright.passes.session import CompileSession, RewriteCount

T = tensor(f32, [4])


def build(*names: str, kinds: dict[str, type[UnaryOp]] | None = None, source: Attribute = T) -> tuple[ModuleOp, Block]:
    """A module of one function: a chain of unary ops, each located by its own name and position."""
    table = {"neg": NegOp, "abs": AbsOp, "relu": ReluOp, "exp": ExpOp, "identity": IdentityOp} | (kinds or {})
    block = Block(arg_types=[source])
    value: SSAValue = block.args[0]
    for i, name in enumerate(names):
        op = table[name](value)
        set_location(op, [f"{name}{i}"])
        block.add_op(op)
        value = op.results[0]
    block.add_op(ReturnOp(value))
    function = FuncOp("main", ([source], [value.type]), Region(block))
    return ModuleOp([function]), block


def names_of(block: Block) -> list[str]:
    return [op.name.removeprefix("graph.") for op in block.ops]


class DropDoubleNegation(Pattern[NegOp]):
    """neg(neg(x)) -> x"""

    def rewrite(self, op: NegOp, rewriter: Rewriter) -> bool:
        inner = producer(op.x, NegOp)
        if inner is None:
            return False
        rewriter.replace(op, inner.x)
        return True


class NegToAbs(Pattern[NegOp]):
    def rewrite(self, op: NegOp, rewriter: Rewriter) -> bool:
        rewriter.replace(op, AbsOp(op.x))
        return True


class AbsToNeg(Pattern[AbsOp]):
    def rewrite(self, op: AbsOp, rewriter: Rewriter) -> bool:
        rewriter.replace(op, NegOp(op.x))
        return True


class FuseReluOfAbs(Pattern[ReluOp]):
    """relu(abs(x)) -> abs(x)"""

    def rewrite(self, op: ReluOp, rewriter: Rewriter) -> bool:
        inner = producer(op.x, AbsOp)
        if inner is None:
            return False
        rewriter.replace(op, AbsOp(inner.x))
        return True


def run(module: ModuleOp, *patterns: Pattern[Any], session: CompileSession | None = None) -> int:
    return rewrite(module, patterns, "test", session or CompileSession())


def test_chains_collapse_to_the_last_rewrite() -> None:
    module, block = build(*["neg"] * 7, "exp")
    assert run(module, DropDoubleNegation()) == 3
    assert names_of(block) == ["neg", "exp", "func.return"]
    module.verify()


def test_dead_ops_go_without_a_pattern() -> None:
    module, block = build("neg")
    dead = [NegOp(block.args[0])]
    dead.append(NegOp(dead[0]))
    block.insert_ops_before(dead, block.first_op)  # pyright: ignore[reportArgumentType]  # not empty
    assert run(module) == 0
    assert names_of(block) == ["neg", "func.return"]


def test_locations_of_all_replaced_ops_go_to_the_replacement() -> None:
    module, block = build("abs", "relu", "exp")
    run(module, FuseReluOfAbs())
    fused, exp, _ = block.ops
    assert location_of(fused) == ("abs0", "relu1")
    assert location_of(exp) == ("exp2",)


def test_a_producer_that_lives_on_keeps_its_location_to_itself() -> None:
    module, block = build("abs", "relu")
    first, relu, last = block.ops
    block.insert_op_before(both := AddOp(first, relu), last)
    last.operands[0] = both.result
    run(module, FuseReluOfAbs())
    assert [location_of(op) for op in block.ops] == [("abs0",), ("relu1",), (), ()]


def test_patterns_that_undo_each_other_are_named() -> None:
    module, _ = build("neg")
    with pytest.raises(CompileError, match=r"rewriting does not end.*(NegToAbs.*AbsToNeg|AbsToNeg.*NegToAbs)"):
        run(module, NegToAbs(), AbsToNeg())


def test_rewrite_limit_stops_and_says_where() -> None:
    session = CompileSession(rewrites=RewriteCount(limit=2))
    module, block = build("neg", "exp", "neg", "exp", "neg")
    assert run(module, NegToAbs(), session=session) == 2
    assert names_of(block) == ["abs", "exp", "abs", "exp", "neg", "func.return"]
    assert session.rewrites.last == "2: test/NegToAbs graph.neg neg2"
    assert run(module, NegToAbs(), session=session) == 0


def test_rewrites_are_counted_by_pattern() -> None:
    session = CompileSession()
    module, _ = build("neg", "exp", "neg")
    run(module, NegToAbs(), session=session)
    assert session.rewrites.by_pattern == {("test", "NegToAbs"): 2}
    assert "2 test/NegToAbs" in session.rewrites.table()


def test_the_higher_benefit_goes_first_then_the_list_order() -> None:
    class Sooner(DropDoubleNegation):
        benefit = 2

        def rewrite(self, op: NegOp, rewriter: Rewriter) -> bool:
            rewriter.replace(op, ExpOp(op.x))
            return True

    module, block = build("neg", "neg")
    run(module, NegToAbs(), Sooner())
    assert names_of(block) == ["exp", "exp", "func.return"]


def test_roots_may_be_base_classes_and_unions() -> None:
    class OnBase(Pattern[BinaryOp]):
        def rewrite(self, op: BinaryOp, rewriter: Rewriter) -> bool:
            return False

    class OnUnion(Pattern[NegOp | AbsOp]):
        def rewrite(self, op: NegOp | AbsOp, rewriter: Rewriter) -> bool:
            rewriter.replace(op, ExpOp(op.x))
            return True

    assert OnBase.roots == (BinaryOp,)
    assert OnUnion.roots == (NegOp, AbsOp)
    module, block = build("neg", "abs", "relu")
    assert run(module, OnUnion(), OnBase()) == 2
    assert names_of(block) == ["exp", "exp", "relu", "func.return"]


def test_a_pattern_that_misreports_is_an_error() -> None:
    class Silent(Pattern[NegOp]):
        def rewrite(self, op: NegOp, rewriter: Rewriter) -> bool:
            rewriter.replace(op, AbsOp(op.x))
            return False

    class Boasting(Pattern[NegOp]):
        def rewrite(self, op: NegOp, rewriter: Rewriter) -> bool:
            return True

    for pattern, text in ((Silent(), "changed IR but returned False"), (Boasting(), "changed nothing")):
        with pytest.raises(CompileError, match=text):
            run(build("neg")[0], pattern)


def test_a_replacement_of_another_type_is_an_error() -> None:
    other = tensor(f32, [5])

    class Wrong(Pattern[NegOp]):
        def rewrite(self, op: NegOp, rewriter: Rewriter) -> bool:
            rewriter.replace(op, AbsOp(op.x, other))
            return True

    with pytest.raises(CompileError, match="replacing a value of type"):
        run(build("neg")[0], Wrong())


def test_function_types_follow_more_specific_results() -> None:
    class Refine(Pattern[NegOp]):
        def rewrite(self, op: NegOp, rewriter: Rewriter) -> bool:
            rewriter.replace(op, AbsOp(op.x, T))
            return True

    module, block = build("neg", source=tensor(f32, ["n"]))
    run(module, Refine())
    function = block.parent_op()
    assert isinstance(function, FuncOp)
    assert list(function.function_type.outputs) == [T]


def test_set_operand_revisits_the_user_and_sweeps_the_old_producer() -> None:
    class SkipIdentity(Pattern[GraphOp]):
        def rewrite(self, op: GraphOp, rewriter: Rewriter) -> bool:
            inner = producer(op.operands[0], IdentityOp)
            if inner is None:
                return False
            rewriter.set_operand(op, 0, inner.x)
            return True

    module, block = build("identity", "identity", "neg")
    run(module, SkipIdentity())
    assert names_of(block) == ["neg", "func.return"]
    assert set(location_of(block.first_op or module)) == {"identity0", "identity1", "neg2"}


def test_ops_that_match_nothing_are_cheap() -> None:
    """A bound ten times the measured cost, so that a busy machine passes."""
    module, block = build(*["exp", "abs"] * 1000)
    ops: list[Operation] = list(block.ops)
    started = time.perf_counter()
    run(module, DropDoubleNegation(), FuseReluOfAbs(), *[NeverMulOp() for _ in range(50)])
    assert (time.perf_counter() - started) / len(ops) < 50e-6


class NeverMulOp(Pattern[MulOp]):
    def rewrite(self, op: MulOp, rewriter: Rewriter) -> bool:
        return False
