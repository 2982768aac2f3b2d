"""`vector.maskedload` and `vector.maskedstore`: one instruction where the target has them.

Elsewhere LLVM makes a branch for every lane. Where the mask is that of a ragged end, the first lanes of so many, there is one
branch here: a whole vector is moved as such; of a part the lanes are moved one by one, those that are off from and to a word on
the stack.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from xdsl.dialects import llvm, vector
from xdsl.ir import Attribute, Block, Operation, SSAValue

from ...dialects import llvm_ext
from ...dialects.narrowing import is_vector
from .addressing import element_pointer, step
from .common import bits_of, icmp, select
from .context import Handler, Lowering, llvm_type
from .memref_ops import alignment, load, store
from .polynomial import Poly
from .scf_ops import branch, branch_if
from .vector_ops import contiguous


def lower_masked_load(lowering: Lowering, op: Operation) -> None:
    source, *indices, mask, pass_thru = op.operands
    contiguous(lowering, op, source)
    address, view = element_pointer(lowering, source, indices)
    kind = llvm_type(op.results[0].type)
    operands = (address, lowering.value(mask), lowering.value(pass_thru))
    count = _first_lanes(lowering, mask, view.element)
    if count is None:
        properties = {"alignment": alignment(view.element)}
        lowering.values[op.results[0]] = lowering.emit(llvm_ext.MaskedLoadOp, operands, kind, properties)
        return

    def whole() -> list[SSAValue]:
        return [load(lowering, address, view.element, kind)]

    def part() -> list[SSAValue]:
        places, value = _places(lowering, address, view.element, count, _length(kind)), operands[2]
        for lane, place in enumerate(places):
            scalar = load(lowering, place, view.element, view.element)
            value = lowering.emit(llvm.InsertElementOp, (value, scalar, lowering.integer(lane)), kind)
        return [select(lowering, operands[1], value, operands[2])]

    (lowering.values[op.results[0]],) = _either(lowering, count, _length(kind), [kind], whole, part)


def lower_masked_store(lowering: Lowering, op: Operation) -> None:
    target, *indices, mask, stored = op.operands
    contiguous(lowering, op, target)
    address, view = element_pointer(lowering, target, indices)
    value = lowering.value(stored)
    if _is_first_lane(lowering, mask):
        # LLVM 22 makes one store of a truncation and a mask of one known lane, as wide as what was truncated: past the end.
        store(
            lowering, lowering.emit(llvm_ext.ExtractElementOp, (value, lowering.integer(0)), view.element), address, view.element
        )
        return
    count = _first_lanes(lowering, mask, view.element)
    if count is None:
        properties = {"alignment": alignment(view.element)}
        lowering.emit_op(llvm_ext.MaskedStoreOp.create(operands=(value, address, lowering.value(mask)), properties=properties))
        return

    def whole() -> list[SSAValue]:
        store(lowering, value, address, view.element)
        return []

    def part() -> list[SSAValue]:
        for lane, place in enumerate(_places(lowering, address, view.element, count, _length(value.type))):
            scalar = lowering.emit(llvm_ext.ExtractElementOp, (value, lowering.integer(lane)), view.element)
            store(lowering, scalar, place, view.element)
        return []

    _either(lowering, count, _length(value.type), [], whole, part)


def _length(type: Attribute) -> int:
    assert is_vector(type)
    return type.get_shape()[0]


def _is_first_lane(lowering: Lowering, mask: SSAValue) -> bool:
    """Whether it is known that the first lane of a ragged end is on, and no other."""
    count = lowering.polys.get(mask.owner.operands[0]) if isinstance(mask.owner, vector.CreateMaskOp) else None
    return count is not None and not count.terms and count.constant == 1


def _first_lanes(lowering: Lowering, mask: SSAValue, element: Attribute) -> Poly | None:
    """How many lanes of a ragged end are on, where the target has no masked move for it; else None."""
    if lowering.target.can_mask(bits_of(element)) or not isinstance(mask.owner, vector.CreateMaskOp):
        return None
    return lowering.polys[mask.owner.operands[0]]


def _places(lowering: Lowering, address: SSAValue, element: Attribute, count: Poly, lanes: int) -> list[SSAValue]:
    """The address of each lane; that of a word on the stack for a lane that is off."""
    aside = _aside(lowering, element)
    places = [step(lowering, address, element, lane) if lane else address for lane in range(lanes)]
    if not count.terms:
        return [place if lane < count.constant else aside for lane, place in enumerate(places)]
    limit = lowering.materialise(count)
    on = [icmp(lowering, "sgt", limit, lowering.integer(lane)) for lane in range(lanes)]
    return [select(lowering, each, place, aside) for each, place in zip(on, places, strict=True)]


def _aside(lowering: Lowering, element: Attribute) -> SSAValue:
    """A word on the stack for what is not wanted, one a function and type."""
    known = lowering.scopes[0].cache
    if ("aside", element) not in known:
        known["aside", element] = lowering.allocate(element, 1, alignment(element))
    return known["aside", element]


def _either(
    lowering: Lowering,
    count: Poly,
    lanes: int,
    results: Sequence[Attribute],
    whole: Callable[[], list[SSAValue]],
    part: Callable[[], list[SSAValue]],
) -> Sequence[SSAValue]:
    """The values of `whole` where all lanes are on, else of `part`."""
    if not count.terms:
        return whole() if count.constant >= lanes else part()
    after, blocks = Block(arg_types=results), (Block(), Block())
    for block, body in zip(blocks, (whole, part), strict=True):
        lowering.push(block, is_loop=False)
        branch(lowering, after, body())
        lowering.pop()
    all_on = icmp(lowering, "sge", lowering.materialise(count), lowering.integer(lanes))
    branch_if(lowering, all_on, blocks[0], (), blocks[1], ())
    lowering.resume(after)
    return after.args


HANDLERS: dict[str, Handler] = {"vector.maskedload": lower_masked_load, "vector.maskedstore": lower_masked_store}
