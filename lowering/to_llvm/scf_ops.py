"""`scf` to blocks and branches. Loops are rotated: one test before the loop, one at the end of its body.

Terminators are added when a construct is complete. Until then the block before it stays open, so that whatever its
inside does not depend on can still be computed there.
"""

from collections.abc import Sequence

from xdsl.dialects import llvm, scf
from xdsl.dialects.builtin import DenseArrayBase, IntegerAttr, i32
from xdsl.ir import Attribute, Block, Operation, SSAValue

from . import polynomial
from .common import icmp, known_bool
from .context import Handler, Lowering, llvm_type

_NO_SIGNED_WRAP = {"overflowFlags": IntegerAttr(1, i32)}


def _new_block(values: Sequence[SSAValue]) -> Block:
    """A block with arguments for values of the loops stage."""
    return Block(arg_types=[llvm_type(value.type) for value in values])


def _bind_all(lowering: Lowering, values: Sequence[SSAValue], arguments: Sequence[SSAValue]) -> None:
    for value, argument in zip(values, arguments, strict=True):
        lowering.bind(value, argument)


def branch(lowering: Lowering, block: Block, arguments: Sequence[SSAValue]) -> None:
    lowering.emit_op(llvm.BrOp.create(operands=arguments, successors=(block,)))


def segments(*counts: int) -> Attribute:
    return DenseArrayBase.from_list(i32, counts)


def branch_if(
    lowering: Lowering,
    cond: SSAValue,
    then_block: Block,
    then_arguments: Sequence[SSAValue],
    else_block: Block,
    else_arguments: Sequence[SSAValue],
) -> None:
    """A conditional branch; on a constant condition to the one side only, if that is the `then` side."""
    if known_bool(cond) is True:
        branch(lowering, then_block, then_arguments)
        return
    op = llvm.CondBrOp.create(
        operands=(cond, *then_arguments, *else_arguments),
        successors=(then_block, else_block),
        properties={"operandSegmentSizes": segments(1, len(then_arguments), len(else_arguments))},
    )
    lowering.emit_op(op)


def _operands(lowering: Lowering, op: Operation | None) -> list[SSAValue]:
    """The operands of a terminator, as values of the llvm dialect."""
    return [lowering.value(operand) for operand in op.operands] if op is not None else []


def _inline(lowering: Lowering, block: Block, results: Sequence[SSAValue]) -> None:
    """Lower a region that runs exactly once where it stands."""
    terminator = lowering.lower_block(block)
    for result, value in zip(results, terminator.operands if terminator is not None else (), strict=True):
        lowering.alias(result, value)


def _trip_count(lowering: Lowering, op: scf.ForOp) -> int | None:
    """How often the body runs, as far as it matters: 0, 1, 2 for at least twice, or None where it is unknown."""
    low, high, step = (lowering.polys.get(bound) for bound in op.operands[:3])
    if low is None or high is None or step is None:
        return None
    distance = polynomial.subtract(high, low)
    if distance.terms:
        return None
    if distance.constant <= 0:
        return 0
    if step.terms:
        return None
    return 1 if step.constant >= distance.constant else 2


def lower_for(lowering: Lowering, op: Operation) -> None:
    assert isinstance(op, scf.ForOp)
    body = op.body.block
    initial = op.operands[3:]
    match _trip_count(lowering, op):
        case 0:
            for result, value in zip(op.results, initial, strict=True):
                lowering.alias(result, value)
        case 1:
            for argument, value in zip(body.args, (op.operands[0], *initial), strict=True):
                lowering.alias(argument, value)
            _inline(lowering, body, op.results)
        case count:
            _lower_rotated(lowering, op, runs=count == 2)


def _lower_rotated(lowering: Lowering, op: scf.ForOp, runs: bool) -> None:
    """`if (low < high) do { body } while ((i += step) < high)`; `runs`: the first test is known to hold."""
    low, high, step, *initial = op.operands
    loop, after = _new_block(op.body.block.args), _new_block(op.results)
    entry = [lowering.value(low), *(lowering.value(value) for value in initial)]
    lowering.push(loop, is_loop=True)
    _bind_all(lowering, op.body.block.args, loop.args)
    carried = _operands(lowering, lowering.lower_block(op.body.block))
    following = lowering.emit(llvm.AddOp, (loop.args[0], lowering.value(step)), loop.args[0].type, _NO_SIGNED_WRAP)
    again = icmp(lowering, "slt", following, lowering.value(high))
    branch_if(lowering, again, loop, [following, *carried], after, carried)
    lowering.pop()
    if runs:
        branch(lowering, loop, entry)
    else:
        starts = icmp(lowering, "slt", entry[0], lowering.value(high))
        branch_if(lowering, starts, loop, entry, after, entry[1:])
    lowering.resume(after)
    _bind_all(lowering, op.results, after.args)


def lower_if(lowering: Lowering, op: Operation) -> None:
    assert isinstance(op, scf.IfOp)
    cond = lowering.value(op.operands[0])
    known = known_bool(cond)
    if known is not None:
        taken = op.true_region if known else op.false_region
        if taken.blocks:
            _inline(lowering, taken.block, op.results)
        return
    after = _new_block(op.results)
    then_block, else_block = Block(), Block() if op.false_region.blocks else after
    for region, block in ((op.true_region, then_block), (op.false_region, else_block)):
        if region.blocks:
            lowering.push(block, is_loop=False)
            branch(lowering, after, _operands(lowering, lowering.lower_block(region.block)))
            lowering.pop()
    branch_if(lowering, cond, then_block, (), else_block, ())
    lowering.resume(after)
    _bind_all(lowering, op.results, after.args)


def lower_while(lowering: Lowering, op: Operation) -> None:
    assert isinstance(op, scf.WhileOp)
    before, body = op.before_region.block, op.after_region.block
    test, loop, after = _new_block(before.args), _new_block(body.args), _new_block(op.results)
    entry = [lowering.value(value) for value in op.operands]
    lowering.push(test, is_loop=True)
    _bind_all(lowering, before.args, test.args)
    cond, *passed = _operands(lowering, lowering.lower_block(before))
    branch_if(lowering, cond, loop, passed, after, passed)
    lowering.pop()
    lowering.push(loop, is_loop=True)
    _bind_all(lowering, body.args, loop.args)
    branch(lowering, test, _operands(lowering, lowering.lower_block(body)))
    lowering.pop()
    branch(lowering, test, entry)
    lowering.resume(after)
    _bind_all(lowering, op.results, after.args)


HANDLERS: dict[str, Handler] = {
    "scf.for": lower_for,
    "scf.if": lower_if,
    "scf.while": lower_while,
}
