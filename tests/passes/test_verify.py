"""Definitions before uses, where the parser can't get the IR wrong: inside and across regions."""

import itertools

import pytest
from xdsl.dialects import arith, scf
from xdsl.dialects.builtin import ModuleOp, i1
from xdsl.ir import Block, Region
from xdsl.utils.exceptions import VerifyException

from tilewright.passes.verify import check_dominance, verify_module


def test_a_use_inside_a_region_sees_what_is_before_the_region() -> None:
    value = arith.ConstantOp.from_int_and_width(1, 32)
    condition = arith.ConstantOp.from_int_and_width(1, i1)
    branch = scf.IfOp(condition, [], [arith.AddiOp(value, value), scf.YieldOp()])
    verify_module(ModuleOp([value, condition, branch]))


def test_a_use_after_a_region_does_not_see_what_is_in_it() -> None:
    condition = arith.ConstantOp.from_int_and_width(1, i1)
    inner = arith.ConstantOp.from_int_and_width(1, 32)
    branch = scf.IfOp(condition, [], [inner, scf.YieldOp()])
    with pytest.raises(VerifyException, match="operand 0 is not defined before this use"):
        check_dominance(ModuleOp([condition, branch, arith.AddiOp(inner, inner)]))


def test_a_use_inside_a_region_before_the_definition() -> None:
    condition = arith.ConstantOp.from_int_and_width(1, i1)
    late = arith.ConstantOp.from_int_and_width(1, 32)
    branch = scf.IfOp(condition, [], [arith.AddiOp(late, late), scf.YieldOp()])
    with pytest.raises(VerifyException, match="operand 0 is not defined before this use"):
        check_dominance(ModuleOp([condition, branch, late]))


def test_isolated_ops_see_nothing_outside() -> None:
    outside = arith.ConstantOp.from_int_and_width(1, 32)
    inside = ModuleOp(Region(Block([arith.AddiOp(outside, outside)])))
    with pytest.raises(VerifyException, match="operand 0 is not defined before this use"):
        check_dominance(ModuleOp([outside, inside]))


def test_a_long_chain_of_blocks_is_no_deep_recursion() -> None:
    from xdsl.dialects import cf, func

    blocks = [Block() for _ in range(3000)]
    for block, following in itertools.pairwise(blocks):
        block.add_op(cf.BranchOp(following))
    blocks[-1].add_op(func.ReturnOp())
    check_dominance(ModuleOp([func.FuncOp("f", ((), ()), Region(blocks))]))
