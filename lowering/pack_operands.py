"""`pack-operands`: give kernels their operands in the form that their schedules read.

A schedule may want an operand rearranged (a GEMM's right-hand side in panels). The rule says so by putting `kernel.unpack` behind
an argument; here the launch gets the matching `kernel.pack`. Packing a weight is a recipe over the weight store, so it
happens once, at compile time; packing a computed value becomes a kernel of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import FunctionType, ModuleOp, StringAttr
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.passes import ModulePass

from ..dialects import graph
from ..dialects.graph.attrs import WeightAttr
from ..dialects.graph.dtypes import numpy_dtype
from ..dialects.graph.types import dims_of, element_of, static_shape, tensor
from ..dialects.kernel import LaunchOp, PackingAttr, PackOp, UnpackOp
from ..passes.session import current_session
from ..passes.target_attr import target_of
from .choose_schedules import choose_schedule
from .kernel_attrs import KIND, SCHEDULE, kernels_of, launches_of, schedule_of
from .kernels import rule_of
from .packing import pack_array


@dataclass(frozen=True)
class PackOperandsPass(ModulePass):
    """Apply the packings that schedules ask for."""

    name = "pack-operands"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        launches = launches_of(op)
        packed: dict[tuple[SSAValue, PackingAttr], SSAValue] = {}
        for kernel in kernels_of(op):
            rule_of(kernel).pack(kernel, schedule_of(kernel))
            for launch in launches.get(kernel.sym_name.data, []):
                _pack_launch(kernel, launch, packed)
        _outline_packs(op)


def _pack_launch(kernel: func.FuncOp, launch: LaunchOp, packed: dict[tuple[SSAValue, PackingAttr], SSAValue]) -> None:
    for index, argument in enumerate(kernel.args):
        unpack = next((u.operation for u in argument.uses if isinstance(u.operation, UnpackOp)), None)
        if not isinstance(unpack, UnpackOp) or launch.operands[index].type == argument.type:
            continue
        value = launch.operands[index]
        key = (value, unpack.packing)
        if key not in packed:
            packed[key] = _pack(value, unpack)
        launch.operands[index] = packed[key]


def _pack(value: SSAValue, unpack: UnpackOp) -> SSAValue:
    """The packed form of `value`, defined right after it, so that it dominates every launch that may share it."""
    packed_type = unpack.source.type
    new: Operation
    owner = value.owner
    if isinstance(owner, graph.ConstantOp) and isinstance(owner.value, WeightAttr):
        new = graph.ConstantOp(_packed_weight(owner.value, unpack), packed_type)
    else:
        new = PackOp(value, unpack.packing, packed_type)
    if isinstance(owner, Operation):
        assert owner.parent is not None
        new.location = owner.location
        owner.parent.insert_op_after(new, owner)
    else:
        first = owner.first_op
        assert first is not None
        owner.insert_op_before(new, first)
    return new.results[0]


def _packed_weight(weight: WeightAttr, unpack: UnpackOp) -> WeightAttr:
    store = current_session().weights
    key = store.unique(f"{weight.key.data}:{unpack.packing.kind.data}")
    shape, dtype = static_shape(unpack.source), numpy_dtype(element_of(unpack.source))
    return store.derive(key, partial(pack_array, unpack.packing), [weight.key.data], shape, dtype)


def _outline_packs(module: ModuleOp) -> None:
    target = target_of(module)
    for counter, pack in enumerate([op for op in module.walk() if isinstance(op, PackOp)]):
        if isinstance(pack.parent_op(), func.FuncOp) and KIND in _function(pack).attributes:
            continue
        name = f"tw_pack{counter}_{pack.packing.kind.data}"
        block = Block(arg_types=[pack.source.type])
        moves = _moves(block.args[0], pack)
        block.add_ops([*moves, func.ReturnOp(moves[-1].results[0])])
        type_ = FunctionType.from_lists([pack.source.type], [pack.result.type])
        kernel = func.FuncOp(name, type_, Region(block), visibility="private")
        kernel.attributes[KIND] = StringAttr("kernel")
        kernel.attributes[SCHEDULE] = choose_schedule(kernel, target)
        module.body.block.add_op(kernel)
        launch = LaunchOp(name, [pack.source], [pack.result.type])
        launch.location = kernel.location = pack.location
        assert pack.parent is not None
        pack.parent.insert_op_before(launch, pack)
        pack.result.replace_all_uses_with(launch.results[0])
        pack.detach()
        pack.erase()


def _moves(source: SSAValue, pack: PackOp) -> list[Operation]:
    """What a kernel does that packs: panels are a rule's own work, [C, 1, kernel..] -> [kernel elements, C] is a transpose."""
    if pack.packing.kind.data != "depthwise":
        return [PackOp(source, pack.packing, pack.result.type)]
    flat = graph.ReshapeOp(source, tensor(element_of(source), dims_of(pack.result)[::-1]))
    return [flat, graph.TransposeOp(flat.result, [1, 0])]


def _function(op: Operation) -> func.FuncOp:
    parent = op.parent_op()
    assert isinstance(parent, func.FuncOp)
    return parent
