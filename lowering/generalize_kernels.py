"""`generalize-kernels`: turn the dims of kernels into runtime sizes, so that one kernel serves many shapes.

Every dim of a kernel's types becomes a symbol `d0`, `d1`, ... (equal dims become the same symbol, 1 stays 1), except that where
a reshape splits a dim, the whole becomes the product of the parts. The launch keeps the values, as `sizes`. Schedules were
chosen before from the real shapes; what stays static is what the code was specialised for: register blocks, kernel windows,
strides. Kernels that are then equal are merged by `dedupe-kernels`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import ArrayAttr, FunctionType, IntegerAttr, ModuleOp, StringAttr, TensorType, i64
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.passes import ModulePass

from ..backends.targets import TargetModel
from ..dialects import graph
from ..dialects.graph.attrs import DimAttr, DimsAttr
from ..dialects.graph.dims import DimExpr, product
from ..dialects.graph.types import Dims, dims_of, element_of, order_of, tensor
from ..dialects.kernel import LaunchOp, PackOp, UnpackOp
from ..passes.target_attr import target_of
from .cost import kernel_cost
from .kernel_attrs import COST, GRID, SCRATCH, SIZES, body_ops, kernels_of, launches_of, returned, schedule_of
from .kernels import rule_of
from .packing import packed_type
from .rules.window import is_depthwise

ONE = DimExpr.of(1)


@dataclass(frozen=True)
class GeneralizeKernelsPass(ModulePass):
    """Make kernels take their dims as sizes; sets `kernel.sizes`, `kernel.grid`, `kernel.scratch` and `kernel.cost`."""

    name = "generalize-kernels"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        launches = launches_of(op)
        target = target_of(op)
        for kernel in kernels_of(op):
            if SIZES not in kernel.attributes:
                generalize(kernel, launches.get(kernel.sym_name.data, []), target)


@dataclass
class _Sizes:
    """Which symbol or product each dim of the kernel becomes."""

    everything: bool
    factors: dict[DimExpr, Dims] = field(default_factory=dict[DimExpr, Dims])
    mapped: dict[DimExpr, DimExpr] = field(default_factory=dict[DimExpr, DimExpr])
    values: list[DimExpr] = field(default_factory=list[DimExpr])

    def resolve(self, dim: DimExpr) -> DimExpr:
        found = self.mapped.get(dim)
        if found is None:
            found = self._assign(dim)
            self.mapped[dim] = found
        return found

    def _assign(self, dim: DimExpr) -> DimExpr:
        if dim.is_static and (not self.everything or dim.value <= 1):
            return dim
        parts = self.factors.pop(dim, None)
        if parts is not None:
            return product(self.resolve(p) for p in parts)
        self.values.append(dim)
        return DimExpr.symbol(f"d{len(self.values) - 1}")


def generalize(kernel: func.FuncOp, launches: Sequence[LaunchOp], target: TargetModel) -> tuple[DimExpr, ...]:
    """Replace dims by size symbols in one kernel and record their values, which are also returned, on its launches."""
    rule, schedule = rule_of(kernel), schedule_of(kernel)
    sizes = _Sizes(rule.generalizable(kernel, schedule))
    ops = body_ops(kernel)
    for dim in _pinned(ops):
        sizes.mapped[dim] = dim
    for op in ops:
        if isinstance(op, graph.ReshapeOp):
            _note_factors(sizes.factors, dims_of(op.operands[0]), dims_of(op.results[0]))
    for op in ops:
        _generalize_properties(op, sizes)
    for value in _values(kernel, ops):
        _retype(value, sizes)
    for op in ops:
        _retype_packed(op)
    kernel.function_type = FunctionType.from_lists([a.type for a in kernel.args], [v.type for v in returned(kernel)])
    kernel.attributes[SIZES] = ArrayAttr([StringAttr(f"d{i}") for i in range(len(sizes.values))])
    kernel.attributes[GRID] = DimAttr(rule.grid(kernel, schedule, target))
    kernel.attributes[SCRATCH] = DimAttr(rule.scratch(kernel, schedule, target))
    kernel.attributes[COST] = DimAttr(kernel_cost(kernel, schedule, target))
    for launch in launches:
        launch.properties["sizes"] = DimsAttr(tuple(sizes.values))
    return tuple(sizes.values)


def _values(kernel: func.FuncOp, ops: Iterable[Operation]) -> list[SSAValue]:
    constants = (graph.ConstantOp, graph.DimsOp)
    return [*kernel.args, *(r for op in ops if not isinstance(op, constants) for r in op.results)]


def _pinned(ops: Iterable[Operation]) -> list[DimExpr]:
    """Dims that stay numbers: of inline constants, whose data says how long they are, of convolution windows and index tuples."""
    pinned: list[DimExpr] = []
    for op in ops:
        if isinstance(op, graph.ConstantOp | graph.DimsOp):
            pinned += dims_of(op.results[0])
        elif isinstance(op, graph.ConvOp | graph.ConvTransposeOp):
            pinned += dims_of(op.weight)[2:]
        elif isinstance(op, graph.GatherNdOp | graph.ScatterNdOp):
            pinned += dims_of(op.indices)[-1:]
    return pinned


def _retype(value: SSAValue, sizes: _Sizes) -> None:
    if not isinstance(value.type, TensorType):
        return
    dims = tuple(sizes.resolve(d) for d in dims_of(value))
    set_type(value, tensor(element_of(value), dims, order_of(value)))


def set_type(value: SSAValue, type_: Attribute) -> None:
    """Change the type of a value in place; what reads it must be consistent with the new type."""
    value._type = type_  # pyright: ignore[reportPrivateUsage]  # xDSL rebuilds the op to change a result type


def _retype_packed(op: Operation) -> None:
    """The packed side of a repacking follows from the logical side."""
    if isinstance(op, UnpackOp):
        set_type(op.source, packed_type(op.packing, op.result.type))
    elif isinstance(op, PackOp):
        set_type(op.result, packed_type(op.packing, op.source.type))


def _generalize_properties(op: Operation, sizes: _Sizes) -> None:
    """Symbols in attributes become sizes too; numbers there stay, code depends on them."""
    if sizes.everything and is_depthwise(op):
        op.properties["group"] = IntegerAttr(0, i64)  # as many as there are channels, a runtime size by now
    for name, attribute in op.properties.items():
        if isinstance(attribute, DimsAttr) and not all(d.is_static for d in attribute.data):
            op.properties[name] = DimsAttr(tuple(d if d.is_static else sizes.resolve(d) for d in attribute.data))
        elif isinstance(attribute, DimAttr) and not attribute.data.is_static:
            op.properties[name] = DimAttr(sizes.resolve(attribute.data))


def _note_factors(factors: dict[DimExpr, Dims], before: Dims, after: Dims) -> None:
    """Record `whole -> parts` for every dim that the reshape splits or merges."""
    for left, right in reshape_groups(before, after):
        for whole, parts in ((left, right), (right, left)):
            if len(whole) == 1 and len(parts) > 1 and whole[0] not in parts:
                factors.setdefault(whole[0], parts)


def reshape_groups(before: Dims, after: Dims) -> list[tuple[Dims, Dims]]:
    """The finest pairing of consecutive dims of equal product; dims of 1 are left out."""
    left, right = ([d for d in dims if d != ONE] for dims in (before, after))
    groups: list[tuple[Dims, Dims]] = []
    i = j = 0
    while i < len(left) and j < len(right):
        i0, j0 = i, j
        a, b = left[i], right[j]
        i, j = i + 1, j + 1
        while a != b and (i < len(left) or j < len(right)):
            if j < len(right) and (i >= len(left) or _divides(b, a)):
                b, j = b * right[j], j + 1
            else:
                a, i = a * left[i], i + 1
        groups.append((tuple(left[i0:i]), tuple(right[j0:j])))
    return groups


def _divides(part: DimExpr, whole: DimExpr) -> bool:
    if part.is_static and whole.is_static:
        return part.value < whole.value
    return (whole % part) == DimExpr.of(0)
